"""What a model refuses, and what to do about it."""

from typing import ClassVar

from domain.kernel.errors import DomainError, InvalidInputError, NotFoundError


class ModelTermsError(InvalidInputError):
    """What is said of a model is not of its form."""

    code: ClassVar[str] = "model.terms"


class ModelNotFoundError(NotFoundError):
    """No model has this key, or it has no such version."""

    code: ClassVar[str] = "model.not_found"


class KindChangedError(DomainError):
    """A key belongs to one kind of model for ever: rules name it."""

    code: ClassVar[str] = "model.kind_changed"


class AlreadyPromotedError(DomainError):
    """The version speaks already."""

    code: ClassVar[str] = "model.already_promoted"


class ModelRetiredError(DomainError):
    """The version was retired; it speaks never again."""

    code: ClassVar[str] = "model.retired"


class KnowsTheFutureError(DomainError):
    """The version learned from data later than the instant it is asked about: what it says of then would be a leak."""

    code: ClassVar[str] = "model.knows_the_future"
