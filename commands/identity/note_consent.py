"""Note consent: what a person said about our messages to somebody else, as if it were said to us."""

import msgspec

from commands.runtime.context import AlreadyDoneError, Context
from commands.runtime.streams import Streams
from domain.identity.customer import ConsentState, Customer, Observed
from domain.identity.naming import Naming, strongest
from domain.ingestion.callbacks.call import ConsentWord
from domain.kernel.errors import StaleVersionError
from domain.kernel.ids import derived

_ATTEMPTS = 5
PROVIDER = "provider"


async def note_consent(word: ConsentWord, *, told_by: str, by: Context, streams: Streams, naming: Naming) -> None:
    """Record the word with its customer, who is registered if new; told again (same evidence) it changes nothing."""
    command_id = derived("consent", told_by, word.channel, word.purpose, word.evidence)
    once = msgspec.structs.replace(by, command_id=command_id, occurred_at=word.occurred_at)
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            await streams.refuse_repeat(once)
            customer = await streams.load(Customer, naming.customer_id(strongest(word.identifiers)))
            if customer.is_erased:
                return
            customer.observe(observed(word, naming))
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
    return tuple(
        Observed(naming.customer_id(one), str(one.type), one.value if one.type.is_value_kept else None)
        for one in sorted(word.identifiers)
    )
