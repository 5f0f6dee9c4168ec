"""The quick table draws what Textual's own does."""

from collections.abc import Callable, Iterable

import pytest
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import DataTable
from textual.widgets.data_table import ColumnKey

from tui.widgets.one_line_table import OneLineTable

CELLS = [
    Text("plain"),
    Text("dim", style="dim"),
    Text("27", justify="right"),
    Text("漢字かな"),
    Text("é\u0301 👨‍👩‍👧‍👦"),
    Text(""),
    Text("[/] [b]x[/b]"),
]


class Both(App[None]):
    AUTO_FOCUS = None

    def compose(self) -> ComposeResult:
        yield OneLineTable(cursor_type="cell", zebra_stripes=True, id="ours")
        yield DataTable[Text](cursor_type="cell", zebra_stripes=True, id="textuals")

    def on_mount(self) -> None:
        for table in self.query(DataTable):
            table.add_column(Text("Head"), key="a")
            table.add_column(Text("Right", justify="right"), key="b", width=20)
            for place, cell in enumerate(CELLS):
                table.add_row(cell, cell, key=str(place))
            table.fixed_columns = 1


def drawn(lines: list[list[Segment]]) -> list[tuple[str, Style]]:
    """The line's characters with their styles; of a space only the background can be seen."""
    found = []
    for segment in lines[0]:
        style = segment.style or Style()
        ink = Style(color=style.color, bold=style.bold, dim=style.dim, reverse=style.reverse)
        paper = Style(bgcolor=style.bgcolor)
        found += [(char, paper if char == " " else ink + paper) for char in segment.text]
    return found


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark"])
async def test_every_cell_is_drawn_as_textual_draws_it(theme: str) -> None:
    app = Both()
    async with app.run_test(size=(120, 40)) as pilot:
        app.theme = theme
        await pilot.pause()
        ours, textuals = app.query_one("#ours", OneLineTable), app.query_one("#textuals", DataTable)
        base = Style(bgcolor="#101010")
        for row in range(-1, len(CELLS)):
            for column in (0, 1):
                width = ours.ordered_columns[column].get_render_width(ours)
                assert width == textuals.ordered_columns[column].get_render_width(textuals)
                for cursor in (False, True):
                    mine = drawn(ours._render_cell(row, column, base, width, cursor))
                    theirs = drawn(textuals._render_cell(row, column, base, width, cursor))
                    assert [char for char, _ in mine] == [char for char, _ in theirs], (row, column)
                    assert [style for _, style in mine] == [style for _, style in theirs], (row, column, cursor)


async def test_a_changed_cell_is_drawn_anew() -> None:
    app = Both()
    async with app.run_test(size=(120, 40)):
        table = app.query_one("#ours", OneLineTable)
        before = table._render_cell(0, 0, Style(), 10)[0][0].text
        table.update_cell("0", "a", Text("other"))
        assert (before.strip(), table._render_cell(0, 0, Style(), 10)[0][0].text.strip()) == ("plain", "other")


async def test_what_is_wider_than_its_column_ends_with_an_ellipsis() -> None:
    app = Both()
    async with app.run_test(size=(120, 40)):
        table = app.query_one("#ours", OneLineTable)
        table.add_row(Text("wide"), Text("x" * 60), key="wide")
        assert table._render_cell(len(CELLS), 1, Style(), 22)[0][0].text == " " + "x" * 19 + "… "


async def test_a_row_that_was_painted_before_its_width_was_known_is_painted_anew() -> None:
    app = Both()
    async with app.run_test(size=(120, 40)) as pilot:
        table = app.query_one("#ours", OneLineTable)
        table.clear(columns=True)
        table.add_column(Text("A"), key="a")
        await pilot.pause()
        table.add_row(Text("a long name"), key="long")
        assert "a long name" not in table.render_line(1).text
        await pilot.pause()
        assert "a long name" in table.render_line(1).text


def characters(strips: list[Strip]) -> list[tuple[str, Style]]:
    return [one for strip in strips for one in drawn([list(strip)])]


@pytest.mark.parametrize("theme", ["textual-dark", "ansi-dark"])
async def test_whole_lines_are_drawn_as_textual_draws_them_whatever_changes(theme: str) -> None:
    app = Both()
    async with app.run_test(size=(40, 24)) as pilot:
        app.theme = theme
        tables = [app.query_one("#ours", OneLineTable), app.query_one("#textuals", DataTable)]

        def longer(table: DataTable[Text]) -> None:
            for place in range(30):
                table.add_row(Text(f"row {place}"), Text("more"), key=f"more{place}")

        changes: list[Callable[[DataTable[Text]], object]] = [
            lambda table: None,
            lambda table: table.update_cell("1", "a", Text("another one, wider", style="dim"), update_width=True),
            lambda table: table.move_cursor(row=2, column=1),
            longer,  # a scrollbar comes
            lambda table: table.scroll_to(y=5, animate=False),
            lambda table: table.remove_row("2"),
            lambda table: table.add_column(Text("Third"), key="c", default=Text("wide " * 8)),
            lambda table: table.scroll_to(x=4, animate=False),
        ]
        for change in changes:
            seen = []
            for table in tables:
                change(table)
                await pilot.pause()
                size = table.outer_size
                seen.append(characters(table.render_lines(Region(0, 0, size.width, size.height))))
                seen.append(characters(table.render_lines(Region(3, 2, size.width - 5, size.height - 4))))
            assert seen[0] == seen[2], changes.index(change)
            assert seen[1] == seen[3], changes.index(change)


async def test_of_a_table_to_which_a_row_comes_only_that_row_is_drawn() -> None:
    app = Both()
    async with app.run_test(size=(120, 40)) as pilot:
        table = app.query_one("#ours", OneLineTable)
        before = table.render_lines(Region(0, 0, 80, 8))
        table.add_row(Text("one more"), Text(""), key="more")
        await pilot.pause()
        after = table.render_lines(Region(0, 0, 80, 9))
        assert [one is other for one, other in zip(before, after, strict=False)] == [True] * 8
        assert "one more" in after[8].text


async def test_columns_become_as_wide_as_textual_makes_them_and_are_measured_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Both()
    async with app.run_test(size=(120, 40)) as pilot:
        ours, textuals = app.query_one("#ours", OneLineTable), app.query_one("#textuals", DataTable)
        measured: list[ColumnKey | str] = []
        whole = OneLineTable.get_column

        def noticed(table: OneLineTable, key: ColumnKey | str) -> Iterable[Text]:
            measured.append(key)
            return whole(table, key)

        monkeypatch.setattr(OneLineTable, "get_column", noticed)
        for texts in (["x" * 40, "short"], ["s", "漢字" * 11], ["", "y"], [*"abcdefg"]):
            measured.clear()
            for table in (ours, textuals):
                for place, text in enumerate(texts):
                    table.update_cell(str(place), "a", Text(text), update_width=True)
            await pilot.pause()
            assert measured == ["a"]
            assert ours.columns[ColumnKey("a")].content_width == textuals.columns[ColumnKey("a")].content_width
