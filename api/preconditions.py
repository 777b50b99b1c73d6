"""Preconditions: `If-Match` carries the version somebody has seen, `ETag` the one there is."""

import re
from typing import Annotated, Final

from litestar.params import HeaderParameter

from domain.kernel.errors import InvalidInputError, KoiError

IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        description='The version seen, as in `"v3"` (the ETag of the read); `*` takes whatever there is.',
        required=False,
    ),
]

_ETAG: Final = re.compile(r'\s*(?:W/)?"?v(\d{1,18})"?\s*\Z')


class VersionMissingError(KoiError):
    """A change to something that exists names the version it was decided on."""

    code = "version.missing"

    def __init__(self) -> None:
        super().__init__('send If-Match with the version you have seen, as in "v3", or * for any', field="If-Match")


def expected_version(if_match: str | None) -> int | None:
    """Return the version named, None for any; raises `VersionMissingError`, or `InvalidInputError` for another form."""
    if if_match is None:
        raise VersionMissingError
    if if_match.strip() == "*":
        return None
    found = _ETAG.match(if_match)
    if found is None:
        raise InvalidInputError('a version looks like "v3"; * takes whatever there is', field="If-Match")
    return int(found[1])


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"v{version}"'
