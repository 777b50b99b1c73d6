"""What a tag refuses, and what to do about it."""

from typing import ClassVar

from domain.kernel.errors import AlreadyExistsError, DomainError, InvalidInputError, NotFoundError


class TagTermsError(InvalidInputError):
    """What is said of a tag is not of its form."""

    code: ClassVar[str] = "tag.terms"


class TooManyValuesError(InvalidInputError):
    """A text of nearly everybody's own: nobody could count or compare people by it."""

    code: ClassVar[str] = "tag.too_many_values"


class TagNotFoundError(NotFoundError):
    """No tag has this key."""

    code: ClassVar[str] = "tag.not_found"


class TagExistsError(AlreadyExistsError):
    """A tag has this key already."""

    code: ClassVar[str] = "tag.already_exists"


class TagRetiredError(DomainError):
    """The tag is retired; it changes no more."""

    code: ClassVar[str] = "tag.retired"


class TagInUseError(DomainError):
    """Something is made of the tag and would not know its value."""

    code: ClassVar[str] = "tag.in_use"
