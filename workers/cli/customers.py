"""`koi customers`: what is kept about a person, handed out."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO
from uuid import UUID

import cyclopts
from cyclopts import Parameter
from rich.console import Console

from commands.access.disclosing import disclose_person
from commands.runtime.clock import now
from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.identity.identifier import identifier
from domain.identity.naming import Naming
from domain.kernel.errors import InvalidInputError, NotFoundError
from projections.engine.waiting import wait_until
from projections.history.queries import head
from projections.identity_graph.queries import find_by_identifier, members_of
from projections.person_export.words import Language
from projections.person_export.writing import Form, Wanted, written

app = cyclopts.App(name="customers", help="Hand out what is kept about a person.")
_err = Console(stderr=True)
_ACTOR = "koi customers"
_PATIENCE = 10.0
_VIEWS = ("identity_graph", "event_timeline")


@app.command
def export(
    named: str,
    *,
    form: Form = "json",
    lang: Language = "zh",
    to: Annotated[Path | None, Parameter(name=("--to", "-o"))] = None,
) -> None:
    """Write everything that is kept about a person, personal values in clear; that you did is recorded for the audit.

    Args:
        named: An identifier of the person, as in phone:13800138000 or member_code:10086.
        form: json for programs, html to read.
        lang: The language of the page.
        to: A file to write to (for the owner alone); the terminal else.
    """
    written = asyncio.run(_export(named, form, lang, to))
    if to is not None:
        _err.print(f"{written:,} bytes in {to}", highlight=False)


async def _export(named: str, form: Form, lang: Language, to: Path | None) -> int:
    settings = Settings.from_environment(os.environ)
    secrets = Secrets.load(settings.secrets_file)
    async with open_event_store(settings.database_url, secrets.master_key, pool_size=4) as store:
        position = await head(store.pool)
        for view in _VIEWS:
            await wait_until(store.pool, view, position, _PATIENCE)
        named_id = _named(named, Naming(secrets.pepper))
        profile_id = await find_by_identifier(store.pool, named_id)
        if profile_id is None:
            raise NotFoundError("nobody is known under this identifier")
        members = (await members_of(store.pool, [profile_id]))[profile_id][1]
        await disclose_person(store, members[0], members, form=form, language=lang, by=_ACTOR)
        wanted = Wanted(
            profile_id=profile_id,
            members=members,
            ids=tuple(dict.fromkeys((profile_id, *members, named_id))),
            form=form,
            language=lang,
            by=_ACTOR,
            at=now(),
            position=position,
        )
        await store.keyring.load(members)
        with _opened(to) as out:
            async with store.pool.acquire() as connection:
                return sum([out.write(piece) async for piece in written(connection, wanted, store.keyring.unseal)])


def _named(text: str, naming: Naming) -> UUID:
    kind, separator, value = text.partition(":")
    if not separator:
        raise InvalidInputError("an identifier is given as type:value, as in phone:13800138000", field="named")
    return naming.customer_id(identifier(kind, value))


@contextmanager
def _opened(to: Path | None) -> Iterator[BinaryIO]:
    """Yield where to write; a file is for its owner alone."""
    if to is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        yield out
