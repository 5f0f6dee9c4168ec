"""The other files of ``deploy/``: what they name exists, and means what they say."""

import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from backend.config import Config
from tests.proxies import DEPLOY
from tests.redis_process import SAFE

ROOT = DEPLOY.parent
SETTINGS = {f"WINDOWSEAT_{field.name.upper()}" for field in fields(Config)}


def settings_in(text: str) -> set[str]:
    return set(re.findall(r"WINDOWSEAT_[A-Z_]+", text))


@pytest.mark.parametrize("name", ["windowseat.service", "Containerfile", "compose.yaml"])
def test_every_setting_in_a_file_exists(name: str) -> None:
    named = settings_in((DEPLOY / name).read_text()) - {"WINDOWSEAT_"}
    assert named <= SETTINGS | {"WINDOWSEAT_CONFIG"}
    assert named


@pytest.mark.needs("systemd-analyze")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "windowseat.service").read_text()
    assert text.count("/opt/windowseat/bin/windowseat serve") == 1
    program = Path(sys.executable).with_name("windowseat")
    unit = tmp_path / "windowseat.service"
    unit.write_text(text.replace("/opt/windowseat/bin/windowseat serve", f"{program} serve"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    unit.write_text(unit.read_text().replace("KillMode=mixed", "KillMode=gently"))
    worse = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert "gently" in worse.stderr, "a wrong line would be noticed"


def test_the_server_stops_sooner_than_its_supervisors_lose_their_patience() -> None:
    from backend.server import STOPPED_S

    unit = (DEPLOY / "windowseat.service").read_text()
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert int(re.findall(r"TimeoutStopSec=(\d+)", unit)[0]) > STOPPED_S
    assert int(compose["services"]["one"]["stop_grace_period"].removesuffix("s")) > STOPPED_S


def test_the_image_has_every_room_and_file_that_the_package_is_built_from() -> None:
    lines = (DEPLOY / "Containerfile").read_text().splitlines()
    copied = [word for line in lines if line.startswith("COPY") and "--from" not in line for word in line.split()[1:-1]]
    for name in copied:
        assert (ROOT / name).exists(), name
    wheel = re.findall(r"packages = \[(.*)\]", (ROOT / "pyproject.toml").read_text())[0]
    assert set(re.findall(r'"(\w+)"', wheel)) <= set(copied)


def test_the_nodes_share_a_log_that_forgets_nothing() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert services["one"] == services["two"]
    assert services["one"]["environment"]["WINDOWSEAT_LOG"].startswith("redis://valkey:")
    command = services["valkey"]["command"]
    for option, value in zip(SAFE[:4:2], SAFE[1:4:2], strict=True):
        assert f"{option} {value}" in command


def test_the_proxy_finds_the_nodes() -> None:
    haproxy = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["haproxy"]
    named = set(re.findall(r'"\$\{(\w+)\}"', (DEPLOY / "haproxy.cfg").read_text()))
    assert named == set(haproxy["environment"])
    port = (DEPLOY / "Containerfile").read_text().partition("EXPOSE ")[2].split()[0]
    assert {haproxy["environment"][name] for name in ("NODE_ONE", "NODE_TWO")} == {f"one:{port}", f"two:{port}"}
    assert haproxy["volumes"] == ["./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro"]


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="counted by the tests of the proxies")
def test_haproxy_can_have_as_many_connections_as_the_file_says() -> None:
    maxconn = int(re.findall(r"maxconn (\d+)", (DEPLOY / "haproxy.cfg").read_text())[0])
    assert maxconn * 2 + 100 < 20_000, "two descriptors a stream: more than a common limit of files"
