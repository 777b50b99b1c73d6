"""Promote a version of a model: it speaks from now on. Or retire one: it never does again."""

import msgspec

from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from commands.scoring.loading import load_model


class PromoteModel(msgspec.Struct, frozen=True, kw_only=True):
    """Let this version speak; why."""

    key: str
    model_version: int
    reason: str
    expected_version: int | None = None


class RetireModel(msgspec.Struct, frozen=True, kw_only=True):
    """Let this version speak never again; why."""

    key: str
    model_version: int
    reason: str
    expected_version: int | None = None


async def promote_model(command: PromoteModel, *, streams: Streams, by: Context) -> Saved:
    """Promote it; raises `AlreadyPromotedError`, `ModelRetiredError` or `ModelNotFoundError`."""
    model = await load_model(streams, command.key, command.expected_version)
    model.promote(command.model_version, command.reason)
    return await streams.save(model, by=by, result={"id": model.id, "version": model.version})


async def retire_model(command: RetireModel, *, streams: Streams, by: Context) -> Saved:
    """Retire it; raises `ModelRetiredError` or `ModelNotFoundError`."""
    model = await load_model(streams, command.key, command.expected_version)
    model.retire(command.model_version, command.reason)
    return await streams.save(model, by=by, result={"id": model.id, "version": model.version})
