from pathlib import Path

import pytest

from tui import clipboard
from tui.clipboard import MAX_OSC52, copy
from tui.terminal import Terminal


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """A program that keeps what it is given in a file beside it, with its arguments."""
    path = tmp_path / "tool"
    path.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\ncat > {tmp_path}/copied\n')
    path.chmod(0o755)
    return path


def program(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


async def test_in_tmux_its_own_command_takes_it(tool: Path) -> None:
    sent: list[str] = []
    told = await copy("some\ntext ñ", Terminal(tmux=str(tool), remote=True), sent.append)
    assert (tool.parent / "copied").read_text() == "some\ntext ñ"
    assert (tool.parent / "arguments").read_text().split() == ["load-buffer", "-w", "-"]
    assert sent == []
    assert "tmux" in told


async def test_on_ones_own_machine_the_tool_takes_it(tool: Path) -> None:
    sent: list[str] = []
    told = await copy("text", Terminal(clipboard=(str(tool), "-in")), sent.append)
    assert (tool.parent / "copied").read_text() == "text"
    assert told == "Copied to the clipboard."
    assert sent == []


async def test_over_ssh_the_terminal_is_asked_and_nothing_is_claimed() -> None:
    sent: list[str] = []
    told = await copy("text", Terminal(remote=True), sent.append)
    assert sent == ["text"]
    assert told == "Sent to your terminal (OSC 52)."


@pytest.mark.parametrize("fault", ["exit 1", "exec /nowhere/at/all"])
async def test_a_tool_that_fails_leaves_it_to_the_terminal(tmp_path: Path, fault: str) -> None:
    sent: list[str] = []
    told = await copy("text", Terminal(clipboard=(program(tmp_path / "bad", fault),)), sent.append)
    assert sent == ["text"]
    assert "OSC 52" in told


async def test_a_tool_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipboard, "TOOL_S", 0.2)
    sent: list[str] = []
    terminal = Terminal(tmux=program(tmp_path / "slow", "exec sleep 60"))
    told = await copy("text", terminal, sent.append)
    assert sent == ["text"]
    assert "set-clipboard on" in told


async def test_a_tool_that_is_gone_leaves_it_to_the_terminal() -> None:
    sent: list[str] = []
    await copy("text", Terminal(clipboard=("/nowhere/xclip",)), sent.append)
    assert sent == ["text"]


async def test_what_no_terminal_takes_is_not_sent_and_said_so() -> None:
    sent: list[str] = []
    told = await copy("x" * MAX_OSC52, Terminal(remote=True), sent.append)
    assert sent == []
    assert told.startswith("Not copied")
