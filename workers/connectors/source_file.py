"""Find a source's files, wherever they lie, and bring each to a form the engine reads: local, uncompressed, UTF-8."""

import codecs
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, NamedTuple

import fsspec
import msgspec
from fsspec.core import get_compression
from fsspec.implementations.local import LocalFileSystem

from domain.ingestion.mapping import FileForm, Format, Mapping
from workers.connectors.errors import NoSuchFileError, SourceFileError
from workers.connectors.places import beside, opened, stamp

# The column that holds the line of each row, in what was converted from sheets and JSON.
LINE: Final = "koi line"

# What all files that hold everybody are versions of.
EVERYBODY: Final = "everybody"
_BLOCK = 1 << 20
_SUFFIXES: Final[dict[Format, tuple[str, ...]]] = {
    "parquet": (".parquet", ".pq"),
    "excel": (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    "jsonl": (".jsonl", ".ndjson", ".jsonlines"),
}
_MAGIC = frozenset("*?[")


class Rejected(NamedTuple):
    """A line that is no row: where it begins, why, and its text."""

    line: int
    why: str
    text: str


class Lost(NamedTuple):
    """A cell whose number had more digits than a spreadsheet keeps: its row (from 0) and its column."""

    ordinal: int
    column: str


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """One delivered file: its name, where it can be read, and what it is known by (hex SHA-256 of its bytes)."""

    name: str
    path: Path
    sha256: str
    size_bytes: int
    form: FileForm
    place: str = ""
    """Where it lies, as a path in its place."""
    is_numbered: bool = False
    """Whether its rows say which line they were."""
    is_sparse: bool = False
    """Whether a column that nobody filled is not there at all."""
    rejects: tuple[Rejected, ...] = ()
    lost: tuple[Lost, ...] = ()

    @property
    def format(self) -> Format:
        """What it is: as the mapping says, or as its name ends."""
        if self.form.format:
            return self.form.format
        name = self.name.lower()
        return next((form for form, suffixes in _SUFFIXES.items() if name.endswith(suffixes)), "csv")

    @property
    def is_parquet(self) -> bool:
        """Whether the engine reads it as Parquet; else it is CSV."""
        return self.format == "parquet"


def locate(form: FileForm, base: Path) -> list[str]:
    """Return the addresses of the files, in the order of their names; a relative path is one beside the mapping.

    Raises:
        NoSuchFileError: there is none.
        SourceFileError: the place cannot be reached.
    """
    system, path = opened(beside(form.path, base), form.options)
    found = system.glob(path) if _MAGIC & set(path) else [path] if system.isfile(path) else []
    if not found:
        raise NoSuchFileError(f"there is no file {form.path}" if form.path else "the mapping names no file")
    return [system.unstrip_protocol(one) for one in sorted(found)]


def fetch(address: str, form: FileForm, folder: Path) -> SourceFile:
    """Return the file, copied into the folder if it is not on this machine or is compressed.

    Raises:
        SourceFileError: its place cannot be reached.
    """
    system, path = opened(address, form.options)
    name = PurePosixPath(path).name
    local = Path(path)
    if not isinstance(system, LocalFileSystem):
        local = folder / f"fetched-{hashlib.sha256(address.encode()).hexdigest()[:16]}"
        system.get_file(path, str(local))
    digest = hashlib.sha256()
    with local.open("rb") as stream:
        for block in _blocks(stream):
            digest.update(block)
    size = local.stat().st_size
    compression = get_compression(path, "infer")
    if compression:
        local = _unpacked(local, folder / f"unpacked-{digest.hexdigest()[:16]}", compression)
        name = name.rpartition(".")[0]
    return SourceFile(
        name=name, path=local, sha256=digest.hexdigest(), size_bytes=size, form=form, place=f"{_above(path)}{name}"
    )


def stamped(address: str, form: FileForm) -> str:
    """Return what tells the file's content of this moment from another, without reading it."""
    system, path = opened(address, form.options)
    system.invalidate_cache()
    return stamp(system.info(path))


def version_of(mapping: Mapping, file: SourceFile) -> str | None:
    """Return what the file is a version of: its name, with the folders that a pattern tells apart, or its date."""
    of = mapping.versions.of
    if mapping.snapshot_form:
        return EVERYBODY
    if mapping.row != "fact" or of == "nothing" or mapping.operation:
        return None  # a file of changes adds to those before it
    if of != "name" and (found := re.search(of, file.name)):
        return str(found[1])
    steps = PurePosixPath(mapping.file_form.path).parts
    first = next((number for number, step in enumerate(steps) if _MAGIC & set(step)), len(steps) - 1)
    return "/".join(PurePosixPath(file.place).parts[-max(1, len(steps) - first) :])


def in_utf8(file: SourceFile, folder: Path) -> SourceFile:
    """Return a CSV file as UTF-8, converted into the folder if it is written otherwise.

    Raises:
        SourceFileError: it is not written in the encoding the mapping says, or in none that could be guessed.
    """
    wanted = file.form.encoding.lower()
    if wanted in {"auto", "utf-8", "utf8", "utf-8-sig"}:
        broken = _not_utf8(file.path)
        if broken is None:
            return file
        if wanted != "auto":
            detail = f'{file.name} is not UTF-8 (line {broken}): try encoding = "gb18030", or "auto"'
            raise SourceFileError(detail, field="file.encoding")
        wanted = "gb18030"
    try:
        codecs.lookup(wanted)
    except LookupError:
        detail = f"{wanted} is no encoding: say utf-8, gb18030, big5, utf-16 ..."
        raise SourceFileError(detail, field="file.encoding") from None
    converted = folder / f"utf8-{file.sha256[:16]}"
    try:
        with (
            file.path.open("r", encoding=wanted, newline="") as read,
            converted.open("w", encoding="utf-8", newline="") as write,
        ):
            while text := read.read(_BLOCK):
                write.write(text)
    except UnicodeError:
        raise SourceFileError(f"{file.name} is not written in {wanted}", field="file.encoding") from None
    return msgspec.structs.replace(file, path=converted)


def with_even_lines(file: SourceFile, folder: Path) -> SourceFile:
    """Return a CSV file whose lines all end the same way: some tills mix the ends of Windows and Unix."""
    even = folder / f"even-{file.sha256[:16]}"
    with (
        file.path.open("r", encoding="utf-8", errors="replace", newline=None) as read,
        even.open("w", encoding="utf-8", newline="\n") as write,
    ):
        while text := read.read(_BLOCK):
            write.write(text)
    return msgspec.structs.replace(file, path=even)


def _above(path: str) -> str:
    folder, slash, _ = path.rpartition("/")
    return folder + slash


def _not_utf8(path: Path) -> int | None:
    """Return the line of the first byte that is not UTF-8; None if all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    with path.open("rb") as stream:
        for block in _blocks(stream):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                return lines + block[: error.start].count(b"\n")
            lines += block.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return lines
    return None


def _unpacked(packed: Path, place: Path, compression: str) -> Path:
    with fsspec.open(str(packed), "rb", compression=compression) as read, place.open("wb") as write:
        for block in _blocks(read):
            write.write(block)
    return place


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block
