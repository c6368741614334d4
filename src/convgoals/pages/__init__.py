"""Pages to send around: the HTML report, one file with everything in it, which needs no network and runs no script."""

from __future__ import annotations

from convgoals.pages.report_page import report_page

__all__ = ["report_page"]
