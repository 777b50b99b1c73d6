"""The kinds of declared sources, by the `kind` in their files."""

import importlib
from functools import cache
from typing import Final

from commands.runtime.sources import Source, SourceError
from workers.sources.kind import Kind

# Where the class of each kind is; imported when a source of it is declared.
KINDS: Final[dict[str, str]] = {
    "file": "workers.sources.files:Files",
    "sensors": "workers.sources.sensors:Sensors",
    "http": "workers.sources.http.kind:Http",
    "tags": "workers.sources.tags:Tags",
    "weather": "workers.weather.kind:Weather",
    "tracker": "workers.sources.trackers:Trackers",
    **dict.fromkeys(("wechat", "wecom", "douyin_open"), "workers.sources.called:Called"),
    **dict.fromkeys(("taobao", "jd", "douyin", "youzan"), "workers.marketplaces.kind:Shops"),
}


def kind_of(source: Source) -> Kind:
    """Return the kind of a source; raises `SourceError` for one that nobody knows."""
    place = KINDS.get(source.kind)
    if place is None:
        known = ", ".join(sorted(KINDS))
        raise SourceError(
            f"{source.kind} is no kind of source: it is one of {known}", field=f"{source.file.name}: kind"
        )
    return _made(place)


@cache
def _made(place: str) -> Kind:
    module, _, name = place.partition(":")
    made: Kind = getattr(importlib.import_module(module), name)()
    return made
