"""Files that survive a power failure once they are written."""

import os
import secrets
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem


def write_durably(file: Path, content: bytes) -> None:
    """Write the file whole or not at all, and flush it and its folder. Blocks."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    with unfinished.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)
    descriptor = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_durably(filesystem: Any, path: str, content: bytes) -> None:
    """Write the file to any filesystem of fsspec, whole or not at all: object stores promise that. Blocks."""
    if isinstance(filesystem, LocalFileSystem):
        write_durably(Path(path), content)
    else:
        filesystem.pipe_file(path, content)
