"""Every error as a problem document (RFC 9457), mapped to a status here and nowhere else.

Beside the members of the RFC each has `code` and `message`, without which RudderStack's SDK repeats even a 400. No
personal value and no trace of the code is ever told; the log says more of what was not foreseen, under its `instance`.
"""

import logging
import re
import uuid
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from api.auth import ForeignOriginError, MissingScopeError, UnknownKeyError
from api.idempotency import InFlightError, KeyMissingError, KeyReusedError
from api.ingest.door import CrowdedError
from api.ingest.spool import SpoolFullError
from api.outages import UNAVAILABLE, place
from api.positions import LaggingError
from api.preconditions import VersionMissingError
from api.problem import MEDIA_TYPE, TYPE, Fault, Problem
from commands.runtime.writer import WriterClosedError
from domain.identity.normalising import IdentifierError
from domain.ingestion.callbacks.call import ForgedCallError
from domain.ingestion.refusal import BodyTooLargeError, IngestionError, UnsupportedEncodingError
from domain.kernel.errors import (
    AlreadyExistsError,
    DomainError,
    InvalidInputError,
    KoiError,
    NotFoundError,
    StaleVersionError,
)

RETRY_SECONDS: Final = 2

# A sentence ends, or what follows is a detail of it.
_SENTENCE: Final = re.compile(r"[.;:\n]")
# msgspec's "Invalid enum value 'maybe'" and its like.
_QUOTED: Final = re.compile(r"value '.*'", re.DOTALL)
_log = logging.getLogger("koi.api")

_CUT_OFF: Final = "client disconnected prematurely"  # the framework's words, and all it says

# The nearest class in an error's ancestry decides.
_STATUS: Final[dict[type[BaseException], HTTPStatus]] = {
    UnknownKeyError: HTTPStatus.UNAUTHORIZED,
    MissingScopeError: HTTPStatus.FORBIDDEN,
    ForeignOriginError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    KeyMissingError: HTTPStatus.BAD_REQUEST,
    KeyReusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InFlightError: HTTPStatus.CONFLICT,
    VersionMissingError: HTTPStatus.PRECONDITION_REQUIRED,
    StaleVersionError: HTTPStatus.PRECONDITION_FAILED,
    InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    IdentifierError: HTTPStatus.UNPROCESSABLE_ENTITY,
    AlreadyExistsError: HTTPStatus.CONFLICT,
    IngestionError: HTTPStatus.BAD_REQUEST,
    ForgedCallError: HTTPStatus.FORBIDDEN,
    UnsupportedEncodingError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    SpoolFullError: HTTPStatus.SERVICE_UNAVAILABLE,
    BodyTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    DomainError: HTTPStatus.CONFLICT,
    CrowdedError: HTTPStatus.TOO_MANY_REQUESTS,
    WriterClosedError: HTTPStatus.SERVICE_UNAVAILABLE,
    LaggingError: HTTPStatus.GATEWAY_TIMEOUT,
}
_CODES: Final = {
    HTTPStatus.BAD_REQUEST: "request.malformed",
    HTTPStatus.NOT_FOUND: "route.not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method.not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body.too_large",
}


def problem(
    status: HTTPStatus, code: str, detail: str, *, title: str | None = None, errors: list[Fault] | None = None
) -> Problem:
    """Return the document; what the SDKs read (`message`) says the same as what people read (`detail`)."""
    return Problem(
        type=TYPE + code,
        title=title or status.phrase,
        status=status,
        detail=detail,
        code=code,
        message=detail,
        instance=f"urn:uuid:{uuid.uuid4()}",
        errors=errors or [],
    )


def answer(found: Problem, headers: dict[str, str] | None = None) -> Response[Problem]:
    """Return the document as an answer."""
    headers = dict(headers or {})
    if found.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="koi"'
    if found.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return Response(found, status_code=found.status, headers=headers, media_type=MEDIA_TYPE)


def of_koi(_: Request[Any, Any, Any], error: KoiError) -> Response[Problem]:
    """Map an error Koi can explain."""
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)
    errors = [Fault(error.detail, error.field)] if error.field else []
    return answer(problem(status, error.code, error.detail, title=_title(error), errors=errors))


def of_http(_: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """Map what the framework raises: unknown routes, other methods, bodies that are no JSON or of another form."""
    if isinstance(error, ValidationException):
        return _invalid(error)
    if error.detail == _CUT_OFF:
        # Nobody reads this, but a page that was closed while it sent is no failure of Koi's.
        return answer(problem(HTTPStatus.BAD_REQUEST, "body.cut_off", "the connection ended before the body did"))
    status = HTTPStatus(error.status_code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unforeseen(error)
    code = _CODES.get(status, f"http.{int(status)}")
    return answer(problem(status, code, _said(status)), error.headers)


def of_anything(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Map the rest: 503 where the database is away, else 500 that tells nothing but where to look in the log."""
    if isinstance(error, UNAVAILABLE):
        detail = "the event log cannot be reached just now: send the same request again"
        return answer(problem(HTTPStatus.SERVICE_UNAVAILABLE, "log.unavailable", detail))
    return _unforeseen(error)


HANDLERS: Final[ExceptionHandlersMap] = {KoiError: of_koi, HTTPException: of_http, Exception: of_anything}


def _unforeseen(error: Exception) -> Response[Problem]:
    found = problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "koi.failed", "Koi failed at this: its log says more under `instance`"
    )
    _log.error("%s: %s", found.instance, place(error))
    return answer(found)


def _invalid(error: ValidationException) -> Response[Problem]:
    extra = error.extra if isinstance(error.extra, list) else []
    faults = [_fault(one.get("key"), str(one.get("message", ""))) for one in extra if isinstance(one, dict)]
    detail = "; ".join(f"{fault.field or 'body'}: {fault.message}" for fault in faults) or _said(HTTPStatus.BAD_REQUEST)
    return answer(
        problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "input.invalid",
            detail,
            title="The input is not of its form.",
            errors=faults,
        )
    )


def _fault(field: str | None, message: str) -> Fault:
    """Return what is wrong in words that never repeat the value."""
    if message == "'data'":  # the framework's way to say that there is no body
        return Fault("send a JSON object")
    if field == "data":  # the body as a whole
        field = None
    if field is not None and message == repr(field):
        return Fault("is required", field)
    return Fault(_QUOTED.sub("value: it is none of those allowed", message), field)


def _title(error: KoiError) -> str:
    # What the error means is written where it is declared.
    return _SENTENCE.split(type(error).__doc__ or type(error).__name__, maxsplit=1)[0] + "."


def _said(status: HTTPStatus) -> str:
    match status:
        case HTTPStatus.BAD_REQUEST:
            return "the body is not the JSON document this needs"
        case HTTPStatus.NOT_FOUND:
            return "there is nothing at this path: /schema/openapi.json lists what there is"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return "this path does not take this method: /schema/openapi.json lists what it takes"
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return "the body is larger than allowed here: send less at once"
        case _:
            return status.description or status.phrase
