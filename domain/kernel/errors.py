"""The one tree of errors with a meaning for people; `api/problems.py` maps it to HTTP in one place."""

from typing import ClassVar


class KoiError(Exception):
    """An error Koi can explain.

    `code` is stable and machine-readable, `detail` says what is wrong and what would be right, `field` names the part
    of the input at fault (dotted path), where there is one. None of them ever contains a personal value.
    """

    code: ClassVar[str] = "koi.error"

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        """Keep the explanation and the place."""
        super().__init__(detail)
        self.detail = detail
        self.field = field


class DomainError(KoiError):
    """A business rule refuses what was asked."""

    code = "domain.refused"


class InvalidInputError(DomainError):
    """A value does not have the form it needs."""

    code = "input.invalid"


class NotFoundError(KoiError):
    """What was asked for does not exist."""

    code = "not_found"


class AlreadyExistsError(DomainError):
    """It exists already, under the same identity."""

    code = "already_exists"


class StaleVersionError(KoiError):
    """Someone else changed the stream since it was read: read again and decide anew."""

    code = "version.stale"
