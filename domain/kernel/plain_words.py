"""Words of people that stay in clear in the log: why two customers were merged, on what form an erasure rests.

Whatever of it looks like a phone number, an e-mail address or a national ID is refused. A name cannot be told from
other words, so whoever asks says in its help that none belongs there.
"""

import re
from typing import Final

from domain.kernel.errors import InvalidInputError

# Between letters and digits they are parts of other numbers: of orders, of ids, of digests.
_ALONE: Final = r"(?<![0-9A-Za-z]){}(?![0-9A-Za-z])"
_LOOKS: Final = {
    "an e-mail address": re.compile(r"[^\s@<>]+@[^\s@<>]+\.[A-Za-z]{2,}"),
    "a phone number": re.compile(_ALONE.format(r"(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"), re.ASCII),
    "a national ID": re.compile(
        _ALONE.format(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"), re.ASCII
    ),
}


class PersonalWordsError(InvalidInputError):
    """Words that would stay in clear name somebody."""

    code = "text.personal"


def plain_words(text: str, field: str) -> str:
    """Return the words without blanks around them; raises `PersonalWordsError` where they look personal."""
    for kind, pattern in _LOOKS.items():
        if pattern.search(text):
            msg = f"holds {kind}, and would stay readable in the log: name the form, the ticket or the case instead"
            raise PersonalWordsError(msg, field=field)
    return text.strip()
