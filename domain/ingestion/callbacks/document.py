"""The text of a message, XML or JSON, as one nested dictionary; XML without DTD, entities or depth."""

from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError  # the types alone: what reads is defusedxml

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from domain.ingestion import json_text
from domain.ingestion.refusal import LARGEST_LIMITS, MalformedBodyError, TooDeepError

DEPTH: Final = 16
_BLANK: Final = b" \t\r\n\xef\xbb\xbf"
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])
_LIMITS: Final = msgspec.structs.replace(LARGEST_LIMITS, depth=DEPTH)


def read(body: bytes) -> dict[str, Any]:
    """Return the document: elements by name, texts trimmed, elements of one name as a list.

    Raises `MalformedBodyError`, `MessageError` or `TooDeepError`; XML with a DTD or entities is refused unread.
    """
    text = body.strip(_BLANK)
    if text[:1] == b"<":
        return _of_xml(text)
    if text[:1] == b"{":
        return json_text.read_message(_OBJECT, text, _LIMITS)
    raise MalformedBodyError("a message is an XML document or a JSON object")


def _of_xml(text: bytes) -> dict[str, Any]:
    try:
        root = fromstring(text, forbid_dtd=True)
    except DefusedXmlException:
        raise MalformedBodyError("the XML must have no DTD and no entities") from None
    except (ParseError, ValueError, LookupError) as error:
        line, column = getattr(error, "position", (None, None))
        raise MalformedBodyError("the XML is malformed", line=line, column=column) from None
    return _members(root, DEPTH)


def _members(element: Element, depth: int) -> dict[str, Any]:
    if depth == 0:
        raise TooDeepError(f"a message is nested at most {DEPTH} levels deep")
    members: dict[str, Any] = {}
    for child in element:
        value = _members(child, depth - 1) if len(child) else (child.text or "").strip()
        known = members.get(child.tag)
        if child.tag not in members:
            members[child.tag] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            members[child.tag] = [known, value]
    return members
