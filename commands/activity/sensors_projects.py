"""Declared projects of Sensors Analytics (`kind = "sensors"`): what its SDKs name it by, and its own words."""

import hmac
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from commands.runtime.sources import Source, SourceError, read_sources, settings_of
from domain.identity.identifier import IdentifierType
from domain.ingestion.sensors import Declared
from domain.ingestion.sensors_encryption import NO_KEYS, Keys, private_key, shared_key
from domain.kernel.errors import InvalidInputError

T = TypeVar("T")

KIND: Final = "sensors"
# How long an edited declaration may go unnoticed; one that came or went shows at once, in the time of the folder.
_SECONDS: Final = 10.0
_TYPES: Final = frozenset(kind.value for kind in IdentifierType)
_SCOPED: Final = frozenset({"openid", "external_userid", "marketplace_buyer"})


class SensorsProject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file of a project says.

    `project` is what the SDKs' address names; `token`, where there is one, must come with it. `identities` gives the
    type of identifier of each key the shop made by itself (`$identity_card = "member_code"`, or with its app or shop,
    `tb = "marketplace_buyer:taobao"`), `events` Koi's names of events. What the SDKs' plug-ins encrypt is opened by
    `private_keys` (RSA as PEM, by the version `pkv`) and `aes_keys` (base64, by the number `key_id`).
    """

    project: str
    token: str | None = None
    identities: Mapping[str, str] = {}
    events: Mapping[str, str] = {}
    private_keys: Mapping[str, str] = {}
    aes_keys: Mapping[str, str] = {}

    @property
    def declared(self) -> Declared:
        """What reading its records needs."""
        return Declared(identities=self.identities, events=self.events)


def project_of(source: Source) -> SensorsProject:
    """Return the project a source declares; raises `SourceError` naming the key at fault."""
    project = settings_of(source, SensorsProject)
    for key, kind in project.identities.items():
        name, _, scope = kind.partition(":")
        if name not in _TYPES:
            raise SourceError(
                f"an identifier's type is one of {', '.join(sorted(_TYPES))}",
                field=f"{source.file.name}: identities.{key}",
            )
        if (name in _SCOPED) != bool(scope):
            right = f"needs its app or shop, as in {name}:wx1a2b3c" if name in _SCOPED else "has nothing behind a colon"
            raise SourceError(f"{name} {right}", field=f"{source.file.name}: identities.{key}")
    return project


def keys_of(source: Source, project: SensorsProject) -> Keys:
    """Return the keys of a project; raises `SourceError` naming the one at fault."""
    return Keys(
        private=_keys(source, "private_keys", project.private_keys, private_key),
        shared=_keys(source, "aes_keys", project.aes_keys, shared_key),
    )


def _keys(source: Source, field: str, told: Mapping[str, str], read: Callable[[str], T]) -> dict[str, T]:
    keys: dict[str, T] = {}
    for name, text in told.items():
        try:
            keys[name] = read(text)
        except InvalidInputError as error:
            raise SourceError(error.detail, field=f"{source.file.name}: {field}.{name}") from None
    return keys


class SensorsProjects:
    """The declared projects, read again every few seconds; one that cannot be read is as if it were not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._until = 0.0
        self._changed_at = 0
        self._known: dict[str, tuple[str, SensorsProject]] = {}
        self._keys: dict[str, Keys] = {}

    def declared(self, project: str | None, token: str | None) -> tuple[str, SensorsProject] | None:
        """Return the source's name and what it declares, if the request may speak for it."""
        found = self._read().get(project or "")
        if found is None:
            return None
        wanted = found[1].token
        # The SDKs' tokens stand in every page, so this keeps out mistakes rather than attackers.
        if wanted is not None and not hmac.compare_digest(wanted.encode(), (token or "").encode()):
            return None
        return found

    def words_of(self, project: str | None) -> Declared | None:
        """Return what the project declares of its words, whoever speaks."""
        found = self._read().get(project or "")
        return found[1].declared if found else None

    def keys_of(self, project: str | None) -> Keys:
        """Return the keys that open what the project's SDKs encrypted, whoever speaks."""
        self._read()
        return self._keys.get(project or "", NO_KEYS)

    def _read(self) -> dict[str, tuple[str, SensorsProject]]:
        changed_at = _changed_at(self._folder)
        if time.monotonic() >= self._until or changed_at != self._changed_at:
            self._until, self._changed_at = time.monotonic() + _SECONDS, changed_at
            self._known, self._keys = {}, {}
            for source in _readable(self._folder):
                try:
                    project = project_of(source)
                    keys = keys_of(source, project)
                except SourceError:  # `koi sources check` says what is wrong with it
                    continue
                self._known[project.project] = (source.name, project)
                self._keys[project.project] = keys
        return self._known


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _readable(folder: Path) -> list[Source]:
    try:
        return read_sources(folder, kind=KIND)
    except SourceError:
        return []
