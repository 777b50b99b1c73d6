"""Whether two values say the same as JSON: 1 and true are equal in Python, and two things in a rule."""

import msgspec

_encode = msgspec.json.Encoder(order="deterministic").encode


def same_json(one: object, other: object) -> bool:
    """Say whether both are written alike, in whatever order their members stand."""
    return _encode(one) == _encode(other)
