"""Note consent: what a person said about our messages to somebody else, as if it were said to us."""

import msgspec

from commands.identity.describing import shipped
from commands.runtime.context import AlreadyDoneError, Context
from commands.runtime.event_store import EventStore
from domain.identity.customer import ConsentState, Customer, Observed
from domain.identity.naming import Naming, strongest
from domain.ingestion.callbacks.call import ConsentWord
from domain.kernel.errors import StaleVersionError
from domain.kernel.ids import derived

_ATTEMPTS = 5
PROVIDER = "provider"


async def note_consent(word: ConsentWord, *, told_by: str, by: Context, store: EventStore, naming: Naming) -> None:
    """Record the word with its customer, who is registered if new; told again (same evidence) it changes nothing.

    Nothing is recorded of who was erased: she is written to on no channel anyway.
    """
    command_id = derived("consent", told_by, word.channel, word.purpose, word.evidence)
    once = msgspec.structs.replace(by, command_id=command_id, occurred_at=word.occurred_at)
    names = observed(word, naming)
    if any(one.id in store.suppressions for one in names):
        return
    streams = store.streams
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            await streams.refuse_repeat(once)
            customer = await streams.load(Customer, naming.customer_id(strongest(word.identifiers)))
            if customer.is_erased:
                return
            customer.observe(names, word.occurred_at)
            customer.change_consent(
                word.channel,
                word.purpose,
                ConsentState(word.state),
                text_version=word.text_version,
                source=PROVIDER,
                occurred_at=word.occurred_at,
                evidence=f"{told_by}: {word.evidence}",
            )
            await streams.save(customer, by=once)
        except AlreadyDoneError:
            return
        except StaleVersionError:
            if not attempts_left:
                raise
        else:
            return


def observed(word: ConsentWord, naming: Naming) -> tuple[Observed, ...]:
    """Return the identifiers of the word as a customer claims them, the strongest first."""
    return shipped().observed(sorted(word.identifiers), naming, word.occurred_at)
