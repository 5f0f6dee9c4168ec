"""Colours that are worked out once are those that Textual would find, whatever has changed meanwhile."""

import pytest
from textual.css.styles import RenderStyles
from textual.dom import DOMNode
from textual.widget import Widget

from tests.tui.app.driving import Driver, opened
from tests.tui.app.scripted import sample_run
from tui.widgets.coloured import Coloured
from tui.widgets.step_header import StepHeader


def coloured(app: Driver) -> list[Widget]:
    return [widget for widget in app.screen.walk_children(Widget) if isinstance(widget, Coloured)]


def check(app: Driver) -> None:
    for widget in coloured(app):
        assert widget.rich_style == DOMNode.rich_style.fget(widget), widget  # type: ignore[attr-defined]
        for name in sorted(widget._component_styles):
            widget._rich_style_cache.clear()
            wanted = Widget.get_component_rich_style(widget, name)
            assert widget.get_component_rich_style(name) == wanted, (widget, name)


async def test_they_are_textuals_after_any_change() -> None:
    async with opened((100, 30)) as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.watch.view.finished and not app.screen_is_dirty)
        assert {type(widget).__name__ for widget in coloured(app)} >= {
            "Prompt",
            "StepHeader",
            "RunLine",
            "ResultsTable",
        }
        check(app)
        for keys in (["tab"], ["j", "j"], ["4"], ["r"], ["j"], ["escape"]):
            await app.pilot.press(*keys)
            check(app)
        app.app.theme = "textual-light"
        await app.pilot.pause()
        check(app)
        app.steps.styles.background = "red"
        app.steps.styles.opacity = 0.5
        check(app)
        app.screen.query(StepHeader).first().styles.text_style = "bold"
        check(app)
        app.app.theme = "textual-dark"
        await app.pilot.pause()
        check(app)


async def test_a_refresh_forgets_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened((100, 30)) as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.watch.view.finished and not app.screen_is_dirty)
        header = app.screen.query(StepHeader).first()
        own, title = header.rich_style, header.get_component_rich_style("step--title")
        looked: list[object] = []
        monkeypatch.setattr(RenderStyles, "rich_style", property(looked.append))
        monkeypatch.setattr(DOMNode, "rich_style", property(looked.append))
        header.refresh()
        assert header.rich_style is own
        assert header.get_component_rich_style("step--title") is title
        assert not looked
