"""The mapping of a CRM's tags: what each is called there, and which tag of Koi's catalogue it is."""

import hashlib
import re
from typing import Any, Final

import msgspec

from domain.activity.folding import folded
from domain.kernel.errors import InvalidInputError
from domain.tags.words import Tag, Told

UNMAPPED: Final = "crm"
LONGEST_NAME: Final = 128
_LONGEST_PART: Final = 64
_KEY: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+\Z")


class TagMappingError(InvalidInputError):
    """A mapping of tags cannot be used; `field` is the faulty key, the words say what would be right."""

    code = "tag_mapping.invalid"


class TagError(InvalidInputError):
    """A tag cannot be kept as it is."""

    code = "tag.invalid"


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What people call a tag."""

    zh: str
    en: str


class TagRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tag of the CRM: its `key` here, its labels, what its values are called here, whether it may have several."""

    key: str
    zh: str
    en: str
    values: dict[str, str] = {}
    many: bool = False


class TagMapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tags of one `source`, by their names (or ids) there.

    A tag that is not here is kept as `crm.<source>.<name>`, and so is a value that its rule does not know.
    """

    source: str
    tags: dict[str, TagRule] = {}

    def told(self, name: str, value: str = "") -> tuple[Told, bool]:
        """Return the tag, and whether the mapping knows it; raises `TagError` where it has no name."""
        name, value = _spelled(name), _spelled(value)
        if not name:
            raise TagError("a tag has a name", field="name")
        rule = self.tags.get(name)
        if rule is None or (rule.values and value and value not in rule.values):
            key = f"{UNMAPPED}.{_part(self.source)}.{_part(name)}"
            return Told(tag=Tag(key, value, name), is_many=True), False
        return Told(tag=Tag(rule.key, rule.values.get(value, value), name), is_many=rule.many), True

    @property
    def labels(self) -> dict[str, Label]:
        """What people call the tags, by key."""
        return {rule.key: Label(zh=rule.zh, en=rule.en) for rule in self.tags.values()}


def read_tags(document: dict[str, Any]) -> TagMapping:
    """Return the mapping that a parsed TOML file declares; raises `TagMappingError` naming the key at fault."""
    try:
        mapping = msgspec.convert(document, TagMapping)
    except msgspec.ValidationError as error:
        words, _, place = str(error).partition(" - at `$")
        raise TagMappingError(words, field=place.strip("`.") or None) from None
    for name, rule in mapping.tags.items():
        if not _KEY.match(rule.key) or rule.key.startswith(f"{UNMAPPED}."):
            detail = (
                f"words of small letters with a dot between, such as interest.coffee, not beginning with {UNMAPPED}."
            )
            raise TagMappingError(detail, field=f"tags.{name}.key")
        if not rule.zh.strip() or not rule.en.strip():
            raise TagMappingError("a tag has a label in Chinese (zh) and in English (en)", field=f"tags.{name}")
    return mapping


def _spelled(text: str) -> str:
    """Return one printable line of bounded length; two long texts must not become one by being cut."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    if len(line) <= LONGEST_NAME:
        return line
    return f"{line[: LONGEST_NAME - 9]}~{_digest(line)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _part(text: str) -> str:
    """Return a name as a part of a key: two names must not become one by being cut, nor by having no letters."""
    part = folded(text)
    if part and len(part) <= _LONGEST_PART:
        return part
    return f"{part[: _LONGEST_PART - 9] or 'unnamed'}_{_digest(text)}"
