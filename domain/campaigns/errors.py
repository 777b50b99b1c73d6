"""What a campaign refuses, and what to do about it."""

from typing import ClassVar

from domain.kernel.errors import AlreadyExistsError, DomainError, InvalidInputError, NotFoundError


class CampaignTermsError(InvalidInputError):
    """A campaign's name or dates are not usable."""

    code: ClassVar[str] = "campaign.terms"


class CampaignExistsError(AlreadyExistsError):
    """The campaign was created before."""

    code: ClassVar[str] = "campaign.exists"


class CampaignNotFoundError(NotFoundError):
    """There is no campaign with this id."""

    code: ClassVar[str] = "campaign.not_found"


class OfferExistsError(AlreadyExistsError):
    """The campaign has an offer with this id; its terms are promised and never change."""

    code: ClassVar[str] = "offer.exists"


class OfferNotFoundError(NotFoundError):
    """The campaign has no offer with this id."""

    code: ClassVar[str] = "offer.not_found"


class NothingToLaunchError(DomainError):
    """A campaign without a journey has nothing for customers to enter."""

    code: ClassVar[str] = "campaign.no_journey"


class AlreadyLaunchedError(DomainError):
    """The latest version of the journey is live already."""

    code: ClassVar[str] = "campaign.already_launched"


class NotLiveError(DomainError):
    """Only a live campaign can be paused, or give coupons away."""

    code: ClassVar[str] = "campaign.not_live"


class SoldOutError(DomainError):
    """Every coupon of the offer has been given away."""

    code: ClassVar[str] = "offer.sold_out"
