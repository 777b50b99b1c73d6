"""Watched places: a file is taken once, when all of it is there, and what came of it is told in the outbox."""

import os
from pathlib import Path

import fsspec
import msgspec
import pytest

from domain.ingestion.mapping_reading import read
from tests.workers.connectors.delivering import HEADER, RECEIPTS, line
from tests.workers.sources.declaring import Shop
from workers.connectors.errors import SourceFileError
from workers.connectors.places import opened
from workers.connectors.report import FileReport
from workers.sources import watching
from workers.sources.files import Files

STABLE = "watch = { every = 1 }"


async def test_a_file_is_taken_when_its_marker_is_there(shop: Shop) -> None:
    """Not before; under either of the names that markers go by, which are no files of receipts themselves."""
    shop.declare("till", pattern="*")
    shop.deliver("a.csv", done=False)
    came = await shop.run("till")
    assert (came.read, came.files) == (0, [])
    assert "1 not known to be complete yet, looked at again: a.csv" in came.notes
    (shop.inbox / "a.done").touch()
    assert [file.file for file in (await shop.run("till")).files] == ["a.csv"]
    shop.deliver("b.csv", [line("R2")])
    assert [file.file for file in (await shop.run("till")).files] == ["b.csv"]
    assert (await shop.run("till")).files == []


async def test_without_a_marker_a_file_is_taken_when_it_has_stopped_growing(shop: Shop) -> None:
    """The same size and the same time of change at two looks."""
    shop.declare("till", watch=STABLE)
    file = shop.deliver("sales_1.csv", done=False)
    assert (await shop.run("till")).files == []
    with file.open("a", encoding="utf-8") as more:
        more.write(line("R2") + "\n")
    assert (await shop.run("till")).files == []
    assert [one.items for one in (await shop.run("till")).files] == [2]
    assert len(await shop.facts()) == 2


async def test_a_file_that_changes_while_it_is_read_is_not_taken(shop: Shop) -> None:
    """What was found complete has to be what was read."""
    shop.declare("till")
    file = shop.deliver("sales_1.csv")
    source = shop.source("till")
    (found,) = watching.look(read(f'file = "{file}"\n{RECEIPTS}'), shop.inbox)
    changed = msgspec.structs.replace(found, stamp="as it was")
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr("workers.sources.files.look", lambda *_: [changed])
        patch.setattr("workers.sources.files.is_complete", lambda *_: True)
        (report,) = (await Files().run(source, shop.means)).files
    assert (report.outcome, await shop.facts()) == ("refused", [])
    assert "changed while it was read" in str(report.reason)


async def test_what_came_of_each_file_is_told_in_the_outbox(shop: Shop) -> None:
    """Whole or not at all; refused rows with their lines, and no value of them."""
    outbox = shop.inbox / "outbox"
    shop.declare("till", watch=f'watch = {{ every = 1, marker = ".done", outbox = "{outbox}" }}')
    shop.deliver("sales_1.csv", [line("R1"), line("R2", qty="x", phone="13800138000")])
    shop.deliver("sales_2.csv", [])
    (shop.inbox / "sales_2.csv").write_bytes(b"")
    await shop.run("till")
    told = {report.file: report for report in map(_report, outbox.iterdir())}
    assert (told["sales_1.csv"].outcome, told["sales_1.csv"].items, told["sales_1.csv"].quarantined) == (
        "imported",
        1,
        1,
    )
    assert told["sales_1.csv"].refusals[0].lines == [3]
    assert (told["sales_2.csv"].outcome, told["sales_2.csv"].reason) == ("refused", "sales_2.csv is empty")
    assert not [file for file in outbox.iterdir() if "13800138000" in file.read_text() or file.name.startswith(".")]


async def test_a_file_that_cannot_be_read_holds_up_no_other_and_is_tried_again(
    shop: Shop,
) -> None:
    """Once something has changed: the file, or the declaration it was refused under."""
    shop.declare("till")
    (shop.inbox / "sales_0.csv").write_bytes(b"")
    (shop.inbox / "sales_0.csv.done").touch()
    shop.deliver("sales_1.csv")
    assert [file.outcome for file in (await shop.run("till")).files] == ["refused", "imported"]
    assert (await shop.run("till")).files == []
    shop.deliver("sales_0.csv", [line("R2")])
    assert [file.outcome for file in (await shop.run("till")).files] == ["imported"]


async def test_notes_that_are_lost_change_nothing(shop: Shop) -> None:
    """A file is known by its content, wherever it lies and whatever it is called."""
    shop.declare("till")
    shop.deliver("sales_1.csv")
    await shop.run("till")
    await shop.pool.execute("DELETE FROM watched_file")
    os.utime(shop.inbox / "sales_1.csv", (1, 1))
    (shop.inbox / "sales_1.csv").rename(shop.inbox / "sales_9.csv")
    (shop.inbox / "sales_9.csv.done").touch()
    assert (await shop.run("till")).accepted == 0
    assert len(await shop.facts()) == 1


async def test_a_corrected_file_in_its_place_is_a_new_version(shop: Shop) -> None:
    """Seen by its size and time, taken by its content."""
    shop.declare("till")
    shop.deliver("sales_1.csv", [line("R1"), line("R2")])
    await shop.run("till")
    shop.deliver("sales_1.csv", [line("R1"), line("R2", paid="5"), line("R3")])
    (report,) = (await shop.run("till")).files
    assert (report.unchanged, report.recorded, report.withdrawn) == (1, 2, 1)


async def test_any_place_that_fsspec_knows_can_be_watched(shop: Shop) -> None:
    """Here one in memory, as another would lie in an object store."""
    system = fsspec.filesystem("memory")
    name = f"/{shop.inbox.parent.name}/sales_1.csv"
    system.pipe(name, "\n".join([HEADER, line("R1"), ""]).encode())
    file = shop.declare("till", watch=f'watch = {{ every = 1, outbox = "memory:/{name.rpartition("/")[0]}/outbox" }}')
    file.write_text(file.read_text().replace(str(shop.inbox / "sales_*.csv"), f"memory:/{name.replace('_1', '_*')}"))
    await shop.run("till")
    assert [(one.items, one.reason) for one in (await shop.run("till")).files] == [(1, None)]
    (told,) = system.glob(f"{name.rpartition('/')[0]}/outbox/*.json")
    assert msgspec.json.decode(system.cat_file(told), type=FileReport).items == 1


@pytest.mark.parametrize(
    ("address", "words"),
    [("oss://bucket/sales_*.csv", r"oss:// needs a package .* ossfs"), ("smoke://a/b", "smoke:// is no place")],
)
def test_a_place_that_needs_a_package_names_it(address: str, words: str) -> None:
    """So does one that nobody knows."""
    with pytest.raises(SourceFileError, match=words):
        opened(address)


async def test_the_secrets_of_a_place_are_looked_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """They need not stand in the declaration."""
    monkeypatch.setenv("ERP_PASSWORD", "s3cret")
    file = shop.declare("till")
    text = file.read_text().replace(
        f'file = "{shop.inbox / "sales_*.csv"}"',
        'file = { path = "sftp://erp/out/*.csv", options = { username = "koi", password = { env = "ERP_PASSWORD" } } }',
    )
    file.write_text(text)
    with pytest.raises(SourceFileError, match="sftp:// needs a package"):
        await shop.run("till")
    assert (await shop.state("till")).state == "failing"


def _report(file: Path) -> FileReport:
    return msgspec.json.decode(file.read_bytes(), type=FileReport)
