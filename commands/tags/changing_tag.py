"""Define a tag, give it another version, tune the weights of a score, retire it.

Values come in their JSON form and are checked before against what exists. `shipped` is the version of the tag that
comes with Koi, 0 where none does: a shipped tag gets its stream with its first change.
"""

import msgspec

from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from domain.kernel.errors import StaleVersionError
from domain.tags.errors import TagExistsError
from domain.tags.tag import Tag, Terms, tag_stream


class DefineTag(msgspec.Struct, frozen=True, kw_only=True):
    """Begin a tag of one's own."""

    key: str
    terms: Terms
    shipped: int = 0


class RedefineTag(msgspec.Struct, frozen=True, kw_only=True):
    """Give it another version."""

    key: str
    terms: Terms
    shipped: int = 0
    expected_version: int | None = None


class TuneTag(msgspec.Struct, frozen=True, kw_only=True):
    """Weigh the parts of a score otherwise; `terms` are those of now."""

    key: str
    weights: dict[str, float]
    terms: Terms
    shipped: int = 0
    expected_version: int | None = None


class RetireTag(msgspec.Struct, frozen=True, kw_only=True):
    """End it; why. Whoever asks has made sure that nothing is made of it."""

    key: str
    reason: str
    shipped: int = 0
    expected_version: int | None = None


async def define_tag(command: DefineTag, *, streams: Streams, by: Context) -> Saved:
    """Define it; raises `TagExistsError` or `TagTermsError`."""
    if command.shipped:
        raise TagExistsError("a tag that comes with Koi has this key: define it anew, or choose another", field="key")
    tag = await streams.load(Tag, tag_stream(command.key))
    tag.define(command.key, command.terms)
    return await _saved(tag, streams=streams, by=by)


async def redefine_tag(command: RedefineTag, *, streams: Streams, by: Context) -> Saved:
    """Define it anew; raises `TagNotFoundError`, `TagRetiredError` or `TagTermsError`."""
    tag = await _loaded(streams, command.key, command.expected_version)
    tag.redefine(command.key, command.terms, shipped=command.shipped)
    return await _saved(tag, streams=streams, by=by)


async def tune_tag(command: TuneTag, *, streams: Streams, by: Context) -> Saved:
    """Tune it; raises `TagNotFoundError`, `TagRetiredError` or `TagTermsError`."""
    tag = await _loaded(streams, command.key, command.expected_version)
    tag.tune(command.key, command.weights, command.terms, shipped=command.shipped)
    return await _saved(tag, streams=streams, by=by)


async def retire_tag(command: RetireTag, *, streams: Streams, by: Context) -> Saved:
    """Retire it; raises `TagNotFoundError` or `TagRetiredError`."""
    tag = await _loaded(streams, command.key, command.expected_version)
    tag.retire(command.key, command.reason, shipped=command.shipped)
    return await _saved(tag, streams=streams, by=by)


async def _loaded(streams: Streams, key: str, expected_version: int | None) -> Tag:
    tag = await streams.load(Tag, tag_stream(key))
    if expected_version not in (None, tag.version):
        raise StaleVersionError(f"the tag is at version {tag.version}: read it again and decide anew")
    return tag


async def _saved(tag: Tag, *, streams: Streams, by: Context) -> Saved:
    return await streams.save(tag, by=by, result={"id": tag.id, "version": tag.version, "tag_version": tag.tag_version})
