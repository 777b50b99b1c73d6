"""Adopt identity rules: from then on they decide, over the whole history, who is one person."""

import msgspec

from commands.runtime.context import AlreadyDoneError, Context
from commands.runtime.streams import Streams
from domain.identity.naming import Naming
from domain.identity.rule_book import RuleBook, rule_book_stream
from domain.identity.rules import default_rules, read_rules
from domain.kernel.errors import InvalidInputError, StaleVersionError


class AdoptRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules to put in force: those of a TOML text, or of an earlier `version`; and why."""

    reason: str
    rules: str | None = None
    version: int | None = None


class AdoptedRules(msgspec.Struct, frozen=True, kw_only=True):
    """The version now in force, and the position at which the identity graph stands under it."""

    version: int
    position: int


async def adopt_rules(command: AdoptRules, *, by: Context, streams: Streams, naming: Naming) -> AdoptedRules:
    """Put the rules in force.

    Raises `RulesError` for rules that cannot be, `RulesInForceError` if they are in force already and
    `RulesNotFoundError` for a version nobody adopted.
    """
    if not command.reason.strip():
        raise InvalidInputError("say why the rules change: whoever asks later wants to know", field="reason")
    if (command.rules is None) is (command.version is None):
        raise InvalidInputError(
            "give either `rules` (the text of a file) or the `version` of earlier ones", field="rules"
        )
    book = await streams.load(RuleBook, rule_book_stream())
    if command.rules is not None:
        book.adopt(read_rules(command.rules).guards(naming.customer_id), command.reason.strip())
    elif command.version is not None:
        book.restore(command.version, command.reason.strip())
    result = {"version": len(book.adopted)}
    saved = await streams.save(book, by=by, result=result)
    return AdoptedRules(version=len(book.adopted), position=saved.position)


async def ensure_rules(streams: Streams, naming: Naming) -> None:
    """Adopt the rules that come with Koi, where nobody has adopted any; another process may be faster."""
    book = await streams.load(RuleBook, rule_book_stream())
    if book.exists:
        return
    book.adopt(default_rules().guards(naming.customer_id), "the rules that come with Koi")
    try:
        await streams.save(book, by=Context(actor="koi"))
    except (StaleVersionError, AlreadyDoneError):
        return
