"""What a segment refuses, and what to do about it."""

from typing import ClassVar

from domain.kernel.errors import AlreadyExistsError, DomainError, InvalidInputError, NotFoundError


class SegmentTermsError(InvalidInputError):
    """What is said of a segment is not of its form."""

    code: ClassVar[str] = "segment.terms"


class SegmentNotFoundError(NotFoundError):
    """No segment has this key."""

    code: ClassVar[str] = "segment.not_found"


class SegmentExistsError(AlreadyExistsError):
    """A segment has this key already."""

    code: ClassVar[str] = "segment.already_exists"


class SegmentArchivedError(DomainError):
    """The segment is archived; it changes no more."""

    code: ClassVar[str] = "segment.archived"


class SegmentKindError(DomainError):
    """A list has no rule, a rule no list."""

    code: ClassVar[str] = "segment.kind"


class SegmentInUseError(DomainError):
    """Something names the segment and would not know whom it means."""

    code: ClassVar[str] = "segment.in_use"


class ListError(InvalidInputError):
    """A list of people cannot be taken."""

    code: ClassVar[str] = "segment.list"


class SegmentShippedError(DomainError):
    """The segment comes with Koi: it is used, and never changed."""

    code: ClassVar[str] = "segment.shipped"
