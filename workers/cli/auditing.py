"""`koi audit`: the same questions to history as over the API."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from commands.runtime.event_store import open_pool
from commands.runtime.facts import DIGEST
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.channels.message import Message
from domain.coupons.coupon import Coupon
from domain.identity.identifier import Identifier, IdentifierType, identifier
from domain.identity.naming import Naming
from domain.kernel.errors import KoiError, NotFoundError
from projections.audit_chain.queries import verify_chain
from projections.cause_chain.queries import why as find_causes
from projections.cause_chain.step import CauseChain
from projections.event_timeline.queries import latest_of
from projections.history import queries as history
from projections.history.shown import recorded
from projections.identity_graph.queries import members_of

app = cyclopts.App(name="audit", help="Ask what happened, and why. Personal values stay sealed here.")
_out = Console()

AsJson = Annotated[bool, Parameter(name="--json", negative=())]


class NoChainError(KoiError):
    """The view that keeps the chain does not exist yet."""

    code = "audit.no_chain"


class BrokenChainError(KoiError):
    """The log is not what it was when it was written."""

    code = "audit.chain_broken"


@app.command
def stream(stream_id: UUID, *, as_json: AsJson = False) -> None:
    """List the events of a customer, campaign, coupon, journey run or message.

    Args:
        stream_id: Whose events.
        as_json: One JSON object a line, payloads included.
    """
    found = _ask(lambda pool: history.stream(pool, stream_id))
    if not found:
        raise NotFoundError("there is no stream with this id")
    if as_json:
        for one in found:
            _print_json(recorded(one))
        return
    table = Table("position", "version", "recorded at (UTC)", "topic", "actor", title=f"Stream {stream_id}")
    for one in found:
        meta = one.event.meta
        table.add_row(
            str(one.position), str(one.event.originator_version), f"{meta.recorded_at:%F %T}", one.topic, meta.actor
        )
    _out.print(table)


@app.command
def why(about: str, *, as_json: AsJson = False) -> None:
    """Explain why something happened: back from the effect to its first causes.

    Args:
        about: The id of a coupon, message or run, a position of the log, fact:<id>, or an identifier such as
            member_code:42, which asks for the customer's latest message or coupon.
        as_json: The chain as JSON, with every event's details.
    """
    chain = _ask(lambda pool: _causes(pool, about))
    if as_json:
        _print_json(chain)
        return
    for number, step in enumerate(chain.steps, 1):
        place = f"position {step.position}" if step.position is not None else f"fact {step.id}"
        _out.print(f"[bold]{number:>2}[/] {step.en}", highlight=False, soft_wrap=True)
        _out.print(f"   {step.zh}", highlight=False, soft_wrap=True)
        _out.print(f"   [dim]{step.topic} · {place}[/]", highlight=False, soft_wrap=True)


async def _causes(pool: asyncpg.Pool, about: str) -> CauseChain:
    kind, _, value = about.partition(":")
    if kind in set(IdentifierType):
        about = str(await _latest(pool, identifier(kind, value)))
    return await find_causes(pool, about)


async def _latest(pool: asyncpg.Pool, of: Identifier) -> UUID:
    settings = Settings.from_environment(os.environ)
    customer_id = Naming(Secrets.load(settings.secrets_file).pepper).customer_id(of)
    _, members = (await members_of(pool, [customer_id])).get(customer_id, (customer_id, (customer_id,)))
    found = await latest_of(pool, members, (Message.Requested.TOPIC, Coupon.Issued.TOPIC))
    if found is None:
        raise NotFoundError("this customer has got no message and no coupon yet")
    return found


@app.command(name="verify-chain")
def verify(*, facts: bool = True, as_json: AsJson = False) -> None:
    """Compute the hash chain of the log anew and compare it with the one kept; ends with 1 where it is broken.

    Args:
        facts: Also compute the digest of every sealed batch of facts anew.
        as_json: The outcome as JSON.
    """

    async def verified() -> Any:
        connection = await asyncpg.connect(Settings.from_environment(os.environ).database_url)
        try:
            return await verify_chain(connection, DIGEST if facts else None)
        except asyncpg.UndefinedTableError:
            raise NoChainError("no chain has been kept yet: the workers keep it (`koi up`, or `koi work`)") from None
        finally:
            await connection.close()

    found = asyncio.run(verified())
    if as_json:
        _print_json(found)
    else:
        _out.print(f"{found.events} events and {found.facts} sealed facts up to position {found.position}")
        _out.print(f"the chain ends in {found.hash}", soft_wrap=True)
    if found.broken:
        place = f"after position {found.broken.after}, at the latest at {found.broken.upto}"
        raise BrokenChainError(f"{found.broken.what} {place}")


def _ask(question: Callable[[asyncpg.Pool], Awaitable[Any]]) -> Any:
    async def asked() -> Any:
        settings = Settings.from_environment(os.environ)
        async with await open_pool(settings.database_url, size=2) as pool:
            return await question(pool)

    return asyncio.run(asked())


def _print_json(found: object) -> None:
    _out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False, markup=False)
