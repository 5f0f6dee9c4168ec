from collections.abc import Callable

import pytest

from tui.terminal import LOCAL_FPS, REMOTE_FPS, is_remote, terminal_of


def having(*tools: str) -> Callable[[str], str | None]:
    return lambda name: f"/bin/{name}" if name in tools else None


@pytest.mark.parametrize(
    ("env", "remote"),
    [({}, False), ({"SSH_TTY": "/dev/pts/1"}, True), ({"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}, True)],
)
def test_a_terminal_at_the_end_of_ssh_is_recognised_and_gets_fewer_frames(env: dict[str, str], remote: bool) -> None:
    assert is_remote(env) is remote
    terminal = terminal_of(env, having())
    assert terminal.frames_per_second == (REMOTE_FPS if remote else LOCAL_FPS)


def test_inside_tmux_its_own_program_is_known() -> None:
    assert terminal_of({"TMUX": "/tmp/tmux,1,0"}, having("tmux")).tmux == "/bin/tmux"
    assert terminal_of({}, having("tmux")).tmux == ""
    assert terminal_of({"TMUX": "x"}, having()).tmux == ""


@pytest.mark.parametrize(
    ("env", "platform", "tools", "command"),
    [
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "linux", ("wl-copy", "xclip"), ("/bin/wl-copy",)),
        ({"DISPLAY": ":0"}, "linux", ("xclip",), ("/bin/xclip", "-selection", "clipboard")),
        ({"DISPLAY": ":0"}, "linux", ("xsel",), ("/bin/xsel", "--clipboard", "--input")),
        ({}, "linux", ("xclip",), ()),
        ({}, "darwin", ("pbcopy",), ("/bin/pbcopy",)),
        ({"WSL_DISTRO_NAME": "Debian"}, "linux", ("clip.exe",), ("/bin/clip.exe",)),
        ({"DISPLAY": ":0", "SSH_TTY": "/dev/pts/1"}, "linux", ("xclip",), ()),
    ],
)
def test_a_clipboard_tool_is_one_of_the_persons_own_machine(
    env: dict[str, str], platform: str, tools: tuple[str, ...], command: tuple[str, ...]
) -> None:
    assert terminal_of(env, having(*tools), platform).clipboard == command


def test_no_color_is_heard() -> None:
    assert terminal_of({}, having()).color
    assert not terminal_of({"NO_COLOR": "1"}, having()).color


@pytest.mark.parametrize(
    ("told", "theme"),
    [
        (None, "textual-dark"),
        ("15;0", "textual-dark"),
        ("0;15", "textual-light"),
        ("0;default;7", "textual-light"),
        ("x", "textual-dark"),
    ],
)
def test_auto_is_dark_or_light_as_the_terminal_says(told: str | None, theme: str) -> None:
    terminal = terminal_of({"COLORFGBG": told} if told is not None else {}, having())
    assert terminal.theme_of("auto") == theme
    assert terminal.theme_of("nord") == "nord"
