"""`koi import`: what a person, or a nightly job, sees of it."""

import asyncio
import os
import sys
from pathlib import Path

import msgspec
import pytest

from commands.runtime.settings import Settings
from tests.workers.connectors.delivering import RECEIPTS, Delivery, line, written
from workers.cli import main
from workers.connectors.report import FileReport


@pytest.fixture
def mapping(folder: Path) -> Path:
    """The mapping of receipts, beside the files it names by a pattern."""
    file = folder / "receipts.toml"
    file.write_text('file = "sales_*.csv"\n' + RECEIPTS, encoding="utf-8")
    return file


def test_a_check_needs_no_running_koi(
    mapping: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every file of the pattern, with the lines of what would be refused."""
    monkeypatch.setenv("KOI_HOME", str(tmp_path / "nothing-runs-here"))
    monkeypatch.delenv("KOI_DATABASE_URL", raising=False)
    written(mapping.parent, [line("R1"), line("R2", qty="x")], name="sales_1.csv")
    written(mapping.parent, [line("R3")], name="sales_2.csv")
    with pytest.raises(SystemExit) as ended:
        main(["import", str(mapping), "--check"])
    told = capsys.readouterr().out
    assert ended.value.code in (None, 0)
    assert "1 × qty: not a whole number (value.invalid), line 3" in told
    assert "sales_2.csv" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["missing.toml"], "there is no mapping"), (["receipts.toml", "--file", "gone.csv"], "there is no file gone.csv")],
)
def test_what_is_not_there_is_told(
    mapping: Path,
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a traceback."""
    monkeypatch.chdir(mapping.parent)
    with pytest.raises(SystemExit) as ended:
        main(["import", *arguments, "--check"])
    assert ended.value.code == 1
    assert words in capsys.readouterr().err


async def test_a_nightly_job_reads_what_came_of_each_file(
    delivery: Delivery, settings: Settings, mapping: Path
) -> None:
    """One JSON object a line; a file named on the command line takes the place of the mapping's."""
    written(mapping.parent, [line("R1"), line("R2", qty="x")], name="sales_1.csv")
    other = written(mapping.parent, [line("R3")], name="other.csv")
    env = os.environ | {"KOI_HOME": str(settings.home), "KOI_DATABASE_URL": settings.database_url}
    env |= {"KOI_NATS_URL": settings.nats_url, "KOI_SECRETS_FILE": str(settings.secrets_file)}
    reports = []
    for more in ([], [], ["--file", str(other)]):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "workers", "import", str(mapping), "--json", *more),
            env=env,
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await process.communicate()
        assert process.returncode == 0
        reports += [msgspec.json.decode(one, type=FileReport) for one in told.splitlines()]
    assert [(one.file, one.outcome, one.items, one.quarantined) for one in reports] == [
        ("sales_1.csv", "imported", 1, 1),
        ("sales_1.csv", "known", 0, 0),
        ("other.csv", "imported", 1, 0),
    ]
    assert len(await delivery.facts()) == 2
