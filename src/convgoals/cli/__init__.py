"""The command line: ``convgoals``. It draws what the rooms below answer; only here the clock is read."""

from __future__ import annotations

from convgoals.cli.main import main

__all__ = ["main"]
