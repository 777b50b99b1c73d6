"""What the OpenAPI document says about the API as a whole."""

from importlib import metadata
from typing import Final

from litestar.openapi import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Tag

from api.problem import MEDIA_TYPE, Problem

_WHY: Final = {
    400: "The body cannot be read, or a header that is needed is missing.",
    401: "No key, or an unknown one.",
    403: "The key does not have the scope; the answer names it.",
    404: "It does not exist.",
    409: "A business rule refuses it, or the same command is under way.",
    412: "It is at another version than the one in If-Match.",
    413: "The body is too large, as sent or decompressed.",
    422: "The input is not of its form (the answer names the fields), or the key came with another request before.",
    428: "If-Match is missing.",
    429: "Too many events wait to be written: send the same again after Retry-After.",
    503: "The log cannot be reached: send the same again after Retry-After.",
    504: "The view has not come as far as Koi-Wait-For asks within 5 seconds.",
}


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """Return the problems a route may answer with."""
    return {
        status: ResponseSpec(
            data_container=Problem, description=_WHY[status], media_type=MEDIA_TYPE, generate_examples=False
        )
        for status in statuses
    }


INGEST: Final = refusals(400, 401, 403, 413, 429, 503)
# Whatever else comes is answered alike.
COLLECT: Final = refusals(413, 503)
READ: Final = refusals(400, 401, 403, 422, 504)
READ_ONE: Final = refusals(400, 401, 403, 404, 422, 504)
# A question in a body: what it asks about may not exist.
ASK: Final = refusals(400, 401, 403, 404, 413, 422, 504)
CREATE: Final = refusals(400, 401, 403, 409, 413, 422, 503)
# Something new that is made of what exists.
CREATE_OF: Final = refusals(400, 401, 403, 404, 409, 413, 422, 503)
CHANGE: Final = refusals(400, 401, 403, 404, 409, 412, 413, 422, 428, 503)

_DESCRIPTION: Final = """\
Events come in as the Segment SDKs or CloudEvents send them; commands ask for changes; reads show views; the audit reads
history itself. Every error is a problem document (RFC 9457).

Keys: `Authorization: Bearer KEY`, Basic with the key as user name, or `X-API-Key: KEY`. Commands take
`Idempotency-Key` and, on what exists already, `If-Match: "v<version>"`. Reads answer how far their view has come
(`Koi-Position`) and wait for a position on demand (`Koi-Wait-For`).
"""

CONFIG: Final = OpenAPIConfig(
    title="Koi",
    version=metadata.version("koi"),
    description=_DESCRIPTION,
    path="/schema",
    use_handler_docstrings=True,
    render_plugins=[JsonRenderPlugin()],  # the document alone: no page that loads scripts from elsewhere
    tags=[
        Tag(name="ingest", description="Send events."),
        Tag(name="customers", description="Who customers are, and what they do."),
        Tag(name="identity", description="Why customers are one person, and the rules that decide it."),
        Tag(name="matches", description="Pairs that may be one person, for people to decide."),
        Tag(name="segments", description="Who belongs together, by rules or lists: now, then, and why."),
        Tag(name="tags", description="What customers are known by: the catalogue, its versions, and what sources say."),
        Tag(name="consents", description="Who may be written to, and who wants no more."),
        Tag(name="products", description="What is sold."),
        Tag(name="campaigns", description="What is offered, and how customers are led to it."),
        Tag(name="coupons", description="Promises to single customers."),
        Tag(name="models", description="What was learned, how good it is, and what it says of customers."),
        Tag(name="erasures", description="Forget a person for good, with a receipt."),
        Tag(name="context", description="Where and when: regions, the calendar, the weather."),
        Tag(name="audit", description="What happened, what was so then, and why."),
        Tag(name="operations", description="Whether Koi is well."),
    ],
    components=[
        Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", description="An API key."),
                "basic": SecurityScheme(type="http", scheme="basic", description="An API key as the user name."),
                "header": SecurityScheme(type="apiKey", name="X-API-Key", security_scheme_in="header"),
            }
        )
    ],
    security=[{"bearer": []}, {"basic": []}, {"header": []}],
)
