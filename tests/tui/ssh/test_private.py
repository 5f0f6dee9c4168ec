"""Everything private of Textual and asyncssh that the front door stands on: an upgrade that changes it fails here
first, with the name of the thing.
"""

import asyncio
import contextlib
import inspect
import re
from importlib.metadata import version
from typing import Any

import asyncssh
import pytest
from asyncssh import compression
from asyncssh.channel import SSHServerChannel
from asyncssh.connection import SSHConnection
from asyncssh.constants import MSG_IGNORE
from textual import _xterm_parser
from textual._compositor import Compositor
from textual._context import active_app
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen
from textual.widgets import Input

from tui.ssh import driver as ours
from tui.ssh.app import _waits
from tui.ssh.outlet import _EMPTY

KNOWN_TEXTUAL = "8.2.8"


def test_this_is_the_textual_that_was_read() -> None:
    """The rest can't see a change of behaviour: read Textual's driver, app and parser again before you change this."""
    assert version("textual") == KNOWN_TEXTUAL


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (App, "_begin_batch"), (App, "_end_batch"), (App, "_display"), (App, "_shutdown"), (App, "_context"),
        (App, "_handle_exception"), (App, "_close_messages_no_wait"), (App, "check_idle"), (App, "_print"),
        (Screen, "check_idle"), (Screen, "_on_timer_update"), (Screen, "refresh"), (App, "on_event"),
        (Compositor, "update_widgets"), (Compositor, "render_update"), (Input, "_restart_blink"), (Input, "replace"),
        (Input, "_position_to_cell"),
        (Driver, "process_message"), (Driver, "send_message"), (Driver, "disable_input"),
        (_xterm_parser.XTermParser, "feed"), (_xterm_parser.XTermParser, "tick"),
        (_xterm_parser.XTermParser, "_sequence_to_key_events"),
        (SSHServerChannel, "_process_env_request"), (SSHServerChannel, "get_write_buffer_size"),
        (SSHConnection, "abort"), (SSHConnection, "_send"), (SSHConnection, "send_packet"),
        (compression, "register_compression_alg"),
    ],
)  # fmt: skip
def test_methods_that_we_call_or_replace_are_there(owner: Any, name: str) -> None:
    assert callable(getattr(owner, name, None)), f"{owner.__name__}.{name} is gone"


def test_an_app_has_the_attributes_that_we_set() -> None:
    app: App[None] = App()
    for name in (
        "_capture_stdout", "_capture_stderr", "error_console", "driver_class", "_batch_count", "_exception",
        "_exception_event", "_return_code", "_previous_cursor_position",
    ):  # fmt: skip
        assert hasattr(app, name), name
    assert active_app.name == "active_app"


def test_a_stylesheet_parses_through_a_cache_that_forgets_with_its_variables() -> None:
    """What ``rules`` stands in for."""
    source = inspect.getsource(Stylesheet)
    uses = set(re.findall(r"_parse_cache(?:\.\w+|\[|:)", re.sub(r"_style_parse_cache", "", source)))
    assert uses == {"_parse_cache.clear", "_parse_cache[", "_parse_cache:"}
    assert "_parse_cache.clear()" in inspect.getsource(Stylesheet.set_variables)


async def test_a_driver_is_made_as_ours_expects() -> None:
    assert list(inspect.signature(Driver.__init__).parameters) == ["self", "app", "debug", "mouse", "size"]

    class Ours(Driver):
        def write(self, data: str) -> None: ...
        def start_application_mode(self) -> None: ...
        def disable_input(self) -> None: ...
        def stop_application_mode(self) -> None: ...

    driver = Ours(App(), size=(1, 2))
    assert (driver._size, driver._mouse, driver._app.__class__) == ((1, 2), True, App)
    assert Driver.__abstractmethods__ == {
        "write", "start_application_mode", "disable_input", "stop_application_mode",
    }  # fmt: skip


def test_a_letter_is_echoed_as_textual_types_it() -> None:
    """What ``SshApp.echo`` passes by, and does itself; test_echo.py compares what comes of it."""
    typed = inspect.getsource(Input._on_key)
    assert re.findall(r"self\.(\w+)\(", typed) == ["_restart_blink", "insert_text_at_cursor", "replace"]
    assert "is_printable" in typed
    heard = inspect.getsource(App.on_event)
    assert re.findall(r"await self\.(\w+)\(", heard) == ["_init_mode", "_check_bindings"]
    app: App[None] = App()
    assert app._message_queue.empty()
    assert {"app_focus", "_background_screens"} <= set(dir(app))
    assert {"_repaint_required"} <= set(vars(Input()))


def test_a_batch_loses_frames_and_its_end_paints_nothing_by_itself() -> None:
    """What ``pace`` and ``SshApp.release`` are made for."""
    assert "if self._batch_count:" in inspect.getsource(App._display)
    assert "check_idle" in inspect.getsource(App._end_batch)
    assert "_batch_count" in inspect.getsource(Screen._on_timer_update)
    looked_for = re.findall(r"self\.(_\w+)\n", inspect.getsource(Screen._on_idle))
    assert set(looked_for) | {"_callbacks"} == set(_waits.__code__.co_names) - {"bool"}


def test_the_local_driver_sets_no_mode_that_ours_doesnt_undo() -> None:
    """A mode that Textual learns to set must be undone over SSH too."""

    source = re.sub(r"#.*", "", inspect.getsource(LinuxDriver))
    modes = set(re.findall(r"\\x1b\[\?(\d+)h", source))
    assert modes == {"1000", "1003", "1015", "1006", "1016", "2004", "2048", "7", "1049", "1004"} | {"25"}
    for mode in modes - {"7", "25", "2048"}:  # wrapping and the cursor are turned on; 2048 is never asked for
        assert f"\x1b[?{mode}l" in ours._LEAVE, mode


def test_the_parser_waits_for_what_follows_an_escape() -> None:
    parser = _xterm_parser.XTermParser()
    assert list(parser.feed("\x1b")) == []
    assert parser._timeout_time is not None
    with contextlib.suppress(Exception):
        list(parser.feed(""))
    assert parser.is_eof
    parser._parse_extended_key.cache_clear()


async def test_a_connection_has_a_transport_with_a_socket() -> None:
    server = await asyncssh.listen("127.0.0.1", 0, server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")])
    try:
        connecting = asyncssh.connect("127.0.0.1", server.get_port(), known_hosts=None, config=None, client_keys=None)
        task = asyncio.create_task(_once(connecting))
        with contextlib.suppress(asyncssh.Error):
            await task
    finally:
        server.close()
        await server.wait_closed()
    assert "_transport" in inspect.getsource(SSHConnection.__init__)


async def _once(connecting: Any) -> None:
    async with connecting as connection:
        assert connection._transport.get_extra_info("socket").fileno() >= 0
        assert connection._transport.get_write_buffer_size() >= 0


def test_what_a_connection_sends_goes_through_one_method() -> None:
    """``Outlet`` stands in for it, so that the packets of a frame are one write."""
    assert list(inspect.signature(SSHConnection._send).parameters) == ["self", "data"]
    assert "self._send(packet + mac)" in inspect.getsource(SSHConnection.send_packet)
    assert "_transport.write" not in inspect.getsource(SSHConnection.send_packet)
    assert "self.send_packet(MSG_IGNORE, String(b''))" in inspect.getsource(SSHConnection.send_packet)
    assert _EMPTY == MSG_IGNORE


def test_a_request_is_answered_by_the_method_of_its_name() -> None:
    """``Door`` puts one of its own there, so that variables are never kept by asyncssh."""
    source = inspect.getsource(SSHServerChannel._service_next_request)
    assert "getattr(self, name" in source
    assert "'_process_'" in source
