"""The page at ``GET /`` and its files at ``GET /static/<file>``, read once and served as they are.

Must never run, include or allow anything that is not one of these files: the policy below forbids it.
"""

import hashlib
import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec
from quart import Blueprint, Response, current_app, request

from backend.errors import NotFound
from backend.http.first_view import fill

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

# Trusted Types make every sink that takes markup (innerHTML and its like) throw: text stays text.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Names don't change with the content: ask each time, which costs one 304 without a body.
    "Cache-Control": "no-cache",
}


class _File(msgspec.Struct, frozen=True):
    body: bytes
    content_type: str
    etag: str


blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
async def index() -> Response:
    return await page()


def wants_page() -> bool:
    """Whether who asks would rather have a page than JSON: browsers name HTML, programs don't."""
    best = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return best == "text/html" and request.accept_mimetypes["text/html"] > request.accept_mimetypes["application/json"]


async def page(status: int = 200, *, pipeline: str | None = None, run: str | None = None) -> Response:
    """The one page there is, for ``pipeline`` (by default the one that the address names) or of ``run``."""
    pipelines = current_app.extensions.get("pipelines", ())
    name = pipeline or request.args.get("pipeline")
    chosen = next((one for one in pipelines if one.name == name), pipelines[0] if pipelines else None)
    file = _files()["page.html"]
    body = fill(file.body.decode(), pipelines, chosen, run).encode()
    return await _respond(_File(body, file.content_type, _etag(body)), status)


@blueprint.get("/static/<file>")
async def static_file(file: str) -> Response:
    found = _files().get(file)
    if found is None or file == "page.html":
        raise NotFound(f"The page has no file {file!r}.")
    return await _respond(found)


@cache
def _files() -> dict[str, _File]:
    web = files("backend.web")
    served = [entry for entry in (web / "static").iterdir() if _suffix(entry.name) in _TYPES]
    return {entry.name: _read(entry) for entry in (web / "templates" / "page.html", *served)}


def _suffix(name: str) -> str:
    match = re.search(r"\.[a-z]+$", name)
    return match[0] if match else ""


def _read(entry: Traversable) -> _File:
    body = entry.read_bytes()
    return _File(body, _TYPES[_suffix(entry.name)], _etag(body))


def _etag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


async def _respond(file: _File, status: int = 200) -> Response:
    response = Response(file.body, status, content_type=file.content_type, headers=HEADERS)
    response.headers["Vary"] = "Accept"
    response.set_etag(file.etag)
    if status == 200:
        await response.make_conditional(request)
    return response
