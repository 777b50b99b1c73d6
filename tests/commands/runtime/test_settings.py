"""Where a process finds what it works with."""

from pathlib import Path

import pytest

from commands.runtime.services import Services, forget_services, is_running, read_services, write_services
from commands.runtime.settings import NotRunningError, SettingError, Settings
from workers.running.home_lock import hold

NAMED = {"KOI_DATABASE_URL": "postgresql://koi@db/koi", "KOI_NATS_URL": "nats://broker:4222"}


def test_named_services_need_nothing_running(tmp_path: Path) -> None:
    """On a cluster the environment names everything."""
    found = Settings.from_environment(NAMED | {"KOI_HOME": str(tmp_path)})
    assert (found.database_url, found.nats_url) == (NAMED["KOI_DATABASE_URL"], NAMED["KOI_NATS_URL"])
    assert found.lake_url == (tmp_path / "lake").as_uri()
    assert found.api_url == "http://127.0.0.1:8700"


def test_a_second_terminal_finds_the_running_services(tmp_path: Path) -> None:
    """Whatever `koi up` started is found by its home alone."""
    running = Services(database_url="postgresql:///koi", nats_url="nats://t@127.0.0.1:1", host="127.0.0.1", port=8711)
    with hold(tmp_path):
        write_services(tmp_path, running)
        assert read_services(tmp_path) == running
        assert Settings.from_environment({"KOI_HOME": str(tmp_path)}).api_url == "http://127.0.0.1:8711"


def test_the_addresses_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    """The broker's address carries its token."""
    with hold(tmp_path):
        write_services(tmp_path, Services(database_url="postgresql:///koi", nats_url="nats://t@h:1", host="h", port=1))
    assert (tmp_path / "run" / "services.json").stat().st_mode & 0o777 == 0o600


def test_a_koi_that_was_killed_is_not_taken_for_running(tmp_path: Path) -> None:
    """The file stays behind after `kill -9`; the lock does not."""
    with hold(tmp_path):
        write_services(tmp_path, Services(database_url="postgresql:///koi", nats_url="nats://h:1", host="h", port=1))
    assert not is_running(tmp_path)
    with pytest.raises(NotRunningError, match="make up"):
        Settings.from_environment({"KOI_HOME": str(tmp_path)})


def test_forgetting_services_twice_is_harmless(tmp_path: Path) -> None:
    """A stop may come before anything was told."""
    forget_services(tmp_path)
    forget_services(tmp_path)
    assert read_services(tmp_path) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KOI_DATABASE_URL", "mysql://koi@db/koi"),
        ("KOI_NATS_URL", "http://broker"),
        ("KOI_PORT", "eighty"),
        ("KOI_ZONE", "Mars/Base"),
        ("KOI_PORT", "70000"),
        ("KOI_PORT", "0"),
        ("KOI_SMTP_URL", "mail.example.com"),
        ("KOI_WEBHOOK_URL", "ftp://example.com"),
        ("KOI_WEBHOOK_TIMEOUT", "-1"),
        ("KOI_WEBHOOK_TIMEOUT", "soon"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    """Whoever set it reads which one it is."""
    with pytest.raises(SettingError, match=name) as caught:
        Settings.from_environment({**NAMED, "KOI_HOME": str(tmp_path), name: value})
    assert caught.value.field == name


def test_settings_show_no_passwords(tmp_path: Path) -> None:
    """Representations end up in logs."""
    secret = Settings.build(
        {"KOI_HOME": str(tmp_path)}, database_url="postgresql://u:hush@db/x", nats_url="nats://hush@h"
    )
    assert "hush" not in f"{secret!r} {secret}"


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:8700"), ("::1", "http://[::1]:8700")],  # noqa: S104 - only compared
)
def test_the_api_has_an_address_that_a_client_can_use(tmp_path: Path, host: str, url: str) -> None:
    """Listening everywhere is not an address."""
    assert Settings.from_environment({**NAMED, "KOI_HOME": str(tmp_path), "KOI_HOST": host}).api_url == url
