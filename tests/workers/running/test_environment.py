"""The environment comes from the lock, through whatever index the machine is set up for."""

import re
from pathlib import Path

from workers.running.environment import LOCK, ROOT, fingerprint, pinned, uv_settings


def test_the_lock_pins_every_package_by_hash_and_names_no_index() -> None:
    """Any mirror can serve it, none can change it."""
    lines = (ROOT / LOCK).read_text().splitlines()
    packages = [line for line in lines if not line.startswith((" ", "#"))]
    assert packages
    assert all(re.match(r"[a-z0-9-]+==\S+ .*\\$", line) for line in packages)
    assert not [line for line in lines if "://" in line or line.startswith("--")]


def test_the_installer_is_taken_from_the_lock_as_well() -> None:
    """Its own lines, with the hashes, and nobody else's."""
    lines = pinned(ROOT / LOCK, "uv").splitlines()
    assert lines[0].startswith("uv==")
    assert "--hash=sha256:" in lines[1]
    assert all(line.startswith(" ") for line in lines[1:])


def test_a_mirror_set_for_pip_is_used_by_uv() -> None:
    """Who set up pip for this network need not do it twice."""
    pip = {"index-url": "https://mirror.example/simple", "cert": "/etc/ca.pem"}
    assert uv_settings(pip, {}) == {"UV_DEFAULT_INDEX": pip["index-url"], "SSL_CERT_FILE": "/etc/ca.pem"}


def test_what_uv_is_told_itself_goes_first() -> None:
    """Its own variables are the more particular ones."""
    told = {"UV_INDEX_URL": "https://other.example/simple", "SSL_CERT_FILE": "/own.pem"}
    assert uv_settings({"index-url": "https://mirror.example/simple", "cert": "/etc/ca.pem"}, told) == {}


def test_another_lock_or_another_place_asks_for_a_new_environment(tmp_path: Path) -> None:
    """Scripts of an environment name their place."""
    one, other = tmp_path / "one", tmp_path / "other"
    for place in (one, other):
        place.mkdir()
        (place / LOCK).write_text("a==1")
        (place / "pyproject.toml").write_text("")
    before = fingerprint(one)
    assert fingerprint(one) == before != fingerprint(other)
    (one / LOCK).write_text("a==2")
    assert fingerprint(one) != before
