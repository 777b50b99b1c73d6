"""The OpenAPI document as a file: `python -m api.document` writes it anew after a change of the API."""

from pathlib import Path

import msgspec

from api.app import build
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings

FILE = Path(__file__).with_name("openapi.json")


def document() -> bytes:
    """Return the document of this version; nothing is opened for it."""
    nowhere = Settings.build({}, database_url="postgresql://nowhere", nats_url="nats://nowhere")
    schema = build(nowhere, Secrets.generate()).openapi_schema.to_schema()
    return msgspec.json.format(msgspec.json.encode(schema, order="deterministic"), indent=2) + b"\n"


if __name__ == "__main__":
    FILE.write_bytes(document())
