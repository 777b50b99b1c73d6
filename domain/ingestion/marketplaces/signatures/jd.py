"""JD (JOS): requests are signed over the system's parameters; those of the business are one of them, a JSON text.

Rule: https://open.jd.com/v2/#/doc/dev-guide?listId=2643, whose own example is a test; recomputed against `pyjos` 0.1.1.
"""

import hashlib
from collections.abc import Mapping

# The parameter that holds the parameters of the business.
BUSINESS = "360buy_param_json"


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """Return the MD5 in capitals of secret, sorted names and values, secret; `sign` itself does not count."""
    told = "".join(f"{name}{parameters[name]}" for name in sorted(parameters) if name != "sign")
    return hashlib.md5(f"{secret}{told}{secret}".encode(), usedforsecurity=False).hexdigest().upper()
