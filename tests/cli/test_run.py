"""``convgoals run``: files into a store, restartable, with bad rows told apart."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from cli_shop import Outcome, Shop
from convgoals.engine.engine import GoalEngine


def names(shop: Shop, goal: str | None = None) -> list[tuple[str, str, Any]]:
    """Who completed what, by time."""
    with GoalEngine(store=shop.store) as engine:
        return [(each.goal, each.profile_id, each.value) for each in engine.history(goal=goal)]


def summary(outcome: Outcome) -> Any:
    assert outcome.code in {0, 1}, outcome.err
    return json.loads(outcome.out)


def test_feeds_files_into_a_store(shop: Shop) -> None:
    """Events and receipts complete goals, and the summary counts them."""
    outcome = shop.run()
    assert outcome.code == 0
    assert outcome.err == ""
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert lines[0] == f"Run into {shop.store}"
    assert "facts 10 8 events, 2 campaign receipts" in lines
    assert "completions 8" in lines
    assert "rejected rows 0" in lines
    assert lines[-2] == "No goal listens to these events: browse."
    assert [(goal, who) for goal, who, _ in names(shop)] == [
        ("Signup", "ann"),
        ("Signup", "ben"),
        ("Signup", "cem"),
        ("Purchase", "ann"),
        ("Never came back", "ben"),
        ("Purchase", "ben"),
        ("Purchase", "ann"),
        ("Purchase after spring", "ann"),
    ]


def test_advance_to(shop: Shop) -> None:
    """``--advance-to`` lets time alone complete goals, up to that instant."""
    shop.run("--advance-to", "2026-01-17T09:59:59Z")
    assert [who for _, who, _ in names(shop, "Never came back")] == ["ben"]
    shop.run("--advance-to", "2026-01-17T10:00:00Z")
    assert [who for _, who, _ in names(shop, "Never came back")] == ["ben", "cem"]


def test_advance_to_latest(shop: Shop) -> None:
    """``--advance-to latest`` brings all profiles to the time of the latest fact of any."""
    assert summary(shop.run("--advance-to", "latest", "--format", "json"))["completions"] == 9
    assert [who for _, who, _ in names(shop, "Never came back")] == ["ben", "cem"]


@pytest.mark.parametrize("again", [[], ["--restart"]])
def test_running_again_doubles_nothing(shop: Shop, again: list[str]) -> None:
    """A second run goes on where the first had come to; from the start, rows are known by their ids."""
    shop.run()
    before = names(shop)
    outcome = shop.run(*again)
    assert outcome.code == 0
    assert names(shop) == before
    if not again:
        assert "events.csv: 8 rows had been read before" in outcome.err


def test_going_on_with_a_file_that_grew(shop: Shop) -> None:
    """Rows that were appended to a file are read, and only they."""
    shop.run()
    with (shop.path / "events.csv").open("a") as file:
        file.write("9,dee,signup,2026-02-07T09:00:00Z,,search\n")
    done = summary(shop.run("--format", "json"))
    assert done["facts"] == {"events": 1}
    assert done["completions"] == 1
    assert done["resumed"] == {"events.csv": 8, "receipts.csv": 2}


def test_another_file_of_the_same_name_is_read_from_its_start(shop: Shop) -> None:
    """A position holds for a file as it was: another one at that place is not cut short."""
    shop.run()
    shop.write("events.csv", "id,user,event,timestamp,amount,channel\n9,eve,signup,2026-02-07T09:00:00Z,,search\n")
    outcome = shop.run("--format", "json")
    assert summary(outcome)["facts"] == {"events": 1}
    assert summary(outcome)["read_again"] == {"events.csv": "the file is another one"}
    assert ("Signup", "eve", None) in names(shop)


def test_a_new_goal_is_given_the_files_again(shop: Shop) -> None:
    """A goal that is new gets the facts that no goal had looked at before; nothing is doubled."""
    shop.run()
    shop.write("goals.toml", shop.read("goals.toml") + '\n[[goal]]\nname = "Browse"\nwhen = "event browse"\n')
    outcome = shop.run()
    assert "events.csv: read from the start again, because the goals have changed; nothing is doubled" in outcome.err
    assert names(shop, "Browse") == [("Browse", "dee", None)]
    assert len(names(shop, "Purchase")) == 3


def test_goals_that_the_file_no_longer_holds(shop: Shop) -> None:
    """They stay live and are told of; ``--archive-missing`` archives them."""
    shop.run()
    shop.write("goals.toml", shop.read("goals.toml").partition('[[goal]]\nname = "Never')[0])
    assert "goal 'Never came back' is live in the store, but goals.toml does not hold it" in shop.run().err
    assert "goal 'Never came back' is archived" in shop.run("--archive-missing").err
    with GoalEngine(store=shop.store) as engine:
        assert "Never came back" not in [goal.name for goal in engine.goals()]


def test_any_batch_size_gives_the_same(shop: Shop) -> None:
    """The completions do not depend on how many facts a commit takes."""
    shop.run("--batch", "1")
    one = names(shop)
    shop.store = f"sqlite:///{shop.path / 'other.db'}"
    shop.run()
    assert names(shop) == one


def test_a_killed_run_goes_on(shop: Shop) -> None:
    """A run that was killed between batches loses nothing and doubles nothing."""
    shop.write("events.csv", shop.read("events.csv").replace("6,ben", "\x00"))  # a bad row on the way changes nothing
    code = (
        "import os, sys; from convgoals.engine.engine import GoalEngine; from convgoals.cli import main\n"
        "process, left = GoalEngine.process, [3]\n"
        "def counted(self, *a, **k):\n"
        "    if not left[0]: os._exit(9)\n"
        "    left[0] -= 1\n"
        "    return process(self, *a, **k)\n"
        "GoalEngine.process = counted\n"
        "main(sys.argv[1:])\n"
    )
    arguments = ["run", "--goals", "goals.toml", "--events", "events.csv", "--receipts", "receipts.csv"]
    arguments += ["--store", shop.store, "--batch", "1", "--quiet"]
    codes = [
        subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=shop.path, check=False, capture_output=True, timeout=60
        ).returncode
        for _ in range(6)
    ]
    assert codes[0] == 9
    assert codes[-1] == 0
    killed = names(shop)
    shop.store = f"sqlite:///{shop.path / 'other.db'}"
    shop.run()
    assert names(shop) == killed
    assert killed


# ---- rows that are no facts


BAD = """\
id,user,event,timestamp,amount,channel
1,ann,signup,2026-01-01T10:00:00Z,,email
2,ben,signup,2026-01-02T10:00:00,,search
3,,signup,2026-01-03T10:00:00Z,,search
4,ann,purchase,2026-01-03T12:00:00Z,20.50,email,too,many
5,dan,purchase,2026-01-03T12:00:00Z,30,email
"""


def test_bad_rows_do_not_stop_the_run(shop: Shop) -> None:
    """Each is told with its file, line, reason and code; the others are taken."""
    shop.write("events.csv", BAD)
    outcome = shop.run()
    assert outcome.code == 0
    told = outcome.err.splitlines()
    assert [line.partition(":")[0] for line in told] == [f"events.csv, line {number}" for number in (3, 4, 5)]
    assert "[fact-timestamp]" in told[0]
    assert "rejected rows 3" in " ".join(outcome.out.split())
    assert [each[:2] for each in names(shop)][:2] == [("Signup", "ann"), ("Purchase", "dan")]


def test_rejects_file(shop: Shop) -> None:
    """``--rejects`` writes them as JSON, a row a line."""
    shop.write("events.csv", BAD)
    outcome = shop.run("--rejects", "bad.ndjson")
    rows = [json.loads(line) for line in shop.read("bad.ndjson").splitlines()]
    assert [(row["file"], row["line"]) for row in rows] == [("events.csv", number) for number in (3, 4, 5)]
    assert rows[0]["row"] == "2,ben,signup,2026-01-02T10:00:00,,search"
    assert "→ bad.ndjson" in outcome.out


@pytest.mark.parametrize("place", ["goals.toml", "events.csv", "shop.db", "shop.db-wal"])
def test_rejects_never_go_over_what_is_read(shop: Shop, place: str) -> None:
    """A file that the run reads, or its store, is not written as rejects: it would be lost."""
    outcome = shop.run("--rejects", f"./{place}")
    assert outcome.code == 2
    assert "would destroy it" in outcome.err


def test_rejects_file_that_cannot_be_written(shop: Shop) -> None:
    """Where it cannot be written, the run does not begin."""
    shop.write("events.csv", BAD)
    outcome = shop.run("--rejects", "none/bad.ndjson")
    assert outcome.code == 2
    assert "lies in no folder that exists" in outcome.err


def test_many_bad_rows_are_not_all_told(shop: Shop) -> None:
    """After twenty, bad rows are only counted."""
    shop.write("events.csv", BAD + "x\n" * 100)
    outcome = shop.run()
    assert len(outcome.err.splitlines()) == 21
    assert "further rejected rows are only counted (--rejects FILE writes them all)" in outcome.err
    assert "rejected rows 103" in " ".join(outcome.out.split())


def test_strict(shop: Shop) -> None:
    """``--strict`` makes a bad row a finding; without bad rows it changes nothing."""
    assert shop.run("--strict").code == 0
    shop.write("events.csv", BAD)
    assert shop.run("--strict").code == 1


def test_nothing_but_bad_rows_is_a_finding(shop: Shop) -> None:
    """Where every row is rejected, something is wrong with the columns."""
    shop.write("events.csv", BAD.replace("Z,", ","))
    shop.write("receipts.csv", "user,campaign,timestamp\n")
    outcome = shop.run("--quiet")
    assert (outcome.code, outcome.out) == (1, "")


def test_ill_typed_comparisons_are_told(shop: Shop) -> None:
    """A number that arrives as text makes comparisons false, and the summary says so."""
    shop.write("events.csv", shop.read("events.csv").replace("20.50", "20.50 EUR"))
    outcome = shop.run("--strict")
    assert outcome.code == 1
    assert "Ill-typed comparisons" in outcome.out
    (row,) = [line.split() for line in outcome.out.splitlines() if line.startswith("Purchase ")]
    assert row[1] == "amount"
    assert row[-1] == "1"
    assert summary(shop.run("--restart", "--format", "json"))["ill_typed"] == []


def test_lateness(shop: Shop) -> None:
    """Facts beyond ``--lateness`` are counted, not lost silently."""
    rows = shop.read("events.csv").splitlines(keepends=True)
    shop.write("events.csv", "".join([rows[0], *reversed(rows[1:])]))
    done = summary(shop.run("--lateness", "7 days", "--batch", "1", "--format", "json"))
    assert done["too_late"] > 0
    assert summary(shop.run("--restart", "--format", "json"))["too_late"] == 0


# ---- which file is read how


def test_columns_by_options(shop: Shop) -> None:
    """Options say which column is what, for files without a table in goals.toml."""
    shop.write("goals.toml", shop.read("goals.toml").partition("[source.events]")[0] + GOAL)
    shop.write("e.tsv", "who\twhat\twhen\tvia\nann\tsignup\t1767225600\temail\n")
    outcome = shop(
        "run", "--goals", "goals.toml", "--store", shop.store, "--events", "e.tsv", "--profile-id", "who",
        "--type", "what", "--timestamp", "when", "--timestamp-unit", "s", "--channel", "via",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    with GoalEngine(store=shop.store) as engine:
        (completion,) = engine.history()
    assert (completion.profile_id, completion.channel, completion.achieved_at.year) == ("ann", "email", 2026)


GOAL = '[[goal]]\nname = "Signup"\nwhen = "event signup where plan = \'7\'"\n'.replace(" where plan = '7'", "")


def test_any_key_by_set(shop: Shop) -> None:
    """``--set`` sets any key of a source, for all files or those of one kind."""
    shop.write("goals.toml", '[[goal]]\nname = "Big"\nwhen = \'event sale where (zip = "10" and x is not set)\'\n')
    shop.write("e.csv", "user,timestamp,zip,x\nann,2026-01-01 10:00:00,10,1\n")
    outcome = shop(
        "run", "--goals", "goals.toml", "--store", shop.store, "--events", "e.csv", "--set", "profile_id=user",
        "--set", "events.fixed.type=sale", "--set", "types.zip=text", "--set", "properties=zip",
        "--naive-timezone", "Europe/Berlin",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    with GoalEngine(store=shop.store) as engine:
        (completion,) = engine.history()
    assert completion.achieved_at.isoformat() == "2026-01-01T09:00:00+00:00"


def test_files_named_in_the_toml(shop: Shop) -> None:
    """Without files on the command line, those of the [source] tables are read, beside the goals.toml."""
    text = shop.read("goals.toml").replace("[source.events]\n", '[source.events]\nfile = "events.csv"\n')
    text = text.replace("[source.receipts]\n", '[source.receipts]\nfile = "receipts.csv"\nkind = "receipts"\n')
    shop.write("goals.toml", text)
    (shop.path / "elsewhere").mkdir()
    shop.path /= "elsewhere"
    done = summary(shop("run", "--goals", "../goals.toml", "--store", shop.store, "--format", "json"))
    assert done["facts"] == {"events": 8, "campaign receipts": 2}


def test_segment_calls_and_profiles(shop: Shop) -> None:
    """Files of other formats and kinds can be fed together."""
    shop.write(
        "goals.toml",
        '[[goal]]\nname = "Pro"\nwhen = \'event signup where profile.plan = "pro"\'\n'
        '[[goal]]\nname = "Vip"\nwhen = \'event signup and in segment "vip"\'\n',
    )
    call = {"type": "track", "event": "signup", "userId": "ann", "timestamp": "2026-01-02T00:00:00Z", "messageId": "1"}
    (shop.path / "calls.ndjson.gz").write_bytes(gzip.compress(json.dumps(call).encode()))
    shop.write("p.csv", 'profile_id,timestamp,plan,segments\nann,2026-01-01T00:00:00Z,free,"vip,new"\n')
    shop.write("u.ndjson", '{"profile_id": "ann", "timestamp": "2026-01-01T12:00:00Z", "plan": "pro"}\n')
    outcome = shop(
        "run", "--goals", "goals.toml", "--store", shop.store, "--events", "calls.ndjson.gz", "--profiles", "p.csv",
        "--updates", "u.ndjson",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    assert {goal for goal, _, _ in names(shop)} == {"Pro", "Vip"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_read_once(shop: Shop) -> None:
    """What comes through a pipe has no position to go on from."""
    pipe = shop.path / "pipe.csv"
    os.mkfifo(pipe)
    for _ in range(2):
        writer = threading.Thread(target=lambda: pipe.write_text(shop.read("events.csv")))
        writer.start()
        outcome = shop(
            "run", "--goals", "goals.toml", "--store", shop.store, "--events", "pipe.csv", "--format", "json"
        )
        writer.join()
        assert summary(outcome)["facts"] == {"events": 8}
    assert len(names(shop, "Signup")) == 3


_EVENTS = ("--events", "events.csv")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--goals", "none.toml", *_EVENTS), 2, "none.toml: No such file or directory"),
        (("--goals", "a\0b", *_EVENTS), 2, "null"),
        ((), 2, "there is nothing to read"),
        (("--store", "mysql://x", *_EVENTS), 3, "no kind of store"),
        (("--store", "sqlite:///none/x.db", *_EVENTS), 3, "cannot be opened"),
        (("--events", "none.csv"), 2, "there is no file 'none.csv'"),
        (("--events", "a\0b.csv"), 2, "cannot be read"),
        ((*_EVENTS, "--events", "./events.csv"), 2, "./events.csv is named twice"),
        ((*_EVENTS, "--set", "x"), 2, "[FILES.]KEY=VALUE"),
        ((*_EVENTS, "--set", "types.amount=money"), 2, "money"),
        ((*_EVENTS, "--profile-id", "usr"), 2, "did you mean `user`"),
        ((*_EVENTS, "--advance-to", "2026-01-01"), 2, "--advance-to 2026-01-01T12:00:00Z"),
        ((*_EVENTS, "--lateness", "long"), 2, "long"),
        ((*_EVENTS, "--batch", "0"), 2, "at least 1"),
        ((*_EVENTS, "--batch", "many"), 2, "'many' is no whole number"),
        ((*_EVENTS, "--input-format", "xls"), 2, "--events: format='xls'"),
    ],
)
def test_wrong_input(shop: Shop, options: Any, code: int, message: str) -> None:
    """Each mistake is told in one error, with its exit code."""
    defaults = {"--goals": "goals.toml", "--store": "memory://"}
    given = [part for name, value in defaults.items() if name not in options for part in (name, value)]
    outcome = shop("run", *given, *options)
    assert (outcome.code, outcome.out) == (code, "")
    assert message in outcome.err


def test_goals_that_are_wrong(shop: Shop) -> None:
    """Wrong goals are refused before anything is read."""
    shop.write("goals.toml", '[[goal]]\nname = "a"\nwhen = "event b and c = 1"\n')
    outcome = shop.run()
    assert outcome.code == 2
    assert "goals.toml: goal 'a': line 1, column 13: `c` stands outside a `where`" in outcome.err
    assert not (shop.path / "shop.db").exists()
    shop.write("goals.toml", "")
    assert "goals.toml holds no goal" in shop.run().err


def test_a_damaged_file_keeps_what_came_before(shop: Shop) -> None:
    """Where a compressed file breaks off, what came before it is kept, and the run ends with bad input."""
    rows = "".join(f"{number},u{number},signup,2026-01-01T10:00:00Z,,\n" for number in range(20_000))
    whole = gzip.compress(f"id,user,event,timestamp,amount,channel\n{rows}".encode())
    (shop.path / "e.csv.gz").write_bytes(whole[: len(whole) // 2])
    options = ["run", "--goals", "goals.toml", "--store", shop.store, "--events", "e.csv.gz", "--set", "id=id"]
    outcome = shop(*options)
    assert outcome.code == 2
    assert "damaged" in outcome.err
    before = len(names(shop, "Signup"))
    assert 0 < before < 20_000
    (shop.path / "e.csv.gz").write_bytes(whole)
    assert shop(*options).code == 0
    assert len(names(shop, "Signup")) == 20_000
