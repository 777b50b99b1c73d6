"""Whatever stands in a file, every row of it is accounted for, on its right line."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.identity.naming import Naming
from domain.ingestion.mapping_reading import read
from domain.kernel.errors import KoiError
from workers.connectors.importing import check_file
from workers.connectors.report import FileReport

CARTS = read(
    """
    source = "app"
    row = "fact"
    event = "cart.item_added"
    key = ["id"]
    time = "at"
    unit = "yuan"
    amount = "price"
    identifier = [{ column = "card", type = "member_code" }]
    file = { most_broken = 1.0, encoding = "utf-8" }
    [fields]
    note = "note"
    """
)
HEADER = ["id", "at", "price", "card", "note"]
_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=8) | st.sampled_from(
    ["", " ", "1", "2026-11-01", "19.90", "M1", '"', ",", "\n", "a\nb", "null", "NaN", "1e400", "-1"]
)
_ROWS = st.lists(st.tuples(*[_CELLS] * len(HEADER)), max_size=8)


def checked(content: bytes) -> FileReport:
    """Look at a file of this content."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "carts.csv"
        file.write_bytes(content)
        return check_file(str(file), CARTS, base=file.parent, home=file.parent, naming=Naming(b"p" * 32))


@settings(deadline=None, max_examples=60)
@given(_ROWS)
@example([("1", "2026-11-01", "1", "M1", "a\n\nb"), ("1", "x", "1", "M1", "")])
def test_every_row_becomes_a_fact_a_duplicate_or_a_refusal_on_its_line(rows: list[tuple[str, ...]]) -> None:
    """A spreadsheet wrote it: any text may stand in any column."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=",", lineterminator="\n")
    writer.writerow(HEADER)
    lines = []
    for row in rows:
        lines.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    report = checked(text.getvalue().encode())
    assert report.rows == len(rows)
    assert report.rows == report.items + report.duplicates + report.quarantined
    refused = [line for refusal in report.refusals for line in refusal.lines]
    assert len(refused) == report.quarantined
    assert set(refused) <= set(lines)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=60) | st.text(st.sampled_from('"\n,a1'), max_size=30).map(str.encode))
def test_a_damaged_file_is_refused_with_words_or_taken_as_far_as_it_goes(damage: bytes) -> None:
    """It never ends in an error nobody has words for."""
    content = ",".join(HEADER).encode() + b"\n1,2026-11-01,1,M1,\n" + damage
    try:
        report = checked(content)
    except KoiError as error:
        told = error.detail
    else:
        told = f"{report.rows} rows"
        assert report.rows >= report.items + report.duplicates + report.quarantined - 1
    assert told
