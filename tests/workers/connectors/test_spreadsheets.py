"""Sheets of Excel: what their cells mean, and which have lost digits before anybody could read them."""

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]  # the package ships no types
import pytest

from tests.workers.connectors.delivering import HEADER, RECEIPTS, Delivery
from workers.connectors.errors import SourceFileError

NAMES = HEADER.split(",")


def mapping_of(sheet: str) -> str:
    """The mapping of receipts on a sheet."""
    return f"file = {{ sheet = {sheet} }}\n{RECEIPTS}"


def row(receipt: Any = "R1", **changes: Any) -> list[Any]:
    """One line of a receipt as somebody typed it into a sheet."""
    values: dict[str, Any] = {"receipt": receipt, "line": 1, "type": "销售", "paid_at": "2026-11-01 10:00:00"}
    values |= {"card": "M1", "phone": None, "name": None, "sku": "A", "qty": 1, "paid": 19.9} | changes
    return list(values.values())


def book(folder: Path, *rows: list[Any], titles: int = 0, sheet: str = "Sales", name: str = "sales.xlsx") -> Path:
    """A workbook with one sheet before the one of receipts."""
    made = openpyxl.Workbook()
    made.active.title = "Notes"
    page = made.create_sheet(sheet)
    for _ in range(titles):
        page.append(["Sales of November"])
    for one in (NAMES, *rows):
        page.append(one)
    made.save(folder / name)
    return folder / name


async def test_a_sheet_is_chosen_by_name_or_number_below_its_titles(delivery: Delivery) -> None:
    """Numbers, yes and no, and empty lines are what a person sees in them."""
    file = book(delivery.folder, row("R1", paid=19.9), [None] * 10, row("R2", card=10001, qty=2), titles=2)
    report = await delivery.bring(file, mapping_of('"Sales", skip = 2'))
    assert (report.rows, report.items, report.quarantined) == (2, 2, 0)
    assert [fact["amount"] for fact in await delivery.facts()] == [1990, 1990]
    assert [fact["body"]["products"][0]["quantity"] for fact in await delivery.facts()] == [1, 2]
    again = await delivery.bring(book(delivery.folder, row("R3"), name="b.xlsx"), mapping_of("2"))
    assert again.items == 1
    with pytest.raises(SourceFileError, match=r"has no sheet 3; it has Notes, Sales \(1 is the first\)"):
        await delivery.bring(book(delivery.folder, row("R4"), name="c.xlsx"), mapping_of("3"))


async def test_a_date_is_a_date_however_the_cell_shows_it(delivery: Delivery) -> None:
    """A date cell, a text, and the bare number of days behind a date."""
    moments = [datetime(2026, 11, 1, 10, 0), "2026-11-01 10:00:00", 46327 + 10 / 24, date(2026, 11, 1), 20261101]  # noqa: DTZ001 - as the sheet has it
    rows = [row(f"R{number}", paid_at=moment) for number, moment in enumerate(moments)]
    report = await delivery.bring(book(delivery.folder, *rows), mapping_of('"Sales"'))
    assert report.quarantined == 0
    told = {fact["body"]["order_id"]: fact["occurred_at"].isoformat() for fact in await delivery.facts()}
    assert [told[f"R{number}"] for number in range(3)] == ["2026-11-01T02:00:00+00:00"] * 3
    assert [told["R3"], told["R4"]] == ["2026-10-31T16:00:00+00:00"] * 2


async def test_a_date_cell_is_right_where_the_texts_have_a_form_of_their_own(delivery: Delivery) -> None:
    """The declared format is that of texts."""
    mapping = mapping_of('"Sales"').replace('"paid_at"', '{ column = "paid_at", format = "%d.%m.%Y %H:%M:%S" }')
    moments = [datetime(2026, 11, 1, 10, 0), "01.11.2026 10:00:00"]  # noqa: DTZ001 - as the sheet has it
    rows = [row(f"R{number}", paid_at=moment) for number, moment in enumerate(moments)]
    await delivery.bring(book(delivery.folder, *rows), mapping)
    assert {fact["occurred_at"].isoformat() for fact in await delivery.facts()} == {"2026-11-01T02:00:00+00:00"}


async def test_a_number_that_has_lost_its_digits_names_nothing(delivery: Delivery) -> None:
    """Told with column and line of the sheet, never taken for the number it was; as text it is whole."""
    file = book(
        *(delivery.folder, row(2100000000000000001), row("2100000000000000001")),
        *(
            row("R3", sku=6901234567890123),
            row("R3", line=2),
            row("R5", card=6901234567890123),
            row("R6", phone=13800138000),
        ),
    )
    report = await delivery.bring(file, mapping_of('"Sales"'))
    told = {refusal.detail.partition(":")[0]: (refusal.reason, refusal.lines) for refusal in report.refusals}
    assert told.pop("another row of the same thing is broken") == ("group.incomplete", [5])
    assert told == {
        "receipt": ("value.digits_lost", [2]),
        "sku": ("value.digits_lost", [4]),
        "card": ("value.digits_lost", [6]),
    }
    assert {fact["body"]["order_id"] for fact in await delivery.facts()} == {"2100000000000000001", "R6"}


async def test_what_is_no_workbook_is_told(delivery: Delivery) -> None:
    """A page of an error message that was saved as one, for instance; or a workbook without names of columns."""
    file = delivery.folder / "sales.xls"
    file.write_text("<html>502 Bad Gateway</html>")
    with pytest.raises(SourceFileError, match=r"sales\.xls is no spreadsheet that can be read"):
        await delivery.bring(file)
    with pytest.raises(SourceFileError, match="line 1 of Notes holds no names"):
        await delivery.bring(book(delivery.folder, row()))


async def test_a_sheet_of_opendocument_reads_the_same(delivery: Delivery) -> None:
    """LibreOffice writes those."""
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>' for name in NAMES
    )
    values = row("R1", qty="3", line="1", paid="19.90", phone="", name="")
    filled = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>' for value in values
    )
    names = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" '
        f'xmlns:text="{names}:text:1.0"><office:body><office:spreadsheet><table:table table:name="S">'
        f"<table:table-row>{cells}</table:table-row><table:table-row>{filled}</table:table-row>"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    file = delivery.folder / "sales.ods"
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        packed.writestr("content.xml", content)
    report = await delivery.bring(file)
    assert (report.items, report.quarantined) == (1, 0)
    assert (await delivery.facts())[0]["amount"] == 1990
