"""Records for benches: as many as asked for, the same for the same seed, with the habits of the real history."""

from pathlib import Path

import duckdb
import pytest

from workers.connectors.complete_journey import folder as history
from workers.connectors.synthetic import write_behaviour


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_same_seed_writes_the_same_records(folder: Path, suffix: str) -> None:
    """In the order of their times, each with an id of its own."""
    files = [folder / f"{name}.{suffix}" for name in ("one", "two", "other")]
    for file, seed in zip(files, (1, 1, 2), strict=True):
        write_behaviour(file, 3_000, seed=seed)
    one, two, other = (duckdb.execute(f"SELECT * FROM '{file}'").fetchall() for file in files)
    assert one == two != other
    assert len({row[0] for row in one}) == 3_000
    assert [row[2] for row in one] == sorted(row[2] for row in one)


def test_records_have_the_habits_of_the_real_history(folder: Path) -> None:
    """Hours, amounts and the faithful households are as often as there, within the play of chance."""
    file = folder / "behaviour.parquet"
    write_behaviour(file, 100_000)
    real = f"read_parquet('{history() / 'transactions.parquet'}')"
    hours = "SELECT hour({}) AS hour, count(*) * 1.0 / sum(count(*)) OVER () AS share FROM {} GROUP BY 1"
    there, here = hours.format("transaction_timestamp", real), hours.format("occurred_at", f"'{file}'")
    apart = duckdb.execute(
        f"SELECT max(abs(r.share - s.share)) FROM ({there}) r JOIN ({here}) s USING (hour)"
    ).fetchall()
    assert apart[0][0] < 0.005
    mean = "SELECT avg({}) FROM {}"
    (expected,), (found,) = (
        duckdb.execute(mean.format(*pair)).fetchall()[0] for pair in (("sales_value", real), ("amount", f"'{file}'"))
    )
    assert found == pytest.approx(expected, rel=0.05)
    top = duckdb.execute(f"SELECT member_code FROM '{file}' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1").fetchall()[0][0]
    rank = duckdb.execute(f"SELECT household_id FROM {real} GROUP BY 1 ORDER BY count(*) DESC LIMIT 5").fetchall()
    assert int(top) in {household for (household,) in rank}


@pytest.mark.slow
def test_more_records_than_the_history_has_come_from_more_customers(folder: Path) -> None:
    """A household's habits, in another one's name."""
    file = folder / "behaviour.parquet"
    write_behaviour(file, 3_000_000)
    (customers,) = duckdb.execute(f"SELECT count(DISTINCT member_code) FROM '{file}'").fetchall()[0]
    assert 2 * 2_300 < customers <= 2 * 2_469
