"""The secrets of one installation: generated once, never default values, kept in one file of the owner."""

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Self

import msgspec

from domain.kernel.errors import KoiError

_KEY_BYTES = 32


class SecretsError(KoiError):
    """The secrets file is missing or cannot be read."""

    code = "secrets.unusable"


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """What only this installation knows. Losing the file loses every sealed personal field: back it up."""

    pepper: bytes
    """Names customers by their identifiers (HMAC-SHA256)."""
    master_key: bytes
    """Wraps the keys of customers (AES-256)."""
    cursor_key: bytes
    """Signs the cursors of pages."""
    nats_token: str
    webhook_secret: str
    """Signs outgoing webhooks (Standard Webhooks, `whsec_` and base64)."""
    admin_key: str
    """The first API key with every scope; the database holds only its hash."""
    write_key: str
    """The first API key that may send events."""

    @classmethod
    def generate(cls) -> Self:
        """Fresh secrets from the system's random source."""
        return cls(
            pepper=secrets.token_bytes(_KEY_BYTES),
            master_key=secrets.token_bytes(_KEY_BYTES),
            cursor_key=secrets.token_bytes(_KEY_BYTES),
            nats_token=secrets.token_urlsafe(_KEY_BYTES),
            webhook_secret="whsec_" + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode(),
            admin_key="koi_admin_" + secrets.token_urlsafe(_KEY_BYTES),
            write_key="koi_write_" + secrets.token_urlsafe(_KEY_BYTES),
        )

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read the secrets.

        Raises:
            SecretsError: there is no such file, it may not be read, or it is damaged.
        """
        try:
            return msgspec.json.decode(file.read_bytes(), type=cls)
        except FileNotFoundError:
            raise SecretsError(f"There are no secrets at {file}: `koi up` generates them.") from None
        except PermissionError:
            raise SecretsError(f"The secrets at {file} may not be read by this user.") from None
        except msgspec.DecodeError:
            # Without the cause: its message could quote the file.
            raise SecretsError(f"The secrets at {file} are damaged: put back the file from your backup.") from None

    @classmethod
    def load_or_create(cls, file: Path) -> Self:
        """Read the secrets, generating them the first time.

        Raises:
            SecretsError: the file may not be read, or it is damaged.
        """
        if not file.exists():
            _create_once(file, cls.generate().stored())
        return cls.load(file)

    def stored(self) -> bytes:
        """The content of the file."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)

    def __repr__(self) -> str:
        """Nothing: representations end up in logs."""
        return "Secrets(...)"


def _create_once(file: Path, content: bytes) -> None:
    """Write a file for the owner alone, durable before it is used, unless another process was first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(fresh, file)
    finally:
        fresh.unlink()
