"""The exit codes: what a script or a CI job can rely on. They are documented in ``docs/cli.md``."""

from __future__ import annotations

OK = 0
"""All is well."""

FINDINGS = 1
"""The command ran and found what CI asks about: problems, unformatted goals, lint, rejected rows under ``--strict``."""

BAD_INPUT = 2
"""The command line, a goal or a file is wrong."""

STORE_TROUBLE = 3
"""The store cannot be opened, read or written."""

INTERRUPTED = 130
"""Ctrl-C, as shells report it."""

BROKEN_PIPE = 141
"""Whatever read the output went away, as ``head`` does; as shells report it."""
