"""Events of an append in one row: what is read is what was written, from wherever it is read."""

import itertools
import sqlite3
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.runs.log import Entry
from backend.runs.sqlite_pieces import INSERT, PIECE_BYTES, lines, pieces
from backend.runs.sqlite_schema import prepare
from tests.asked_runs import entries


@pytest.fixture(scope="module")
def file() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    prepare(connection, "in memory")
    yield connection
    connection.close()


def write(file: sqlite3.Connection, *appends: Sequence[Entry]) -> None:
    for table in ("pieces", "events"):
        file.execute(f"DELETE FROM {table}")
    for append in appends:
        file.executemany(INSERT, [("r", *piece) for piece in pieces(append)])


def read(file: sqlite3.Connection, after: int) -> list[Entry]:
    return [Entry(seq, data) for seq, data in lines(file, "r", after)]


DATA = st.binary(max_size=6) | st.sampled_from([b"\n", b"", b"{}", b"x" * PIECE_BYTES])


@given(st.lists(st.lists(DATA, min_size=1, max_size=8), max_size=6))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_events_hold_all_are_read_after_any_of_them(
    file: sqlite3.Connection, appends: list[list[bytes]]
) -> None:
    written: list[Entry] = []
    for append in appends:
        written += [Entry(seq, data) for seq, data in enumerate(append, len(written) + 1)]
    ends = [sum(map(len, appends[:number])) for number in range(len(appends) + 1)]
    write(file, *(written[start:end] for start, end in itertools.pairwise(ends)))
    for after in range(len(written) + 2):
        assert read(file, after) == written[after:]


def test_an_append_is_a_row(file: sqlite3.Connection) -> None:
    assert pieces(entries(3, first=7)) == [(7, 3, b"{}\n{}\n{}")]


def test_a_long_append_is_several_rows_of_bounded_size() -> None:
    rows = pieces(entries(100, size=PIECE_BYTES // 10))
    assert max(len(data) for _, _, data in rows) <= PIECE_BYTES
    assert sum(events for _, events, _ in rows) == 100
    assert len(rows) < 30


def test_an_event_that_is_larger_has_a_row_of_its_own() -> None:
    large = Entry(2, b"x" * (2 * PIECE_BYTES))
    assert [(seq, events) for seq, events, _ in pieces([Entry(1, b"a"), large, Entry(3, b"b")])] == [
        (1, 1), (2, 1), (3, 1),
    ]  # fmt: skip


def test_what_isn_t_a_line_has_a_row_of_its_own(file: sqlite3.Connection) -> None:
    rows = pieces([Entry(1, b"{}"), Entry(2, b"{\n}"), Entry(3, b"{}"), Entry(4, b"{}")])
    assert rows == [(1, 1, b"{}"), (2, 1, b"{\n}"), (3, 2, b"{}\n{}")]


def test_events_of_an_earlier_version_come_before_those_of_this_one(file: sqlite3.Connection) -> None:
    write(file, entries(2, first=3))
    file.executemany("INSERT INTO events VALUES ('r', ?, ?)", [(1, b"{}"), (2, b"{}")])
    for after in range(6):
        assert read(file, after) == entries(4)[after:]
