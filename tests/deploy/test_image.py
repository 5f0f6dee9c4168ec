"""The Containerfile and the compose file, as far as they can be run without a container engine: every instruction, path
and command of theirs, against the tree, the command line, a real server and a real redis-server."""

import asyncio
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
import yaml

from backend.__main__ import main
from backend.config import Config
from backend.runs.redis import RedisRunLog
from tests.proxies import DEPLOY, free_port
from tests.redis_process import redis_process
from tests.served import running_server
from tests.tiny import tiny_pipeline

ROOT = DEPLOY.parent
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
KNOWN = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"}


class Instruction(NamedTuple):
    verb: str
    rest: str


def instructions() -> list[Instruction]:
    lines = [line for line in (DEPLOY / "Containerfile").read_text().splitlines() if not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [Instruction(*line.split(maxsplit=1)) for line in whole.splitlines() if line]


def last(verb: str) -> str:
    return [one.rest for one in instructions() if one.verb == verb][-1]


def command_in(text: str) -> list[str]:
    """A command in the form of a JSON list, behind whatever options."""
    command: list[str] = json.loads(text[text.index("[") :])
    assert all(isinstance(word, str) for word in command)
    return command


def test_every_instruction_is_one_and_its_stages_exist() -> None:
    found = instructions()
    assert found[0].verb == "FROM"
    assert {one.verb for one in found} <= KNOWN
    stages = {one.rest.partition(" AS ")[2] for one in found if one.verb == "FROM"} - {""}
    taken = {name for one in found if one.verb == "COPY" for name in re.findall(r"--from=(\S+)", one.rest)}
    assert taken == stages, "each stage is built for what is taken from it"
    for one in found:
        if one.verb == "COPY" and "--from" not in one.rest:
            *sources, _ = one.rest.split()
            assert all((ROOT / source).exists() for source in sources), one.rest


def test_a_shell_takes_every_command_and_python_knows_its_modules() -> None:
    runs = [one.rest for one in instructions() if one.verb == "RUN"]
    assert runs
    for run in runs:
        done = subprocess.run(["sh", "-n", "-c", run], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), run
        for command in run.split(" && "):
            program, *words = shlex.split(command)
            if program.endswith("python"):
                assert words[0] == "-m"
                helped = [sys.executable, "-m", words[1], "--help"]
                assert subprocess.run(helped, capture_output=True, check=False).returncode == 0
    venv = runs[0].split(" && ")[0].split()[-1]
    others = [shlex.split(command)[0] for command in runs[0].split(" && ")[1:]]
    assert all(program.startswith(f"{venv}/bin/") for program in others), (
        "what is installed goes where it is taken from"
    )
    assert [one.rest for one in instructions() if one.verb == "COPY"][-1].split()[1:] == [venv, venv]
    assert last("ENV").split()[0] == f"PATH={venv}/bin:$PATH"


def test_what_is_installed_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    needed = {re.split(r"[\s<>=!~;\[]", one)[0].lower() for one in project["dependencies"]}
    assert needed
    assert needed <= pinned
    assert last("ENTRYPOINT").split('"')[1] in project["scripts"]
    python = re.findall(r"python:(\d+)\.(\d+)", (DEPLOY / "Containerfile").read_text())
    least = re.findall(r"(\d+)\.(\d+)", project["requires-python"])[0]
    assert all(tuple(map(int, version)) >= tuple(map(int, least)) for version in python)


def test_the_server_takes_the_command_that_starts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Config] = []

    async def run(config: Config, announce: object) -> None:
        seen.append(config)

    monkeypatch.setattr("backend.server.run", run)
    program, command, *arguments = command_in(last("ENTRYPOINT"))
    assert (program, command) == ("windowseat", "serve")
    assert main(arguments) == 0
    assert [(config.host, config.port) for config in seen] == [("0.0.0.0", int(last("EXPOSE")))]


def test_its_user_may_write_its_data() -> None:
    verbs = [one.verb for one in instructions()]
    useradd = next(one.rest for one in instructions() if one.rest.startswith("useradd"))
    assert useradd.split()[-1] == last("USER")
    assert max(place for place, verb in enumerate(verbs) if verb == "RUN") < verbs.index("USER")
    home = re.findall(r"--home-dir (\S+)", useradd)[0]
    data = re.findall(r"WINDOWSEAT_DATA_DIR=(\S+)", last("ENV"))[0]
    assert home == data == last("VOLUME")
    assert last("STOPSIGNAL") == "SIGTERM"


async def test_the_health_check_tells_a_server_that_is_ready_from_one_that_is_not() -> None:
    python, *arguments = command_in(last("HEALTHCHECK"))
    assert python == "python"
    assert arguments[-1].count(f"127.0.0.1:{last('EXPOSE')}/") == 1

    def ask(port: int) -> Sequence[str]:
        return [*arguments[:-1], arguments[-1].replace(f":{last('EXPOSE')}/", f":{port}/")]

    async with running_server([tiny_pipeline()]) as url:
        assert await _code(ask(int(url.rpartition(":")[2]))) == 0
    assert await _code(ask(free_port())) != 0


async def _code(arguments: Sequence[str]) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return await asyncio.wait_for(process.wait(), 20)


# ---- the compose file


def test_services_wait_for_services_that_say_when_they_are_well() -> None:
    own_image = any(one.verb == "HEALTHCHECK" for one in instructions())
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in SERVICES, name
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[needed] or ("build" in SERVICES[needed] and own_image), needed


def test_paths_volumes_and_ports_of_the_services_exist() -> None:
    for service in SERVICES.values():
        if "build" in service:
            context = (DEPLOY / service["build"]["context"]).resolve()
            assert context == ROOT
            assert (context / service["build"]["dockerfile"]).samefile(DEPLOY / "Containerfile")
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], volume
    haproxy = SERVICES["haproxy"]
    assert haproxy["environment"]["LISTEN"].strip(":") == haproxy["ports"][0].split(":")[1]
    log = SERVICES["one"]["environment"]["WINDOWSEAT_LOG"]
    RedisRunLog(log)  # raises for a URL that is none
    assert re.findall(r"//([^:/]+)", log)[0] in SERVICES


@pytest.mark.needs("redis-server")
async def test_a_store_that_is_started_as_the_file_says_is_one_that_a_server_trusts() -> None:
    program, *options = shlex.split(SERVICES["valkey"]["command"])
    assert program == "valkey-server"
    with redis_process(*options) as redis:
        log = RedisRunLog(redis.url)
        await log.open()
        await log.aclose()


def test_the_defaults_of_the_image_are_those_of_the_server() -> None:
    assert Config().port == int(last("EXPOSE"))
