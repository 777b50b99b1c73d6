"""The settings of every process, from the environment (`KOI_...`) and from a running `koi up`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import msgspec

from commands.runtime.services import Services, read_services
from domain.kernel.errors import KoiError

DEFAULT_PORT = 8700
_HIGHEST_PORT = 65_535
_HOURS = 24
_MOST_TAG_VALUES = 1_000_000


class SettingError(KoiError):
    """A setting cannot be used; the words say which and what would be right."""

    code = "settings.invalid"


class NotRunningError(KoiError):
    """A command needs a running Koi and there is none for this home."""

    code = "koi.not_running"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where things are. Addresses may carry passwords, so they are never shown."""

    home: Path
    database_url: str
    """`postgresql://`, understood alike by psycopg and asyncpg."""
    nats_url: str
    lake_url: str
    """Any fsspec URL."""
    secrets_file: Path
    sources_folder: Path
    """Where the declared sources lie: one TOML file each."""
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    smtp_url: str | None = None
    """`smtp://user:password@host:587` or `smtps://...`; None sends e-mail to the sandbox."""
    mail_from: str = "koi@localhost"
    public_url: str | None = None
    """How Koi is reached from outside, such as `https://koi.shop.example`; None: mails carry no one-click address."""
    webhook_url: str | None = None
    """Where the webhook channel posts; None sends to the sandbox."""
    webhook_timeout: float = 10.0
    """Seconds."""
    quarantine_days: float = 180.0
    """After so many days what still lies open in the quarantine is discarded."""
    spark_master: str | None = None
    """The Spark that batch runs on, such as `spark://host:7077` or `local[2]`; None: DuckDB on this machine."""
    tags_hour: int = 3
    """The hour of the zone at which the tags of everybody are built."""
    tag_values: int = 10_000
    """A tag of more different texts than that is refused, and kept out of builds."""
    zone: ZoneInfo = ZoneInfo("Asia/Shanghai")
    """Whose days, weeks and months tags and segments count in."""

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Self:
        """Read the settings of a process that works with the services of a running Koi.

        Raises:
            SettingError: a setting has a value that cannot be used.
            NotRunningError: database or broker are neither named nor running.
        """
        home = home_from(env)
        services = read_services(home)
        database_url = env.get("KOI_DATABASE_URL") or (services and services.database_url)
        nats_url = env.get("KOI_NATS_URL") or (services and services.nats_url)
        if not database_url or not nats_url:
            raise NotRunningError(
                f"Koi is not running for {home}: start it with `make up` (or `koi up`), "
                "or name both KOI_DATABASE_URL and KOI_NATS_URL."
            )
        return cls.build(env, database_url=database_url, nats_url=nats_url, services=services)

    @classmethod
    def build(
        cls, env: Mapping[str, str], *, database_url: str, nats_url: str, services: Services | None = None
    ) -> Self:
        """Settings over a known database and broker; the rest from the environment.

        Raises:
            SettingError: a setting has a value that cannot be used.
        """
        home = home_from(env)
        return cls(
            home=home,
            database_url=_with_scheme(database_url, "KOI_DATABASE_URL", ("postgresql://", "postgres://")),
            nats_url=_with_scheme(nats_url, "KOI_NATS_URL", ("nats://", "tls://")),
            lake_url=env.get("KOI_LAKE_URL") or (home / "lake").as_uri(),
            secrets_file=secrets_file_from(env),
            sources_folder=sources_folder_from(env),
            host=env.get("KOI_HOST") or (services.host if services else "127.0.0.1"),
            port=port_from(env) or (services.port if services else DEFAULT_PORT),
            smtp_url=_optional(env, "KOI_SMTP_URL", ("smtp://", "smtps://")),
            mail_from=env.get("KOI_MAIL_FROM") or "koi@localhost",
            public_url=_optional(env, "KOI_PUBLIC_URL", ("http://", "https://")),
            webhook_url=_optional(env, "KOI_WEBHOOK_URL", ("http://", "https://")),
            webhook_timeout=_positive(env, "KOI_WEBHOOK_TIMEOUT", default=10.0, unit="seconds"),
            quarantine_days=_positive(env, "KOI_QUARANTINE_DAYS", default=180.0, unit="days"),
            spark_master=env.get("KOI_SPARK_MASTER") or None,
            tags_hour=_hour(env),
            tag_values=_tag_values(env),
            zone=_zone(env),
        )

    @property
    def api_url(self) -> str:
        """The address of the API as a client on this machine writes it."""
        reachable = "127.0.0.1" if self.host in {"0.0.0.0", "::", ""} else self.host  # noqa: S104 - compared, not bound
        return f"http://[{reachable}]:{self.port}" if ":" in reachable else f"http://{reachable}:{self.port}"

    def __repr__(self) -> str:
        """Without addresses: they may carry passwords, and representations end up in logs."""
        return f"Settings(home={str(self.home)!r})"


def home_from(env: Mapping[str, str]) -> Path:
    """The folder of Koi's state: KOI_HOME, or `.koi` where one is."""
    return Path(env.get("KOI_HOME") or ".koi").expanduser().resolve()


def secrets_file_from(env: Mapping[str, str]) -> Path:
    """The file of the secrets: KOI_SECRETS_FILE, or `secrets.json` in the home."""
    named = env.get("KOI_SECRETS_FILE")
    return Path(named).expanduser().resolve() if named else home_from(env) / "secrets.json"


def sources_folder_from(env: Mapping[str, str]) -> Path:
    """The folder of the declared sources: KOI_SOURCES, or `sources` in the home."""
    named = env.get("KOI_SOURCES")
    return Path(named).expanduser().resolve() if named else home_from(env) / "sources"


def port_from(env: Mapping[str, str]) -> int | None:
    """The port named by KOI_PORT; None when the choice is ours.

    Raises:
        SettingError: it is not a port number.
    """
    text = env.get("KOI_PORT")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _HIGHEST_PORT:
        raise SettingError(f"KOI_PORT={text} is not a port: give a number from 1 to {_HIGHEST_PORT}.", field="KOI_PORT")
    return int(text)


def _with_scheme(url: str, name: str, schemes: tuple[str, ...]) -> str:
    if not url.startswith(schemes):
        raise SettingError(f"{name} must begin with {' or '.join(schemes)}", field=name)
    return url


def _optional(env: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str | None:
    url = env.get(name)
    return _with_scheme(url, name, schemes) if url else None


def _positive(env: Mapping[str, str], name: str, *, default: float, unit: str) -> float:
    text = env.get(name)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise SettingError(f"{name}={text} is not a time: give {unit} above 0.", field=name)
    return number


def _tag_values(env: Mapping[str, str]) -> int:
    text = env.get("KOI_TAG_VALUES") or "10000"
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _MOST_TAG_VALUES:
        raise SettingError(
            f"KOI_TAG_VALUES={text} is no number of values: give 1 to {_MOST_TAG_VALUES:,}", field="KOI_TAG_VALUES"
        )
    return int(text)


def _hour(env: Mapping[str, str]) -> int:
    text = env.get("KOI_TAGS_HOUR") or "3"
    if not text.isascii() or not text.isdigit() or int(text) >= _HOURS:
        raise SettingError(f"KOI_TAGS_HOUR={text} is no hour: give one from 0 to 23.", field="KOI_TAGS_HOUR")
    return int(text)


def _zone(env: Mapping[str, str]) -> ZoneInfo:
    name = env.get("KOI_ZONE") or "Asia/Shanghai"
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError):
        raise SettingError(
            f"KOI_ZONE={name} is no time zone: give one such as Asia/Shanghai.", field="KOI_ZONE"
        ) from None
