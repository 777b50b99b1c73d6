"""The channels a message can take, and what each needs to reach a person."""

from typing import ClassVar

import msgspec

from domain.kernel.errors import InvalidInputError


class UnknownChannelError(InvalidInputError):
    """There is no such channel."""

    code: ClassVar[str] = "channel.unknown"


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A way to reach a person.

    `identifier_type` is the kind of identifier that serves as address (None: the channel needs none of the person's).
    `requires_grant` says whether marketing needs a consent that was given; without, one that was not withdrawn.
    """

    name: str
    identifier_type: str | None = None
    requires_grant: bool = True


# The sandbox reaches nobody: it shows what would have been sent, so that silence does not hide a journey on trial.
CHANNELS = {
    channel.name: channel
    for channel in (
        Channel(name="email", identifier_type="email"),
        Channel(name="webhook"),
        Channel(name="sandbox", requires_grant=False),
    )
}


def channel(name: str) -> Channel:
    """Return the channel of this name; raises `UnknownChannelError`."""
    try:
        return CHANNELS[name]
    except KeyError:
        raise UnknownChannelError(f"a channel is one of {', '.join(CHANNELS)}", field="channel") from None
