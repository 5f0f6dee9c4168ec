import tomllib
from pathlib import Path

from tui.config import ClientSettings, load
from tui.effective import effective


def test_what_is_printed_is_a_file_that_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[app]\ntheme = "ansi-dark"\nbell = false\n[keys]\nsteps.toggle = "t"\n"app.quit" = "ctrl+x"\n')
    env = {"WINDOWSEAT_FROM": "VLC"}
    settings = load({"motion": "none"}, env, file)
    told = effective(settings, {"motion": "none"}, env, file)
    again = tmp_path / "again.toml"
    again.write_text(told)
    assert load({}, {}, again) == settings
    assert 'from = "VLC"  # from WINDOWSEAT_FROM' in told
    assert 'motion = "none"  # from the command line' in told
    assert 'theme = "ansi-dark"  # from config.toml' in told
    assert "# mouse = true" in told


def test_without_anything_all_are_defaults_in_comments(tmp_path: Path) -> None:
    told = effective(ClientSettings(), {}, {}, tmp_path / "config.toml")
    assert tomllib.loads(told) == {"app": {}}
    assert "(not there)" in told
