"""Secrets are generated, kept by their owner, and never shown."""

import base64
from pathlib import Path

import pytest

from commands.runtime.secrets import Secrets, SecretsError


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    """A second start must unseal what the first one sealed."""
    file = tmp_path / "new" / "secrets.json"
    first = Secrets.load_or_create(file)
    assert Secrets.load_or_create(file) == first
    assert [path.name for path in file.parent.iterdir()] == ["secrets.json"]


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    """Whatever the umask says."""
    file = tmp_path / "secrets.json"
    Secrets.load_or_create(file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_no_two_installations_share_a_secret() -> None:
    """There are no default keys."""
    one, other = Secrets.generate(), Secrets.generate()
    assert all(getattr(one, name) != getattr(other, name) for name in Secrets.__struct_fields__)
    assert len({one.pepper, one.master_key, one.cursor_key}) == 3
    assert {len(key) for key in (one.pepper, one.master_key, one.cursor_key)} == {32}


def test_the_webhook_secret_has_the_form_of_standard_webhooks() -> None:
    """`whsec_` and 24 to 64 bytes in base64."""
    prefix, _, encoded = Secrets.generate().webhook_secret.partition("_")
    assert prefix == "whsec"
    assert 24 <= len(base64.b64decode(encoded, validate=True)) <= 64


def test_damaged_secrets_are_refused_without_quoting_them(tmp_path: Path) -> None:
    """New ones in their place would make every sealed field unreadable, so nothing is overwritten."""
    file = tmp_path / "secrets.json"
    file.write_text('{"pepper": "hush')
    with pytest.raises(SecretsError, match="backup") as caught:
        Secrets.load_or_create(file)
    assert "hush" not in caught.value.detail
    assert file.read_text() == '{"pepper": "hush'


def test_missing_secrets_name_the_remedy(tmp_path: Path) -> None:
    """A worker never makes its own."""
    with pytest.raises(SecretsError, match="koi up"):
        Secrets.load(tmp_path / "secrets.json")


def test_secrets_show_nothing() -> None:
    """Representations end up in logs."""
    made = Secrets.generate()
    assert f"{made!r} {made}" == "Secrets(...) Secrets(...)"
