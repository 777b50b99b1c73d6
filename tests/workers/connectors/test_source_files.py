"""Files as retailers really deliver them: other encodings, compressed, in pieces, as Parquet, beside other files."""

import gzip
from pathlib import Path

import duckdb
import pytest

from domain.ingestion.mapping import FileForm, MappingError
from tests.workers.connectors.delivering import RECEIPTS, Delivery, line, written
from workers.connectors.errors import NoSuchFileError, SourceFileError
from workers.connectors.source_file import fetch, in_utf8, locate


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_the_encodings_of_tills_are_recognised(delivery: Delivery, encoding: str) -> None:
    """UTF-8 with or without a mark, else GB18030: the Chinese words are the same."""
    file = delivery.write([line("R1", sku="羽绒服"), line("R2", type="退货")], encoding=encoding)
    report = await delivery.bring(file)
    assert (report.items, report.quarantined) == (2, 0)
    first, second = await delivery.facts()
    assert first["body"]["products"][0]["product_id"] == "羽绒服"
    assert second["name"] == "order.refunded"


async def test_a_wrong_encoding_is_told_and_a_corrected_one_goes_through(delivery: Delivery) -> None:
    """The error names the line and what to try; nothing was written, so the same file can come again."""
    file = delivery.write([line("R1"), line("R2", type="退货")], encoding="gb18030")
    declared = 'file = { encoding = "utf-8" }\n' + RECEIPTS
    with pytest.raises(SourceFileError, match=r"not UTF-8 \(line 2\): try encoding = \"gb18030\""):
        await delivery.bring(file, declared)
    assert await delivery.count("decision_log") == 0
    assert (await delivery.bring(file, declared.replace("utf-8", "gb18030"))).items == 2


@pytest.mark.parametrize(("encoding", "words"), [("klingon", "no encoding"), ("utf-16", "not written in utf-16")])
def test_an_encoding_that_cannot_be_is_refused(folder: Path, encoding: str, words: str) -> None:
    """By its name, or by the file."""
    form = FileForm(encoding=encoding)
    file = fetch(str(written(folder, [line("R1")])), form, folder)
    with pytest.raises(SourceFileError, match=words):
        in_utf8(file, folder)


async def test_a_compressed_file_is_read_as_it_is(delivery: Delivery) -> None:
    """It is known by the bytes delivered."""
    plain = delivery.write([line("R1"), line("R2", qty="x")])
    packed = delivery.folder / "sales.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    report = await delivery.bring(packed)
    assert (report.file, report.items, report.quarantined) == ("sales.csv", 1, 1)
    (entry,) = await delivery.into.quarantine.newest()
    assert entry.line == 3


async def test_the_delimiter_is_read_off_the_header(delivery: Delivery) -> None:
    """Tills write what their makers liked."""
    for number, delimiter in enumerate((";", "\t", "|")):
        file = delivery.write([line(f"R{number}")], name=f"{number}.csv")
        file.write_text(file.read_text().replace(",", delimiter))
        assert (await delivery.bring(file)).items == 1


async def test_lines_may_end_as_they_like(delivery: Delivery) -> None:
    """Windows, Unix, or both in one file, as after somebody's edit by hand."""
    mixed = delivery.write([line("R1"), line("R2", qty="x"), line("R3")])
    mixed.write_bytes(mixed.read_bytes().replace(b"R1,", b"R0,", 1).replace(b"19.90\n", b"19.90\r\n", 2))
    windows = delivery.write([line("R4"), line("R5", qty="x")], name="windows.csv")
    windows.write_bytes(windows.read_bytes().replace(b"\n", b"\r\n"))
    for file in (mixed, windows):
        assert [refusal.lines for refusal in (await delivery.bring(file)).refusals] == [[3]]
    assert [fact["body"]["order_id"] for fact in await delivery.facts()] == ["R0", "R3", "R4"]


async def test_a_file_without_a_header_has_its_columns_named_by_the_mapping(delivery: Delivery) -> None:
    """Its first line is a row, and is told as line 1."""
    file = delivery.folder / "sales.txt"
    file.write_text("\n".join([line("R1", qty="x"), line("R2"), ""]))
    names = ["receipt", "line", "type", "paid_at", "card", "phone", "name", "sku", "qty", "paid"]
    declared = f"file = {{ columns = {names!r} }}\n" + RECEIPTS
    assert (await delivery.bring(file, declared)).items == 1
    (entry,) = await delivery.into.quarantine.newest()
    assert entry.line == 1


def test_files_are_found_by_pattern_in_the_order_of_their_names(folder: Path) -> None:
    """Yesterday's before today's; a relative path lies beside the mapping; nothing found is told."""
    for day in ("02", "01"):
        written(folder, [], name=f"sales_2026-11-{day}.csv")
    found = locate(FileForm(path="sales_*.csv"), folder)
    assert [Path(one).name for one in found] == ["sales_2026-11-01.csv", "sales_2026-11-02.csv"]
    assert locate(FileForm(path=(folder / "sales_2026-11-01.csv").as_uri()), Path("/")) == found[:1]
    for missing in ("sales.csv", "*.parquet", ""):
        with pytest.raises(NoSuchFileError):
            locate(FileForm(path=missing), folder)


def test_a_file_anywhere_is_brought_here(folder: Path) -> None:
    """Any fsspec URL: here one of a file system in memory."""
    import fsspec

    with fsspec.open("memory://erp/sales.csv", "wb") as remote:
        remote.write(written(folder, [line("R1")]).read_bytes())
    (address,) = locate(FileForm(path="memory://erp/sales*.csv"), folder)
    file = fetch(address, FileForm(), folder)
    assert file.name == "sales.csv"
    assert file.path.parent == folder
    assert "R1" in file.path.read_text()


async def test_a_column_that_is_not_there_is_told_with_those_that_are(delivery: Delivery) -> None:
    """The key of the mapping that names it comes first."""
    file = delivery.write([line("R1")])
    with pytest.raises(MappingError, match=r"amount: sales.csv has no column total; it has receipt, line") as caught:
        await delivery.bring(file, RECEIPTS.replace('"paid"\n', '"total"\n', 1))
    assert caught.value.field == "amount"


@pytest.mark.parametrize(("name", "content"), [("a.csv", b""), ("a.parquet", b"PAR1 no parquet")])
async def test_a_file_that_is_none_is_refused(delivery: Delivery, name: str, content: bytes) -> None:
    """Empty, or not what its name says."""
    file = delivery.folder / name
    file.write_bytes(content)
    with pytest.raises(SourceFileError, match=name):
        await delivery.bring(file)


async def test_a_time_zone_that_is_none_is_refused(delivery: Delivery) -> None:
    """With the way it is written."""
    with pytest.raises(MappingError, match="Asia/Shanghai"):
        await delivery.bring(delivery.write([line("R1")]), 'zone = "Shanghai"\n' + RECEIPTS)


async def test_parquet_comes_with_types_and_broken_rows_are_told_by_their_number(delivery: Delivery) -> None:
    """Numbers, times and texts as they are; the first row is 1."""
    file = delivery.folder / "visits.parquet"
    duckdb.execute(
        f"""COPY (SELECT * FROM (VALUES (1, 'M1', TIMESTAMP '2026-03-08 02:30:00', 3.5, true),
                                 (2, NULL, TIMESTAMP '2026-03-08 09:00:00', 'nan'::DOUBLE, false),
                                 (3, 'M2', TIMESTAMP '2026-03-08 09:00:00', 0, NULL))
           AS visit(id, card, entered_at, hours, bought)) TO '{file}' (FORMAT PARQUET)"""
    )
    visits = """
        source = "doors"
        row = "fact"
        event = "store.entered"
        key = ["id"]
        zone = "America/New_York"
        time = "entered_at"
        identifier = [{ column = "card", type = "member_code", prefix = "US-" }]
        [fields]
        visit_id = "id"
        hours = { column = "hours", type = "decimal", omit_zero = true }
        bought = { column = "bought", type = "boolean" }
        day = { column = "entered_at", type = "date" }
        left_at = { column = "entered_at", type = "time", last_day = true }
    """
    report = await delivery.bring(file, visits)
    first, second = await delivery.facts()
    # There was no half past two on that day: the clocks had gone forward.
    assert first["occurred_at"].isoformat() == "2026-03-08T07:30:00+00:00"
    assert first["body"] == {
        "visit_id": "1",
        "hours": 3.5,
        "bought": True,
        "day": "2026-03-08",
        "left_at": "2026-03-09T04:00:00Z",
    }
    assert "hours" not in second["body"]
    assert (report.quarantined, [refusal.lines for refusal in report.refusals]) == (1, [[2]])
    assert (first["amount"], first["currency"]) == (None, None)
    assert await delivery.is_sealed_truly()


async def test_another_file_can_be_looked_up(delivery: Delivery) -> None:
    """Its first row for a key counts; a row that finds none has no value there."""
    (delivery.folder / "shops.csv").write_text("shop,city\n1,上海\n1,北京\n2,杭州\n")
    file = delivery.folder / "carts.csv"
    file.write_text("id,card,at,shop\n1,M1,2026-11-01,1\n2,M1,2026-11-02,2\n3,M1,2026-11-03,9\n")
    carts = """
        source = "app"
        row = "fact"
        event = "cart.item_added"
        key = ["id"]
        time = "at"
        identifier = [{ column = "card", type = "member_code" }]
        lookup = [{ file = "shops.csv", on = ["shop"] }]
        [fields]
        city = "city"
    """
    await delivery.bring(file, carts)
    assert [fact["body"] for fact in await delivery.facts()] == [{"city": "上海"}, {"city": "杭州"}, {}]
    assert await delivery.is_sealed_truly()


async def test_a_file_without_quotes_may_hold_them(delivery: Delivery) -> None:
    """An inch sign is no beginning of a quoted value, where the mapping says that there are none."""
    file = delivery.write([line("R1", sku='TV 55"'), line("R2", sku='TV 65"', qty="x"), line("R3")])
    report = await delivery.bring(file, 'file = { quote = "" }\n' + RECEIPTS)
    assert [fact["body"]["products"][0]["product_id"] for fact in await delivery.facts()] == ['TV 55"', "A"]
    assert [refusal.lines for refusal in report.refusals] == [[3]]
    assert await delivery.is_sealed_truly()
