"""An export as a page a person can read: HTML without scripts or anything from elsewhere, written as it is read."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from html import escape
from typing import Any, Final

import msgspec

from projections.person_export import words
from projections.person_export.document import SECTIONS, Item, Section
from projections.person_export.words import Language

_CHUNK_CHARACTERS: Final = 64 * 1024
_HEAD: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title><style>
body{{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}}
dl{{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:0;padding:.6rem 0;
border-top:1px solid #ccc}}dt{{color:#555}}dd{{margin:0;overflow-wrap:anywhere}}dl dl{{border:0;padding:0}}
</style></head><body><h1>{title}</h1><p>{intro}</p>
"""


async def as_page(
    items: AsyncIterator[tuple[Section, Item]], *, exported_at: datetime, by: str, language: Language
) -> AsyncIterator[bytes]:
    """Yield the page in pieces."""
    intro = words.INTRO[language].format(at=f"{exported_at:%F %T}", by=by)
    waiting = _HEAD.format(language=language, title=escape(words.TITLE[language]), intro=escape(intro))
    begun = -1
    async for section, item in items:
        at = SECTIONS.index(section)
        if at != begun:
            waiting += _empty(begun + 1, at, language) + _heading(section, language)
            begun = at
        waiting += _listed(msgspec.structs.asdict(item), language)
        if len(waiting) > _CHUNK_CHARACTERS:
            yield waiting.encode()
            waiting = ""
    yield f"{waiting}{_empty(begun + 1, len(SECTIONS), language)}</body></html>\n".encode()


def _heading(section: Section, language: Language) -> str:
    return f"<h2>{escape(words.section(section, language))}</h2>\n"


def _empty(first: int, last: int, language: Language) -> str:
    nothing = f"<p>{escape(words.NOTHING[language])}</p>\n"
    return "".join(_heading(section, language) + nothing for section in SECTIONS[first:last])


def _listed(fields: Mapping[str, Any], language: Language) -> str:
    rows = (
        f"<dt>{escape(words.field(name, language))}</dt><dd>{_shown(value, language)}</dd>"
        for name, value in fields.items()
        if value not in ({}, (), [])
    )
    return f"<dl>{''.join(rows)}</dl>\n"


def _shown(value: Any, language: Language) -> str:
    match value:
        case None:
            return escape(words.HIDDEN[language])
        case bool():
            return words.YES_NO[language][0 if value else 1]
        case dict():
            return _listed(value, language)
        case datetime():
            return f"{value:%F %T}"
        case str() | int() | float():
            return escape(str(value))
        case _:
            return escape(msgspec.json.encode(value).decode())
