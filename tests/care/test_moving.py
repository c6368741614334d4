"""A whole store is moved as lines: byte for byte the same wherever it comes to, or not moved at all."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convgoals import Event, Goal, GoalEngine
from convgoals.care.exporting import export_store
from convgoals.care.importing import import_store
from convgoals.care.lines import end_line
from convgoals.errors import ConvgoalsError, FactError, SourceError, StoreBusyError, StoreError
from convgoals.instants import to_datetime
from convgoals.records import ProfileUpdate, Retraction
from convgoals.storage.base import Batch, SavedGoal, Store
from convgoals.storage.memory import MemoryStore
from convgoals.storage.open import open_store
from convgoals.storage.sqlite import SQLiteStore
from convgoals.testing import logs
from convgoals.testing.store_model import StoreModel, assert_agrees, batches
from convgoals.testing.store_samples import EXACT, completion, event, exactly, kept, recorded
from storage.stories import batch

if TYPE_CHECKING:
    from postgres_server import Server

KINDS: dict[str, Callable[[], Store]] = {"memory": MemoryStore, "sqlite": SQLiteStore}


def exported(store: Store) -> bytes:
    return b"".join(export_store(store))


def moved(data: bytes, kind: str) -> Store:
    store = KINDS[kind]()
    assert import_store(io.BytesIO(data), store) == data.count(b"\n")
    return store


def sealed(lines: list[str]) -> bytes:
    """Lines with the end that belongs to them."""
    body = "".join(f"{line}\n" for line in lines).encode()
    return body + f"{end_line(len(lines), hashlib.sha256(body).hexdigest())}\n".encode()


def profile(facts: str = "[]", **more: str) -> str:
    """The line of a profile, some of its parts as they are given."""
    parts = {"name": '"p"', "until": "1", "wake": "null", "state": "null", "facts": facts, "scoped": "{}"}
    written = ",".join(f'"{name}":{part}' for name, part in (parts | {"receipts": "[]"} | more).items())
    return "{" + written.replace('"name"', '"profile"', 1) + "}"


@pytest.fixture
def story() -> bytes:
    """The export of a store with something of everything in it."""
    with closing(SQLiteStore()) as store:
        for number in range(12):
            store.commit(batch(number))
        store.forget("p3")
        return exported(store)


# ---- there and back


@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_any_story(data: Any) -> None:
    """Whatever a store has been through, its export fills any other store, which says the same and exports the same."""
    model, stores = StoreModel(), [make() for make in KINDS.values()]
    both: list[Any] = [*stores, model]
    for _ in range(data.draw(st.integers(0, 6), label="steps")):
        step = data.draw(batches(model), label="batch")
        forgotten = data.draw(st.sampled_from((None, None, None, "p", "ü")), label="forgotten")
        for each in both:
            each.commit(step)
            if forgotten is not None:
                each.forget(forgotten)
    exports = {exported(store) for store in stores}
    assert len(exports) == 1
    for kind in KINDS:
        with closing(moved(min(exports), kind)) as store:
            assert_agrees(store, model)
            assert exported(store) == min(exports)


def test_values() -> None:
    """Every value that a store keeps comes through exactly, in facts, in goals, positions and the ledger."""
    facts = [
        ProfileUpdate("p", to_datetime(number), {"x": value}, None, f"{number:03}")
        for number, value in enumerate(EXACT)
    ]
    numbers = [
        each for each in EXACT if isinstance(each, (int, float)) and not isinstance(each, bool) and abs(each) < 1e300
    ]
    with closing(MemoryStore()) as store:
        store.commit(Batch(profiles={"p": kept(*facts)}, positions={"ü\0": 10**1_000, "b": -1, "a": "x" * 2_000}))
        store.commit(recorded(*(completion(value=value, segments=("", "ü")) for value in numbers)))
        store.commit(
            Batch(
                goals=(SavedGoal(Goal("ü", "event a", value="x.y", tags=("t",), since="2026-01-31"), 3, archived=True),)
            )
        )
        data = exported(store)
        assert data.count(b"\n") == len(numbers) + 7
    with closing(moved(data, "sqlite")) as store:
        assert exported(store) == data
        assert [exactly(fact) for fact in store.load(["p"])["p"].facts] == [exactly(fact) for fact in facts]


@given(logs.logs("p"), logs.logs("q"), st.booleans())
@settings(max_examples=15, deadline=None)
def test_an_engine_goes_on(first: list[Any], second: list[Any], merged: bool) -> None:
    """An engine over a moved store goes on as the one that was left behind."""
    goals = [Goal("g", "event a"), Goal("h", "event a not followed within 1 day by event b", count="every")]
    left, store = GoalEngine(goals, keep="all"), MemoryStore()
    here = GoalEngine(goals, keep="all", store=store)
    for engine in (left, here):
        engine.process(first)
        if merged:
            engine.merge("x", "p")
    with GoalEngine(store=moved(exported(store), "sqlite"), keep="all") as engine:
        now = logs.START + timedelta(days=3)
        assert engine.process(second) == left.process(second)
        assert engine.process(first) == left.process(first)
        assert engine.advance(now) == left.advance(now)
        assert list(engine.history(include_retracted=True)) == list(left.history(include_retracted=True))
        assert (engine.goals(), engine.checkpoint()) == (left.goals(), left.checkpoint())


def test_through_postgres(postgres: Server, story: bytes, tmp_path: Path) -> None:
    """A store goes to PostgreSQL and back as the same bytes; a damaged export leaves nothing there."""
    with closing(open_store(postgres.store_url(tmp_path))) as store:
        lines = story.decode().splitlines()[:-1]
        wrong = [
            *lines[:-2],
            '{"retraction":["g",1,"p",0,0,null,null,[],null,1],"recorded":1,"cause":null}',
            *lines[-2:],
        ]
        assert refused(sealed(wrong), store).code == "export-damaged"
        assert exported(store) == exported(MemoryStore())
        import_store(io.BytesIO(story), store)
        assert exported(store) == story
        assert list(store.damage()) == []
        with closing(moved(exported(store), "sqlite")) as back:
            assert exported(back) == story
        assert refused(story, store).code == "store-not-empty"


def test_many(tmp_path: Path) -> None:
    """More records than fit one batch are moved too, and progress is told."""
    names = [f"p{number:05}" for number in range(2_500)]
    told: list[int] = []
    with closing(SQLiteStore(tmp_path / "one.db")) as store:
        store.commit(Batch(profiles={name: kept(event(name, x="ü")) for name in names}))
        store.commit(recorded(*(completion(name) for name in names)))
        store.commit(recorded(*(Retraction(completion(name), to_datetime(1)) for name in names)))
        data = exported(store)
    with closing(SQLiteStore(tmp_path / "two.db")) as store:
        import_store(io.BytesIO(data), store, on_progress=told.append)
    with closing(SQLiteStore(tmp_path / "two.db")) as store:
        assert exported(store) == data
        assert list(store.damage()) == []
    assert told == sorted(told) != []


def test_others_wait(tmp_path: Path) -> None:
    """Nobody writes while a store is exported, and once it is, or nobody wants the rest, they do."""
    with (
        closing(SQLiteStore(tmp_path / "a.db")) as store,
        closing(SQLiteStore(tmp_path / "a.db", busy_timeout=0)) as other,
    ):
        lines = export_store(store)
        next(lines)
        with pytest.raises(StoreBusyError):
            other.commit(batch(0))
        lines.close()  # type: ignore[attr-defined]
        other.commit(batch(0))
        exported(store)
        other.commit(batch(1))


# ---- what is refused


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[SQLiteStore]:
    """An empty store, which must be empty still when the test is over."""
    with closing(SQLiteStore(tmp_path / "goals.db")) as store:
        yield store
        assert exported(store) == exported(SQLiteStore())


def refused(data: bytes, store: Store) -> ConvgoalsError:
    with pytest.raises(ConvgoalsError) as caught:
        import_store(io.BytesIO(data), store)
    return caught.value


def test_breaking_off_anywhere(story: bytes, empty: SQLiteStore) -> None:
    """A file that lacks its end, wherever it breaks off, is refused, with the line at which it does."""
    for length in range(0, len(story), 23):
        error = refused(story[:length], empty)
        assert isinstance(error, SourceError)
        assert error.code in ("export-truncated", "export-damaged", "export-foreign")
        if story[length - 1 : length] == b"\n" and length:
            assert error.code == "export-truncated"
            assert f"line {len(story[:length].splitlines())}:" in error.message
    assert refused(story[:-1], empty).code == "export-damaged"


def test_any_other_byte(story: bytes, empty: SQLiteStore) -> None:
    """A file in which any one byte is another is refused."""
    for place in range(0, len(story), 13):
        other = story[:place] + bytes([story[place] ^ 1]) + story[place + 1 :]
        error = refused(other, empty)
        assert isinstance(error, SourceError)
        assert error.message.startswith("line ")


def test_more_than_the_end(story: bytes, empty: SQLiteStore) -> None:
    """Nothing may come after the end, no line may be missing, twice, or in another place."""
    lines = story.decode().splitlines()[:-1]
    for wrong in (story + b"x", story + story, b"\n" + story, story.replace(b"\n", b"\n\n", 1)):
        assert refused(wrong, empty).code in ("export-damaged", "export-foreign")
    for number in range(1, len(lines) - 1):
        assert refused(story.replace(lines[number].encode() + b"\n", b"", 1), empty).code == "export-damaged"
    profiles = [number for number, line in enumerate(lines) if line.startswith('{"profile"')]
    for number in (profiles[0], len(lines) - 1, len(lines) - 2):
        twice = sealed([*lines[: number + 1], lines[number], *lines[number + 1 :]])
        assert f"line {number + 2}:" in refused(twice, empty).message
    swapped = [*lines]
    swapped[profiles[0]], swapped[profiles[1]] = lines[profiles[1]], lines[profiles[0]]
    assert f"line {profiles[1] + 1}:" in refused(sealed(swapped), empty).message
    assert "line 3:" in refused(sealed([lines[0], lines[-1], *lines[1:-1]]), empty).message


@pytest.mark.parametrize(
    "line",
    [
        "", "7", "[]", "{}", "{", '{"what":1}', '{"profile":"p"}', '{"until":1,"profile":"p"}',
        profile(name="5"), profile(until="1.5"), profile(wake="true"), profile(facts="{}"), profile(scoped="[]"),
        profile(state="5"), profile(state='[1.5,"x"]'), profile(state="[1,2]"), profile(state="[1]"),
        profile('[[9,"1",0,"a",{},null]]'), profile('[[0,"1",0,"a",{},null],[0,"1",1,"a",{},null]]'),
        profile('[[0,null,0,"a",{},null]]'), profile('[[0,"1",99999999999999999999,"a",{},null]]'),
        profile('[[0,"1",0,"a",[{"x":{"strange":1}}],null]]'), profile(until="99999999999999999999"),
        profile('[[0,"1",0,"a",[{"x":' + "[" * 9_000 + "]" * 9_000 + "}],null]]"),
        profile(scoped='{"s":5}'), profile(receipts='[[0,"1",0,"a",{},null]]'),
        '{"goal":{"object":{"name":"g","when":"event"}},"version":1,"archived":false,"scopes":[]}',
        '{"goal":{"object":{"name":"g","when":"event a"}},"version":1,"archived":0,"scopes":[]}',
        '{"goal":5,"version":1,"archived":false,"scopes":[]}',
        '{"completion":["g",1,"p",0,0,null,null,[],null]}', '{"completion":["g",1,"p",0,0,null,null,[],null,"x"]}',
        '{"completion":["g",1,"p",0,1e3,null,null,[],null,1]}', '{"completion":["g",1,"p",0,0,5,null,[],null,1]}',
        '{"completion":["g",1,"p",0,0,null,null,[],null,{"decimal":"x"}]}',
        '{"completion":["g",1,"p",99999999999999999,0,null,null,[],null,1]}',
        '{"position":"s","at":1.5}', '{"position":"s","at":null}', '{"reached":"x"}', '{"reached":true}',
        '{"reached":' + "9" * 5_000 + "}",
    ],
)  # fmt: skip
def test_no_record(empty: SQLiteStore, line: str) -> None:
    """A line that is no record is refused with its number, however well the file is sealed."""
    error = refused(sealed(['{"convgoals":"store","format":1}', line]), empty)
    assert error.code == "export-damaged"
    assert error.message.startswith("line 2: ")
    assert len(error.message) < 400


@pytest.mark.parametrize(
    "lines",
    [
        ['{"retraction":["g",1,"p",0,0,null,null,[],null,1],"recorded":1,"cause":null}'],
        [profile('[[0,"2",5,"a",{},null],[0,"1",0,"a",{},null]]')], [profile().replace(",", ", ", 1)],
        [profile(receipts='[[3,"2",5,"m",null],[3,"1",5,"m",null]]')], [profile(scoped='{"b":[],"a":[]}')],
        ['{"completion":["g",1,"nobody",0,0,null,null,[],null,1]}'],
        ['{"identity":"a","became":"b"}', '{"identity":"b","became":"c"}'],
        ['{"goal":{"object":{"name":"g","when":"event  a"}},"version":1,"archived":false,"scopes":[]}'],
    ],
)  # fmt: skip
def test_what_a_store_would_not_say(empty: SQLiteStore, lines: list[str]) -> None:
    """Records that no store would export are refused with their line once the store does not give them back."""
    error = refused(sealed(['{"convgoals":"store","format":1}', *lines]), empty)
    assert (error.code, error.message[:6]) == ("export-damaged", "line 2")


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"name,email\n", b"\xff\xfe", b"[" * 9_999, b'{"convgoals":"goals"}\n', b"[1]\n"]
)
def test_no_export(data: bytes, empty: SQLiteStore) -> None:
    """What is no export at all is said to be none."""
    error = refused(data, empty)
    assert error.code in ("export-foreign", "export-damaged")
    assert error.message.startswith("line 1: ")


def test_newer_format(story: bytes, empty: SQLiteStore) -> None:
    """An export of a newer form is refused with what would read it."""
    error = refused(story.replace(b'"format":1', b'"format":2', 1), empty)
    assert error.code == "export-newer"
    assert "format 2" in error.message
    assert "upgrade" in error.hint


@pytest.mark.parametrize(
    "held",
    [
        Batch(profiles={"p": kept()}), Batch(positions={"s": 0}), Batch(reached=0), Batch(merged=(("a", "b"),)),
        Batch(goals=(SavedGoal(Goal("g", "event a")),)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_a_store_that_is_not_empty(story: bytes, kind: str, held: Batch) -> None:
    """A store that holds anything is left as it is."""
    with closing(KINDS[kind]()) as store:
        store.commit(held)
        before = exported(store)
        assert refused(story, store).code == "store-not-empty"
        assert exported(store) == before


def test_full_disk(story: bytes, empty: SQLiteStore) -> None:
    """When the disk is full in the middle, nothing was imported; with space again, all is."""
    large = Batch(profiles={f"p{number}": kept(event(f"p{number}", x="x" * 9_000)) for number in range(50)})
    with closing(SQLiteStore()) as store:
        store.commit(large)
        data = exported(store)
    empty._database._connection.execute("PRAGMA max_page_count = 40")
    assert refused(data, empty).code == "store-full"
    empty._database._connection.execute("PRAGMA max_page_count = 100000")


def test_what_cannot_be_written() -> None:
    """What only a store in memory holds is named, and not written as something else."""
    with closing(MemoryStore()) as store:
        store.commit(Batch(profiles={"p": kept(event(x=object()))}))
        with pytest.raises(FactError, match="'x'"):
            exported(store)
        store.forget("p")
        store.commit(Batch(profiles={"p": kept(event(x="\ud800"))}))
        with pytest.raises(StoreError) as caught:
            exported(store)
        assert caught.value.code == "store-text"


def test_lines_are_json(story: bytes) -> None:
    """Every line is strict JSON, so that anything can read an export."""
    for line in story.splitlines():
        assert isinstance(json.loads(line, parse_constant=pytest.fail), dict)


def test_an_id_that_is_used_again() -> None:
    """A line that is read as a fact keeps whose fact it is, also after identities became one."""
    with GoalEngine([Goal("g", "event a")], store=(store := MemoryStore())) as engine:
        engine.process(
            [Event("a", "old", "2026-01-01T00:00:00Z", id="1"), Event("a", "new", "2026-01-02T00:00:00Z", id="1")]
        )
        engine.merge("old", "new")
        data = exported(store)
        with closing(moved(data, "sqlite")) as other:
            assert list(other.entries()) == list(store.entries())
            assert other.load(["new"]) == store.load(["new"])
            assert other.aliases() == {"old": "new"}
