"""The demo's history: 84.51°'s Complete Journey, a year of 2,469 real households, through the same door as any file."""

import time
from importlib import resources
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from rich.console import Console

from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.ingestion.mapping import Mapping
from domain.ingestion.mapping_reading import read
from workers.connectors import complete_journey
from workers.connectors.demo_journey import launch_cart_journey
from workers.connectors.destination import Destination, open_destination
from workers.connectors.importing import import_file
from workers.connectors.progress import Watch, watching
from workers.connectors.report import FileReport

# Campaigns before their offers.
MAPPINGS: Final = (
    "campaign_descriptions",
    "coupons",
    "demographics",
    "transactions",
    "campaigns",
    "coupon_redemptions",
)


class DemoReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of each file, which campaign is live, and how many seconds it all took."""

    files: list[FileReport]
    campaign_id: UUID
    seconds: float

    @property
    def is_new(self) -> bool:
        """Whether anything was imported."""
        return any(file.outcome == "imported" for file in self.files)


async def import_demo(settings: Settings, console: Console, secrets: Secrets | None = None) -> DemoReport:
    """Import the history and launch the demo's journey; what is there already is not touched.

    Raises:
        NoSuchFileError: the package of the `demo` extra is not installed.
    """
    began = time.monotonic()
    secrets = secrets or Secrets.load(settings.secrets_file)
    folder = complete_journey.folder()
    async with open_destination(settings, secrets) as into:
        with watching(console) as watch:
            files = [await _import(mapping(name), into, folder, watch) for name in MAPPINGS]
        campaign_id = await launch_cart_journey(into.store.streams, by=into.by)
    report = DemoReport(files=files, campaign_id=campaign_id, seconds=time.monotonic() - began)
    console.print(_told(report), highlight=False, soft_wrap=True)
    return report


def mapping(name: str) -> Mapping:
    """Return one of the history's mappings by its name."""
    place = resources.files(__package__).joinpath("mappings", "complete_journey", f"{name}.toml")
    return read(place.read_text(encoding="utf-8"))


async def _import(chosen: Mapping, into: Destination, folder: Path, watch: Watch) -> FileReport:
    return await import_file(str(folder / chosen.file_form.path), chosen, into, base=folder, watch=watch)


def _told(report: DemoReport) -> str:
    seconds = f"[dim]{report.seconds:.1f} s[/]"
    if not report.is_new:
        return f"[green]✓[/] Real history: all there {seconds}"
    made = {file.file.partition(".")[0]: file for file in report.files}
    receipts, lines = made["transactions"].items, made["transactions"].rows
    words = f"{receipts:,} receipts with {lines:,} lines of {made['transactions'].customers:,} households"
    more = f"{made['campaign_descriptions'].items:,} campaigns, {made['coupon_redemptions'].items:,} coupons redeemed"
    return f"[green]✓[/] Real history: {words}, {more} {seconds}"
