"""The artefact of a model: plain data in one file, nothing in it is ever executed."""

from typing import Any, ClassVar, Final

import msgspec

from domain.kernel.errors import KoiError

FORMAT: Final = 1


class ArtefactError(KoiError):
    """An artefact cannot be read."""

    code: ClassVar[str] = "model.artefact"


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """How a feature lay in the training: the share of rows in each bin between `edges`, and the share without it."""

    edges: list[float]
    shares: list[float]
    missing: float


class Artefact(msgspec.Struct, frozen=True, kw_only=True):
    """What a training leaves: `numbers` it found, `parts` of other libraries' formats (boosted trees, matrices).

    `references` are the features as they lay then, `scored` the scores, for the watch over drift.
    """

    kind: str
    parameters: dict[str, Any]
    numbers: dict[str, Any]
    parts: dict[str, bytes] = {}
    references: dict[str, Reference] = {}
    scored: Reference | None = None
    format: int = FORMAT


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_decode = msgspec.msgpack.Decoder(Artefact).decode


def packed(artefact: Artefact) -> bytes:
    """Return the artefact as a file's content: equal artefacts have equal bytes."""
    return _encode(artefact)


def unpacked(content: bytes) -> Artefact:
    """Return the artefact in a file; raises `ArtefactError`."""
    try:
        artefact = _decode(content)
    except msgspec.DecodeError as error:
        raise ArtefactError(f"this is no artefact of a model ({error})") from None
    if artefact.format != FORMAT:
        raise ArtefactError(f"the artefact has format {artefact.format}, this Koi reads {FORMAT}: train anew")
    return artefact
