"""The public names: what ``import convgoals`` gives."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import convgoals


@pytest.mark.parametrize("name", convgoals.__all__)
def test_public_names_resolve(name: str) -> None:
    """Each public name is a class or function of that very name, from a room of the package."""
    value = getattr(convgoals, name)
    assert inspect.isclass(value) or inspect.isfunction(value)
    assert value.__name__ == name
    assert value.__module__.startswith("convgoals.")
    assert getattr(convgoals, name) is value  # asked again, it is the same


@pytest.mark.parametrize("name", convgoals.__all__)
def test_public_names_have_docstrings(name: str) -> None:
    """Each public name says what it is, in a sentence of its own."""
    doc = getattr(convgoals, name).__doc__
    assert doc is not None
    assert doc.strip().split("\n\n")[0].rstrip().endswith((".", ":"))


@pytest.mark.parametrize(
    ("name", "method"),
    [
        (name, method)
        for name in convgoals.__all__
        if inspect.isclass(getattr(convgoals, name))
        for method, value in vars(getattr(convgoals, name)).items()
        if not method.startswith("_") and (inspect.isfunction(value) or isinstance(value, classmethod))
    ],
)
def test_public_methods_have_docstrings(name: str, method: str) -> None:
    """Each public method of a public class says what it does."""
    assert (getattr(getattr(convgoals, name), method).__doc__ or "").strip()


def test_public_names_are_sorted() -> None:
    """The list of public names is sorted, and names nothing twice."""
    assert convgoals.__all__ == sorted(set(convgoals.__all__))


def test_dir_lists_public_names() -> None:
    """``dir`` knows the names that have not been asked for yet, so that completion offers them."""
    assert set(convgoals.__all__) <= set(dir(convgoals))
    assert dir(convgoals) == sorted(dir(convgoals))


@pytest.mark.parametrize("name", ["nothing", "goalengine", "Span", "__path_of_nothing__"])
def test_unknown_names_are_told(name: str) -> None:
    """A name that is not public raises AttributeError and says so, and is not listed."""
    with pytest.raises(AttributeError, match=f"^module 'convgoals' has no attribute '{name}'$"):
        getattr(convgoals, name)
    assert name not in dir(convgoals)


def test_star_import_gives_the_public_names() -> None:
    """``from convgoals import *`` gives the public names and nothing else."""
    names: dict[str, object] = {}
    exec("from convgoals import *", names)  # noqa: S102  a star is allowed in a module only
    assert sorted(names.keys() - {"__builtins__"}) == convgoals.__all__


def test_type_checkers_see_the_public_names() -> None:
    """What is imported for type checkers is what is loaded at run time, name for name and from the same module."""
    tree = ast.parse(Path(str(convgoals.__file__)).read_text(encoding="utf-8"))
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.name: node.module for node in guarded.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert sorted(seen) == convgoals.__all__
    for name, module in seen.items():
        assert getattr(convgoals, name).__module__ == module
