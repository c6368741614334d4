"""``python -m convgoals``."""

from __future__ import annotations

import sys

from convgoals.cli import main

if __name__ == "__main__":
    sys.exit(main())
