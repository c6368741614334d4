"""The linter: goals that are right and yet will disappoint, each finding with a stable code, a reason and a repair."""

from __future__ import annotations

from convgoals.lint.findings import Finding, render_text, to_json
from convgoals.lint.linter import Settings, lint, lint_document, read_settings
from convgoals.lint.rules import RULES, Rule

__all__ = ["RULES", "Finding", "Rule", "Settings", "lint", "lint_document", "read_settings", "render_text", "to_json"]
