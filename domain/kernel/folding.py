"""Folding: the form in which names and keys from different sources are compared."""

import re
import unicodedata

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_LETTERS = re.compile(r"[\W_]+")


def folded(text: str) -> str:
    """Return the name in snake case: "Product Added", "productAdded" and "PRODUCT-ADDED" are all product_added.

    Letters and digits of every script stay, everything else becomes one underscore; "" if there is none.
    """
    humps = _HUMP.sub("_", unicodedata.normalize("NFKC", text))
    return _NO_LETTERS.sub("_", humps.lower()).strip("_")
