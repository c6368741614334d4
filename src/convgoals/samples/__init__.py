"""The shipped sample: real shopping, and goals over it; ``README.md`` beside this file says where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from convgoals.records import Fact
from convgoals.sources import load_sources, read_facts

GOALS = Path(__file__).parent / "goals.toml"
"""The sample goals, for `load_goals`."""


def facts() -> Iterator[Fact]:
    """All facts of the sample, source by source."""
    for source in load_sources(GOALS).values():
        if source.file is not None:
            yield from read_facts(source.file, source)
