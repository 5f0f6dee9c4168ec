"""Node for the modules, a scripted site and a browser for the page."""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.backend.web import browser as chromium
from tests.backend.web.scripted_site import Site, running_site

DRIVERS = Path(__file__).parent
STATIC = Path(__file__).parents[3] / "backend" / "web" / "static"

Node = Callable[[str, Any], Any]


@pytest.fixture
def node() -> Node:
    """``node("fold", value)`` runs fold.mjs with ``value`` as JSON on its input and returns its output, parsed."""
    program = shutil.which("node")
    assert program, "a test that takes `node` must be marked needs('node')"

    def run(driver: str, value: Any) -> Any:
        done = subprocess.run(
            [program, str(DRIVERS / f"{driver}.mjs"), STATIC.as_uri()],
            input=json.dumps(value).encode(),
            capture_output=True,
            timeout=25,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return run


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site() as running:
        yield running


@pytest.fixture(scope="session")
def chromium_session() -> Iterator[tuple[str, str]]:
    with chromium.running_chromium() as session:
        yield session


@pytest.fixture
async def browser(chromium_session: tuple[str, str]) -> AsyncIterator[chromium.Browser]:
    async with chromium.fresh_page(*chromium_session) as page:
        yield page
