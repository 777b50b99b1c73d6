"""What the OpenAPI document says about the API as a whole."""

from importlib import metadata
from typing import Final

from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme, Tag

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
    tags=[
        Tag(name="ingest", description="Send events."),
        Tag(name="customers", description="Who customers are, and what they do."),
        Tag(name="campaigns", description="What is offered, and how customers are led to it."),
        Tag(name="coupons", description="Promises to single customers."),
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
