"""Errors as ``application/problem+json`` (RFC 9457), whoever raised them."""

import logging
import secrets

import msgspec
from quart import Quart, Response
from werkzeug.exceptions import HTTPException

from backend.errors import RequestError, StorageError, Unavailable, to_problem

_log = logging.getLogger(__name__)


def problem_response(error: RequestError) -> Response:
    """The response for ``error``."""
    body = msgspec.json.encode(to_problem(error))
    return Response(body, error.status, {**error.headers, "Content-Type": "application/problem+json"})


def install(app: Quart) -> None:
    """Make every error of ``app`` a problem."""
    app.register_error_handler(Exception, lambda error: problem_response(explained(error)))


def explained(error: Exception) -> RequestError:
    """What to tell who asked, whatever was raised; what only its keeper should know is logged."""
    match error:
        case RequestError():
            return error
        case StorageError():
            _log.error("%s", error)
            detail = "The server can't use its run log."
            return Unavailable(detail, hint="Its log says why.", headers={"Retry-After": "5"})
        case HTTPException():
            headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
            detail, status = error.description or error.name, error.code or 500
            return RequestError(detail, status=status, title=error.name, headers=headers)
    number = secrets.token_hex(4)
    _log.error("bug %s", number, exc_info=error)
    detail = f"Something went wrong inside Windowseat ({number}); this is a bug, and not your fault."
    hint = f"Please report it with what the server logged under {number}."
    return RequestError(detail, status=500, title="Internal error", hint=hint)
