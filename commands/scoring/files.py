"""Artefacts and scores as files beside the lake, on any fsspec URL; what is read is what was recorded."""

import hashlib
from datetime import UTC, datetime
from io import BytesIO
from typing import ClassVar, Final

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.core import url_to_fs

from commands.runtime.durable import put_durably
from domain.kernel.errors import KoiError

_SHORT: Final = 12


class ArtefactChangedError(KoiError):
    """A file is gone, or is not the one that was recorded."""

    code: ClassVar[str] = "model.artefact_changed"


class ModelFiles:
    """The files of models. Everything here blocks."""

    def __init__(self, lake_url: str) -> None:
        """Take where the lake lies."""
        self._filesystem, self._root = url_to_fs(lake_url)

    def put_artefact(self, key: str, content: bytes) -> tuple[str, str]:
        """Keep an artefact, named by its content; returns its path below the lake and its digest."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = f"models/{key}/{sha256[:_SHORT]}.model"
        self._put(path, content)
        return path, sha256

    def put_scores(self, key: str, version: int, at: datetime, scores: pa.Table) -> tuple[str, str]:
        """Keep the scores of a run, a row a profile; returns their path below the lake and their digest."""
        out = BytesIO()
        pq.write_table(scores, out, compression="zstd")
        content = out.getvalue()
        sha256 = hashlib.sha256(content).hexdigest()
        run = f"{at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-v{version}"
        path = f"scores/model={key}/run={run}/{sha256[:_SHORT]}.parquet"
        self._put(path, content)
        return path, sha256

    def artefact(self, path: str, sha256: str) -> bytes:
        """Return an artefact; raises `ArtefactChangedError` unless it is the recorded one."""
        try:
            content: bytes = self._filesystem.cat_file(f"{self._root}/{path}")
        except FileNotFoundError:
            raise ArtefactChangedError(f"{path} is not in the lake: restore it, or train anew") from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ArtefactChangedError(f"{path} is not the file that was recorded: restore it, or train anew")
        return content

    def scores(self, path: str, sha256: str) -> pa.Table:
        """Return the scores of a run; raises `ArtefactChangedError` unless they are the recorded ones."""
        return pq.read_table(pa.BufferReader(self.artefact(path, sha256)))

    def _put(self, path: str, content: bytes) -> None:
        put_durably(self._filesystem, f"{self._root}/{path}", content)
