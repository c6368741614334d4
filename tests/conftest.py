"""What all rooms of tests share: how Hypothesis searches."""

from __future__ import annotations

import os

from hypothesis import settings

# A slow machine is no failure. In CI the same examples are tried each time, so that a red run is the change's.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=20)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default"))
