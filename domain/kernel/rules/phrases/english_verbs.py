"""What a person did, from the label of an event: "Order completed" is "completed an order"."""

from typing import Final

# What people do to things; of other events ("Order shipped") somebody else is the doer, so they keep their label.
_DONE: Final = frozenset(
    {
        *("viewed", "opened", "installed", "updated", "uninstalled", "left", "clicked"),
        *("shared", "entered", "filtered", "reviewed", "started", "completed", "applied"),
        *("removed", "claimed", "redeemed", "placed", "cancelled", "refunded", "tapped", "received", "discarded"),
    }
)
# Events that are named by what was done in the first place: "Added to cart".
_FIRST: Final = frozenset(
    {
        *("added", "signed", "joined", "searched", "stayed", "removed", "interacted"),
        *("followed", "unfollowed", "commented", "liked", "scanned", "sent", "opened"),
        *("connected", "left", "entered", "unsubscribed", "moved"),
    }
)
_THE: Final = frozenset({"app", "cart"})
_UNCOUNTED: Final = ("info", "information")


def done(label: str) -> str:
    """Return what was done, as it follows "has": with the label in quotes where it says nothing a person did."""
    words = label.split()
    if words and words[0].lower() in _FIRST:
        return " ".join([words[0].lower(), *words[1:]])
    if len(words) > 1 and words[-1] in _DONE:
        noun = " ".join([_lower(words[0]), *words[1:-1]])
        return f"{words[-1]} {_article(noun)}{noun}"
    return f'had "{label}"'


def _lower(word: str) -> str:
    return word if word.isupper() else word[:1].lower() + word[1:]


def _article(noun: str) -> str:
    if noun in _THE:
        return "the "
    if noun.endswith(_UNCOUNTED):
        return ""
    return "an " if noun[:1] in "aeiou" else "a "
