"""Places where files lie: any fsspec URL, and what to say where a place cannot be reached for lack of a package."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem
from fsspec.registry import known_implementations

from workers.connectors.errors import SourceFileError

Options = Mapping[str, str | int | bool]


def opened(address: str, options: Options | None = None) -> tuple[fsspec.AbstractFileSystem, str]:
    """Return the file system of an address, and the path in it.

    Raises:
        SourceFileError: nobody here knows that kind of place, or its package is not installed.
    """
    protocol = address.partition("://")[0].rpartition("::")[2]
    try:
        system, path = fsspec.core.url_to_fs(address, **(options or {}))
    except ImportError:
        hint = known_implementations.get(protocol, {}).get("err", f"install the package for {protocol}")
        detail = f"{protocol}:// needs a package that is not installed here: {hint} (pip install, then start Koi again)"
        raise SourceFileError(detail, field="file") from None
    except (ValueError, TypeError):
        detail = f"{protocol}:// is no place that is known here: a path, file://, s3://, oss://, sftp:// ..."
        raise SourceFileError(detail, field="file") from None
    return system, path


def beside(path: str, base: Path) -> str:
    """Return an address: a path that is no URL is one beside the mapping."""
    return path if "://" in path else str(base / Path(path).expanduser())


def put_whole(address: str, content: bytes, options: Options | None = None) -> None:
    """Write a file that nobody ever sees half written."""
    system, path = opened(address, options)
    parent = path.rpartition("/")[0]
    if parent:
        system.makedirs(parent, exist_ok=True)
    unfinished = f"{parent}/.{uuid.uuid4().hex}.tmp" if parent else f".{uuid.uuid4().hex}.tmp"
    with system.open(unfinished, "wb") as file:
        file.write(content)
    if isinstance(system, LocalFileSystem):
        Path(unfinished).replace(path)
    else:
        system.mv(unfinished, path)


def stamp(info: Mapping[str, Any]) -> str:
    """Return what tells one content of a file from another without reading it: its size, and when it changed."""
    moment = next((info[key] for key in _WHEN if info.get(key) is not None), "")
    # One file system tells the same moment in two forms.
    return f"{info.get('size')} {moment.timestamp() if isinstance(moment, datetime) else moment}"


# How the file systems call it.
_WHEN = ("ETag", "etag", "mtime", "LastModified", "last_modified", "modified", "updated", "created")
