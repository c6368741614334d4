"""Files of facts, as streams: CSV, NDJSON, Segment calls and Parquet.

The names below are looked up when they are first used: the engine needs only the smallest of the modules, and who works
without files shall not wait for the rest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convgoals.sources.options import Source, load_sources, read_sources
    from convgoals.sources.reader import FactReader, read_facts
    from convgoals.sources.rejects import Rejected, RejectsFile
    from convgoals.sources.segment import fact_from_dict, fact_to_dict

__all__ = [
    "FactReader",
    "Rejected",
    "RejectsFile",
    "Source",
    "fact_from_dict",
    "fact_to_dict",
    "load_sources",
    "read_facts",
    "read_sources",
]

_HOMES = {
    "FactReader": "reader",
    "Rejected": "rejects",
    "RejectsFile": "rejects",
    "Source": "options",
    "fact_from_dict": "segment",
    "fact_to_dict": "segment",
    "load_sources": "options",
    "read_facts": "reader",
    "read_sources": "options",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
