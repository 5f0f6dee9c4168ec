"""GET / and GET /static/<file>: what is served, and under which policy."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

import backend.web
from backend.http import pages, problems

WEB = Path(backend.web.__file__).parent
STATIC = sorted(file.name for file in (WEB / "static").iterdir())
PAGE_WEIGHT_BYTES = 150_000


@pytest.fixture
def client() -> Client:
    app = Quart("pages-alone", static_folder=None)
    app.register_blueprint(pages.blueprint)
    problems.install(app)
    return app.test_client()


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", ["/", *(f"/static/{name}" for name in STATIC)])
async def test_every_file_has_its_type_and_the_strict_headers(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 200
    expected = {"": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    assert response.mimetype == expected[path.rpartition(".")[2] if "." in path else ""]
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/static/page.js"])
async def test_what_the_browser_has_already_is_not_sent_again(client: Client, path: str) -> None:
    first = await client.get(path)
    assert first.headers["Cache-Control"] == "no-cache"
    again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, await again.get_data()) == (304, b"")
    other = await client.get(path, headers={"If-None-Match": '"older"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    "path", ["/static/none.js", "/static/page.html", "/static/package.json", "/static/..%2fpackage.json", "/static/"]
)
async def test_nothing_else_is_served(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 404
    assert response.mimetype == "application/problem+json"


def test_the_page_holds_nothing_inline_and_nothing_from_elsewhere() -> None:
    tags = Tags()
    tags.feed((WEB / "templates" / "page.html").read_text())
    for tag, attributes in tags.found:
        assert tag != "style"
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        for name in ("src", "href"):
            if (address := attributes.get(name)) is not None:
                assert address.startswith(("/static/", "#"))
                assert address.startswith("#") or address.removeprefix("/static/") in STATIC
        assert tag != "script" or attributes["src"]


def test_modules_import_only_what_is_served_and_never_make_markup() -> None:
    for file in (WEB / "static").glob("*.js"):
        source = file.read_text()
        for module in re.findall(r'from "([^"]+)"', source):
            assert module.removeprefix("./") in STATIC, file.name
        for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert sink not in source, f"{sink} in {file.name}"


def test_the_page_is_light() -> None:
    files = [*(WEB / "static").iterdir(), *(WEB / "templates").iterdir()]
    assert sum(file.stat().st_size for file in files) <= PAGE_WEIGHT_BYTES
