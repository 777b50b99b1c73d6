"""One key per customer: once it is destroyed no personal value sealed under it can be read, wherever a copy lies."""

import secrets
from collections import OrderedDict
from collections.abc import Container, Iterable
from uuid import UUID

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.identity.claim import CustomerErasedError

_NONCE_BYTES = 12
_ERASED = "this person was erased: nothing is recorded about her any more"
_SELECT = "SELECT subject_id, wrapped FROM subject_key WHERE subject_id = ANY($1)"
# The new rows and, as far as this snapshot sees them, those that were there: one round trip.
_UPSERT = """
    WITH made AS (
        INSERT INTO subject_key (subject_id, wrapped)
        SELECT n.subject_id, n.wrapped FROM unnest($1::uuid[], $2::bytea[]) AS n (subject_id, wrapped)
        WHERE NOT EXISTS (SELECT FROM erased_subject AS e WHERE e.subject_id = n.subject_id)
        ON CONFLICT DO NOTHING RETURNING subject_id, wrapped
    )
    SELECT subject_id, wrapped FROM made
    UNION ALL SELECT subject_id, wrapped FROM subject_key WHERE subject_id = ANY($1)
"""


class KeyRing:
    """Seals and unseals personal values (AES-256-GCM, bound to the customer's id).

    Keys live in `subject_key`, wrapped by the master key; `ensure` and `load` bring them into memory (the `capacity`
    most recently used), `seal` and `unseal` then work without waiting.
    """

    def __init__(self, pool: asyncpg.Pool, master_key: bytes | AESGCM, *, capacity: int = 200_000) -> None:
        """Take the pool to read keys from and the 32 bytes that wrap them."""
        self._pool = pool
        self._master = master_key if isinstance(master_key, AESGCM) else AESGCM(master_key)
        self._capacity = capacity
        self._keys: OrderedDict[UUID, AESGCM] = OrderedDict()
        # Whose keys are no longer to be used, from the decision on: between it and their end lie a few milliseconds.
        self.closed: Container[UUID] = ()

    def apart(self) -> "KeyRing":
        """Return a ring that also opens what is closed: for an erasure, which has to find what it destroys."""
        return KeyRing(self._pool, self._master)

    async def load(self, subjects: Iterable[UUID]) -> None:
        """Bring the keys that exist into memory."""
        if missing := self._missing(subjects):
            for row in await self._pool.fetch(_SELECT, missing):
                self._keep(row["subject_id"], row["wrapped"])

    async def ensure(self, subjects: Iterable[UUID]) -> None:
        """Bring the keys into memory, making those that do not exist yet, durably.

        Raises `CustomerErasedError` where none may be made any more.
        """
        missing = self._missing(subjects)
        if not missing:
            return
        wrapped = [self._wrap(subject, secrets.token_bytes(32)) for subject in missing]
        rows = list(await self._pool.fetch(_UPSERT, missing, wrapped))
        unseen = set(missing) - {row["subject_id"] for row in rows}
        if unseen:  # made at the same moment by another process: there by now
            rows += await self._pool.fetch(_SELECT, sorted(unseen))
        for row in rows:
            self._keep(row["subject_id"], row["wrapped"])
        if unseen - {row["subject_id"] for row in rows}:
            raise CustomerErasedError(_ERASED)

    def seal(self, subject: UUID, clear: bytes) -> bytes:
        """Encrypt under the customer's key; raises `KeyError` if it was not ensured before.

        Raises `CustomerErasedError` where there can be none.
        """
        if subject in self.closed:
            raise CustomerErasedError(_ERASED)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._keys[subject].encrypt(nonce, clear, subject.bytes)

    def unseal(self, subject: UUID, sealed: bytes) -> bytes | None:
        """Decrypt; None where the key has been destroyed or was never loaded."""
        key = self._keys.get(subject)
        if key is None:
            return None
        try:
            return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], subject.bytes)
        except InvalidTag:
            return None

    def forget(self, subjects: Iterable[UUID]) -> None:
        """Drop the keys from memory."""
        for subject in subjects:
            self._keys.pop(subject, None)

    def _missing(self, subjects: Iterable[UUID]) -> list[UUID]:
        missing = []
        for subject in sorted(set(subjects)):
            if subject in self._keys:
                self._keys.move_to_end(subject)  # wanted now, so not the next to be dropped
            elif subject not in self.closed:
                missing.append(subject)
        return missing

    def _wrap(self, subject: UUID, key: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._master.encrypt(nonce, key, subject.bytes)

    def _keep(self, subject: UUID, wrapped: bytes) -> None:
        if subject in self.closed:  # since it was asked for
            return
        key = self._master.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], subject.bytes)
        self._keys[subject] = AESGCM(key)
        while len(self._keys) > self._capacity:
            self._keys.popitem(last=False)
