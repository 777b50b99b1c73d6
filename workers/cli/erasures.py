"""`koi erasures`: forget a person for good, look at the receipts, make them hold over a restored backup."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Column, Table

from commands.identity.customers import GivenIdentifier
from commands.identity.erase_customer import EraseCustomer, erase_customer
from commands.identity.erasing import Erasing
from commands.identity.reapplying import begun_erasures, reapply, receipt_if_any
from commands.identity.receipt import Receipt, receipt_of
from commands.identity.receipt_words import in_words
from commands.runtime.context import Context
from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.kernel.errors import InvalidInputError
from workers.erasure.opening import erasing_of

app = cyclopts.App(name="erasures", help="Forget a person for good, with a receipt that outlives restored backups.")
_out = Console()
_ACTOR = "koi erasures"

AsJson = Annotated[bool, Parameter(name="--json", negative=())]


@app.command
def erase(
    identifier: Annotated[tuple[str, ...], Parameter(negative=())],
    *,
    reason: str,
    legal_basis: str,
    evidence: str = "",
    as_json: AsJson = False,
) -> None:
    """Erase the person known under these identifiers; it cannot be undone.

    Args:
        identifier: As in phone:13800138000 or member_code:10086; may be given several times.
        reason: Why, in words that name nobody.
        legal_basis: Such as pipl-47 or gdpr-17.
        evidence: Where the request is kept, such as a form's number.
        as_json: The receipt as JSON.
    """
    given = tuple(_given(one) for one in identifier)
    command = EraseCustomer(identifiers=given, reason=reason, legal_basis=legal_basis, evidence=evidence)
    _show(_with(lambda erasing: erase_customer(command, by=Context(actor=_ACTOR), erasing=erasing)), as_json=as_json)


@app.command(name="list")
def receipts(*, as_json: AsJson = False) -> None:
    """List the receipts of all erasures, the newest first.

    Args:
        as_json: One JSON object a line.
    """

    async def read(erasing: Erasing) -> list[Receipt]:
        return [await receipt_of(erasing.store, one) for one in await begun_erasures(erasing)]

    _table(_with(read), as_json=as_json)


@app.command
def show(erasure_id: UUID, *, as_json: AsJson = False) -> None:
    """Show a receipt: what was destroyed, why, who asked; it names nobody.

    Args:
        erasure_id: The erasure, as the list shows it.
        as_json: The receipt as JSON.
    """
    _show(_with(lambda erasing: receipt_if_any(erasing, erasure_id)), as_json=as_json)


@app.command(name="reapply")
def again(*, as_json: AsJson = False) -> None:
    """Finish interrupted erasures, and carry out again those that a restored database does not know.

    Every process does this when it starts; here it can be seen.

    Args:
        as_json: One JSON object a line.
    """
    done = _with(reapply)
    if not done and not as_json:
        _out.print("Nothing to do: the database knows every erasure there is a receipt of.")
        return
    _table(done, as_json=as_json)


def _given(text: str) -> GivenIdentifier:
    kind, separator, value = text.partition(":")
    if not separator:
        raise InvalidInputError("an identifier is given as type:value, as in phone:13800138000", field="identifier")
    return GivenIdentifier(type=kind, value=value)


def _with(act: Callable[[Erasing], Awaitable[Any]]) -> Any:
    async def acting() -> Any:
        settings = Settings.from_environment(os.environ)
        secrets = Secrets.load(settings.secrets_file)
        async with open_event_store(settings.database_url, secrets.master_key, pool_size=4) as store:
            return await act(erasing_of(store, settings, secrets))

    return asyncio.run(acting())


def _show(receipt: Receipt, *, as_json: bool) -> None:
    if as_json:
        _print_json(in_words(receipt))
        return
    told = in_words(receipt)
    for words in (told.zh, told.en):
        _out.print(words, soft_wrap=True, highlight=False, markup=False)
    _out.print(f"{receipt.id}  sha256 {receipt.sha256}", soft_wrap=True, highlight=False)


def _table(found: list[Receipt], *, as_json: bool) -> None:
    if as_json:
        for receipt in found:
            _print_json(in_words(receipt))
        return
    table = Table(Column("id", no_wrap=True), "begun (UTC)", "state", "reason", "basis", "asked by", "keys")
    for one in found:
        keys = str(one.destroyed.get("keys", ""))
        table.add_row(
            str(one.id), f"{one.begun_at:%F %T}", one.state, one.reason, one.legal_basis, one.requested_by, keys
        )
    _out.print(table)


def _print_json(found: object) -> None:
    _out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False, markup=False)
