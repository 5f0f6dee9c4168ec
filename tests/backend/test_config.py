"""The server's settings: each has a flag, a key, a variable and a help text; each wrong one is told with its place."""

import argparse
import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from backend import registry
from backend.config import Config, load_config
from backend.environment import config_file
from backend.errors import ConfigError
from backend.pipelines.escape.settings import EscapeSettings
from shared.secret import Secret
from shared.settings import add_flags, settings_of

PIPELINES = {pipeline.name: pipeline.settings for pipeline in registry.PIPELINES if pipeline.settings is not None}
KINDS: dict[str, type] = {"server": Config, **PIPELINES}
FIELDS = {(table, field.name): field for table, kind in KINDS.items() for field in settings_of(kind)}
HINTS = {table: get_type_hints(kind) for table, kind in KINDS.items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text("")
    return path


def load(flags: Any = None, env: dict[str, str] | None = None, file: Path | None = None) -> Config:
    return load_config(flags or {}, env or {}, file, PIPELINES)


def of(config: Config, table: str) -> Any:
    return config if table == "server" else config.of(KINDS[table])


def another(table: str, name: str) -> tuple[str, Any]:
    """A text for a setting that isn't its default, and what it means."""
    kind, field = HINTS[table][name], FIELDS[table, name]
    special = {"trusted_proxies": ("10.0.0.0/8,::1", ("10.0.0.0/8", "::1"))}
    if name in special or name.endswith("_sources"):
        return special.get(name, ("embedded", ("embedded",)))
    if name.endswith("_url"):
        return "http://127.0.0.1:9/x", "http://127.0.0.1:9/x"
    if field.metadata["choices"]:
        value = field.metadata["choices"][-1]
        return value, value
    if kind is bool:
        return ("0", False) if field.default else ("1", True)
    if kind is Path:
        return "/somewhere/else", Path("/somewhere/else")
    if kind in (str, str | None):
        return "something", "something"
    default: Any = field.default
    number = (default or 0) + 1
    return str(number), number


def partner(name: str) -> dict[str, str]:
    """The environment in which ``name`` can be set alone."""
    return {"demo_lat": {"DEMO_LON": "0"}, "demo_lon": {"DEMO_LAT": "0"}}.get(name, {})


PLAIN = [(table, name) for table, name in FIELDS if Secret not in (HINTS[table][name], *get_args(HINTS[table][name]))]
SECRETS = [pair for pair in FIELDS if pair not in PLAIN]


@pytest.mark.parametrize(("table", "name"), PLAIN)
def test_every_setting_has_a_flag_a_variable_and_a_key_in_this_order(table: str, name: str, file: Path) -> None:
    text, value = another(table, name)
    parser = argparse.ArgumentParser()
    add_flags(parser, KINDS[table])
    flag = "--" + name.replace("_", "-")
    words = [flag if value is not False else "--no" + flag[1:]] if isinstance(value, bool) else [flag, text]
    flags = vars(parser.parse_args(words))
    env = partner(name)
    assert getattr(of(load(flags, env, file), table), name) == value
    assert getattr(of(load({}, env | {"WINDOWSEAT_" + name.upper(): text}, file), table), name) == value
    quoted = text if isinstance(value, int | float) and not isinstance(value, bool) else f'"{text}"'
    file.write_text(f"[{table}]\n{name} = {quoted}\n")
    assert getattr(of(load({}, env, file), table), name) == value
    default = FIELDS[table, name].default
    usual = ",".join(default) if isinstance(default, tuple) else str(default or "")
    assert getattr(of(load(flags, env | {"WINDOWSEAT_" + name.upper(): usual}, file), table), name) == value


@pytest.mark.parametrize(("table", "name"), SECRETS)
def test_every_key_comes_from_its_variables_from_the_file_or_from_a_file_of_its_own(
    table: str, name: str, file: Path, tmp_path: Path
) -> None:
    key = Secret("canary-1234567")
    kept = tmp_path / "key"
    kept.write_text("canary-1234567\n")
    parser = argparse.ArgumentParser()
    add_flags(parser, KINDS[table])
    flags = vars(parser.parse_args(["--" + name.replace("_", "-") + "-file", str(kept)]))
    assert getattr(of(load(flags, {}, file), table), name) == key
    for variable in ("WINDOWSEAT_" + name.upper(), *FIELDS[table, name].metadata["env"]):
        config = load({}, {variable: "canary-1234567"}, file)
        assert getattr(of(config, table), name) == key
        assert "canary" not in repr(config)
    assert getattr(of(load({}, {f"WINDOWSEAT_{name.upper()}_FILE": str(kept)}, file), table), name) == key
    for line in (f"{name} = 'canary-1234567'", f"{name}_file = '{kept}'"):
        file.write_text(f"[{table}]\n{line}\n")
        assert getattr(of(load({}, {}, file), table), name) == key
    assert FIELDS[table, name].default is None


@pytest.mark.parametrize(("table", "name"), FIELDS)
def test_every_setting_says_what_it_is_and_helps(table: str, name: str) -> None:
    text = FIELDS[table, name].metadata.get("text", "")
    assert len(text) > 10
    assert not text.endswith(".")
    parser = argparse.ArgumentParser()
    add_flags(parser, KINDS[table])
    assert text.split(";")[0].replace(" ", "") in re.sub(r"\s+", "", parser.format_help())


def test_no_two_settings_share_a_name_or_a_variable() -> None:
    names = [name for _, name in FIELDS]
    variables = [f"WINDOWSEAT_{name.upper()}" for name in names]
    variables += [variable for field in FIELDS.values() for variable in field.metadata["env"]]
    assert len(set(names)) == len(names)
    assert len(set(variables)) == len(variables)


def test_a_secret_setting_is_one_by_its_type() -> None:
    suspicious = [(table, name) for table, name in FIELDS if re.search("key|token$|secret|password", name)]
    assert suspicious == SECRETS


def test_the_variables_of_the_original_work_as_they_are(file: Path) -> None:
    env = {
        "GROQ_API_KEY": "groq-key", "GROQ_MODEL": "groq-model", "CEREBRAS_API_KEY": "cerebras-key",
        "CEREBRAS_MODEL": "cerebras-model", "OPENAI_API_KEY": "openai-key", "LLM_PROVIDER": "cerebras",
        "AIRLABS_API_KEY": "airlabs-key", "OPENWEATHER_API_KEY": "weather-key",
        "DEMO_LAT": "39.47", "DEMO_LON": "-0.38", "DEMO_CITY": "Valencia",
    }  # fmt: skip
    found = load({}, env, file).of(EscapeSettings)
    for variable, value in env.items():
        kept = getattr(found, variable.lower())
        assert (kept.reveal() if isinstance(kept, Secret) else str(kept)) == value
    assert load({}, env | {"WINDOWSEAT_DEMO_LAT": "3"}, file).of(EscapeSettings).demo_lat == 3.0


@pytest.mark.parametrize("written", ["Groq", " groq ", "GROQ"])
def test_a_choice_is_known_however_it_is_capitalised(written: str, file: Path) -> None:
    assert load({}, {"LLM_PROVIDER": written}, file).of(EscapeSettings).llm_provider == "groq"


def test_a_pipeline_has_its_defaults_where_nothing_is_set() -> None:
    assert Config().of(EscapeSettings) == EscapeSettings()


def test_dotenv_in_the_current_folder_wins_over_the_one_beside_the_configuration_and_the_environment_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    monkeypatch.chdir(here)
    env = {"WINDOWSEAT_CONFIG": str(there / "config.toml")}
    (there / "config.toml").write_text("[escape]\ngroq_model = 'of the file'\ncold_max_c = 1\n")
    (there / ".env").write_text("GROQ_MODEL=there\nCEREBRAS_MODEL=there\nOPENAI_MODEL=there\nAIRLABS_API_KEY=\n")
    (here / ".env").write_text(
        '# a comment\nexport GROQ_MODEL="he$HOME re"\nCEREBRAS_MODEL=here\nGROQ_API_KEY=abcdef\n'
    )
    found = load({}, env | {"CEREBRAS_MODEL": "env"}).of(EscapeSettings)
    assert (found.groq_model, found.cerebras_model, found.openai_model) == ("he$HOME re", "env", "there")
    assert (found.cold_max_c, found.airlabs_api_key, found.groq_api_key) == (1.0, None, Secret("abcdef"))


def test_a_dotenv_that_cannot_be_read_is_told_without_what_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"GROQ_API_KEY=canary\xff")
    with pytest.raises(ConfigError, match=re.escape(f"{tmp_path / '.env'} can't be read: it isn't UTF-8")) as told:
        load()
    assert "canary" not in str(told.value)


@pytest.mark.parametrize("name", ["WINDOWSEAT_AIRLABS_URL", "WINDOWSEAT_GROQ_API_KEY_FILE", "WINDOWSEAT_CONFIG"])
def test_the_folder_that_one_stands_in_cannot_say_where_keys_go(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    monkeypatch.chdir(tmp_path)
    (there / "config.toml").write_text("# fit to be read as TOML and as a key")
    value = "http://127.0.0.1:1" if name.endswith("_URL") else there / "config.toml"
    (tmp_path / ".env").write_text(f"{name}={value}\n")
    with pytest.raises(ConfigError, match=f"sets {name}, which a .env of the current folder can't") as told:
        load()
    env = {"WINDOWSEAT_CONFIG": str(there / "config.toml")}
    load({}, env | {name: str(value)})  # who has set it otherwise isn't bothered
    (there / ".env").write_text(f"{name}={value}\n")
    (tmp_path / ".env").unlink()
    load({}, env)
    assert str(tmp_path / ".env") in str(told.value)


def test_another_dotenv_can_be_named_and_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("GROQ_MODEL=here\n")
    (tmp_path / "other").write_text("GROQ_MODEL=other\nWINDOWSEAT_GROQ_URL=http://127.0.0.1:1\n")
    found = load({}, {"WINDOWSEAT_DOTENV": str(tmp_path / "other")}).of(EscapeSettings)
    assert (found.groq_model, found.groq_url) == ("other", "http://127.0.0.1:1")
    assert load({}, {"WINDOWSEAT_DOTENV": "/dev/null"}).of(EscapeSettings).groq_model == EscapeSettings().groq_model
    with pytest.raises(ConfigError, match="nowhere can't be read: No such file"):
        load({}, {"WINDOWSEAT_DOTENV": str(tmp_path / "nowhere")})


WRONG: list[tuple[dict[str, str], str]] = [
    ({"WINDOWSEAT_PORT": "http"}, "WINDOWSEAT_PORT is 'http', but must be a whole number from 0 to 65535"),
    ({"WINDOWSEAT_PORT": "-1"}, "WINDOWSEAT_PORT"),
    ({"WINDOWSEAT_PORT": "65536"}, "WINDOWSEAT_PORT"),
    ({"WINDOWSEAT_DEADLINE_S": "0"}, "WINDOWSEAT_DEADLINE_S"),
    ({"WINDOWSEAT_GRACE_S": "nan"}, "WINDOWSEAT_GRACE_S"),
    ({"WINDOWSEAT_HEARTBEAT_S": "0"}, "WINDOWSEAT_HEARTBEAT_S"),
    ({"WINDOWSEAT_MAX_RUNS": "0"}, "WINDOWSEAT_MAX_RUNS"),
    ({"WINDOWSEAT_OFFLINE": "perhaps"}, "WINDOWSEAT_OFFLINE is 'perhaps', but must be yes or no"),
    ({"WINDOWSEAT_DATA_DIR": "~nobody-of-this-name"}, "WINDOWSEAT_DATA_DIR"),
    ({"DEMO_LAT": "north", "DEMO_LON": "0"}, "DEMO_LAT is 'north'"),
    ({"DEMO_LAT": "39.5"}, "demo_lat is 39.5, but must be given together with demo_lon"),
    ({"DEMO_LON": "39.5"}, "demo_lon is 39.5, but must be given together with demo_lat"),
    ({"DEMO_LAT": "90.1", "DEMO_LON": "0"}, "DEMO_LAT is '90.1', but must be a number from -90 to 90"),
    ({"DEMO_LAT": "0", "DEMO_LON": "-181"}, "DEMO_LON is '-181', but must be a number from -180 to 180"),
    ({"WINDOWSEAT_COLD_MAX_C": "30"}, "cold_max_c is 30.0, but must be no more than hot_min_c"),
    ({"WINDOWSEAT_TRUSTED_PROXIES": "10.0.0.1/8"}, "trusted_proxies must be addresses or networks: 10.0.0.1/8"),
    ({"WINDOWSEAT_TRUSTED_PROXIES": "localhost"}, "trusted_proxies must be addresses or networks: 'localhost'"),
    ({"WINDOWSEAT_PROXY_HEADER": "x-real-ip"}, "WINDOWSEAT_PROXY_HEADER is 'x-real-ip', but must be one of"),
    (
        {"WINDOWSEAT_WEATHER_SOURCES": "metno"},
        "weather_sources is 'metno', but must be auto, or a list of openweather,",
    ),
    ({"WINDOWSEAT_WHERE_SOURCES": "embedded,embedded"}, "where_sources is 'embedded, embedded'"),
    ({"WINDOWSEAT_WISH_SOURCES": "auto,embedded"}, "wish_sources"),
    ({"WINDOWSEAT_AIRLABS_URL": "ftp://airlabs.co"}, "airlabs_url is '(hidden)', but must be like https://"),
    ({"WINDOWSEAT_GROQ_URL": "https://"}, "groq_url"),
    ({"WINDOWSEAT_GROQ_URL": "https://host:99999"}, "groq_url"),
    ({"WINDOWSEAT_GROQ_URL": "https://host/a b\u00e9"}, "groq_url"),
    ({"WINDOWSEAT_OPENAI_URL": "https://host/v1?key=x"}, "openai_url"),
    ({"WINDOWSEAT_LLM_BASE_URL": "https://me:secret@host"}, "llm_base_url is '(hidden)'"),
    ({"LLM_PROVIDER": "hal"}, "LLM_PROVIDER is 'hal', but must be one of auto, groq, cerebras"),
]


@pytest.mark.parametrize(("env", "message"), WRONG, ids=lambda value: str(value)[:50])
def test_a_wrong_setting_is_told_by_its_name(env: dict[str, str], message: str, file: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        load({}, env, file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server]\nprot = 1\n", "prot in {file}: there is no such setting"),
        ("[server]\nport = 'x'\n", "port in {file} is 'x', but must be a whole number"),
        ("[server]\nport = 80.5\n", "port in {file} is 80.5"),
        ("[server]\nhost = 5\n", "host in {file} is 5, but must be a text"),
        ("[server]\ndata_dir = 5\n", "data_dir in {file} is 5, but must be a path"),
        ("[escape]\ncold = 1\n", "cold in {file}: there is no such setting"),
        (
            "[sever]\nport = 1\n",
            "sever in {file}: there is no such table; there are [app], [keys], [server], [ssh], [escape]",
        ),
        ("port = 1\n", "port in {file}: there is no such table"),
        ("escape = 5\n", "escape in {file} must be a table: [escape]"),
        ("server = 5\n", "server in {file} must be a table"),
        ("[[server]]\nport = 1\n", "server in {file} must be a table"),
        ("[server\n", "{file} can't be read"),
        ("[server]\nport = 1\nport = 2\n", "{file} can't be read"),
        (b"\xff\xfe", "{file} can't be read"),
    ],
    ids=repr,
)
def test_a_wrong_file_is_told_by_its_name(text: str | bytes, message: str, file: Path) -> None:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=re.escape(message.format(file=file))):
        load({}, {}, file)


def test_other_tables_of_the_file_are_not_ours(file: Path) -> None:
    file.write_text("[tui]\ntheme = 'dark'\n")
    assert load_config({}, {}, file) == Config()


def test_a_file_that_was_named_must_exist_and_the_usual_one_need_not(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    for env, file in (({}, missing), ({"WINDOWSEAT_CONFIG": str(missing)}, None)):
        with pytest.raises(ConfigError, match="there is no configuration file"):
            load_config({}, env, file)
    assert load_config({}, {}) == Config()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        load_config({}, {}, tmp_path)


def test_the_usual_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    usual = config_file({})
    assert usual.name == "config.toml"
    usual.parent.mkdir(parents=True, exist_ok=True)
    usual.write_text("[server]\nport = 9\n")
    assert load_config({}, {}).port == 9
    assert config_file({"WINDOWSEAT_CONFIG": "~/x.toml"}) == Path.home() / "x.toml"


ROOT = Path(__file__).parents[2]
EXAMPLE = dict(re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_the_example_has_every_setting_of_the_pipeline_by_the_name_that_people_know() -> None:
    known = {name: field.metadata["env"] for (table, name), field in FIELDS.items() if table == "escape"}
    shown = {name: next(iter(variables), f"WINDOWSEAT_{name.upper()}") for name, variables in known.items()}
    assert set(EXAMPLE) == {*shown.values(), "WINDOWSEAT_OFFLINE"}


def test_the_example_as_it_stands_changes_nothing_and_its_examples_are_good() -> None:
    plain = load({}, {"WINDOWSEAT_DOTENV": str(ROOT / ".env.example")})
    assert plain == load({}, {"WINDOWSEAT_DOTENV": "/dev/null"})
    given = {name: value for name, value in EXAMPLE.items() if value}
    changed = load({}, {"WINDOWSEAT_DOTENV": "/dev/null", **given}).of(EscapeSettings)
    usual = EscapeSettings()
    names = [name for table, name in FIELDS if table == "escape"]
    differing = {name for name in names if getattr(changed, name) != getattr(usual, name)}
    sources = {"where_sources", "wish_sources", "route_sources", "weather_sources"}
    assert differing == {"demo_lat", "demo_lon", "demo_city"} | sources


DOCUMENTED = (
    "ip-api", "ipwho.is", "AirLabs", "OpenWeather", "Open-Meteo", "MET Norway", "non-commercial", "doctor",
    "--airlabs-api-key-file", "trusted_proxies", "proxy_header", "WINDOWSEAT_DOTENV", "HTTPS_PROXY",
)  # fmt: skip


@pytest.mark.parametrize("word", DOCUMENTED)
def test_the_documentation_says(word: str) -> None:
    assert word.casefold() in (ROOT / "docs" / "sources.md").read_text().casefold()
