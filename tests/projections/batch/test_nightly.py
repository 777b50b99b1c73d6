"""A build that carries over comes to what one comes to that asks everything anew: random rules, people and nights."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.kernel.rules import tree
from domain.kernel.rules.history import History, Occurrence, Word
from domain.kernel.rules.tree import Compare, Last, Measure, Value
from domain.kernel.rules.world import World
from projections.batch.building import build_tags
from projections.batch.columns import DUE, Definitions
from projections.batch.lakehouse import Lakehouse
from projections.batch.news import CUSTOMERS
from projections.batch.writing import Manifest, Origin
from projections.lake.store import UrlStore
from tests.domain.kernel.rules.strategies import NOON, TOLD, histories, instants, rules, values
from tests.projections.batch.synthetic import lakehouse_of
from tests.projections.batch.test_agreement import KINDS, ZONES, people_of

DAY = timedelta(days=1)
_FAMILIES = ("attributes", "tags", "consents", "identifiers", "predictions", "segments")


def a_world(zone: ZoneInfo) -> World:
    """A world whose circumstances differ by place, hour and day."""

    def circumstances(region: str | None, at: datetime) -> dict[str, Any]:
        local = at.astimezone(zone)
        found: dict[str, Any] = {
            "hour": local.hour,
            "weekday": local.isoweekday(),
            "is_workday": local.isoweekday() < 6,
        }
        found |= {"festivals": ["spring"] if local.month == 2 else [], "weather": "rain" if local.day % 2 else "clear"}
        return found | ({"city": region, "temperature_high": float(local.day)} if region else {})

    return World(zone=zone, told=frozenset({TOLD}), circumstances=circumstances)


def of_rule(rule: tree.Rule) -> Value:
    """A rule as a tag."""
    yes, no = tree.Constant(value=True), tree.Constant(value=False)
    return tree.Case(cases=(tree.When(rule=rule, then=yes),), otherwise=no)


def following() -> st.SearchStrategy[Value]:
    """Values that follow the clock: circumstances, days that are counted, what has been so, what was so."""
    context = st.sampled_from(("hour", "weather", "city", "temperature_high", "festivals", "is_workday", "unheard_of"))
    circumstance: st.SearchStrategy[Value] = context.map(lambda name: tree.Context(name=name))
    counted = st.sampled_from(("age", "days_to_birthday", "member_days", "known_days"))
    days: st.SearchStrategy[Value] = counted.map(lambda name: tree.Attribute(name=name))
    when = st.builds(lambda rule, then: tree.When(rule=rule, then=then), rules(depth=1), st.one_of(circumstance, days))
    case = st.builds(
        lambda cases, otherwise: tree.Case(cases=tuple(cases), otherwise=otherwise),
        st.lists(when, min_size=1, max_size=2),
        st.one_of(st.none(), values(), circumstance),
    )
    return st.one_of(circumstance, days, case, rules(depth=2).map(of_rule), values())


class Drawn:
    """What was known of people on one evening, and on a later one; too much of it to be shown."""

    def __init__(
        self,
        then: dict[str, History],
        now: dict[str, History],
        joined_then: dict[str, str],
        joined_now: dict[str, str],
    ) -> None:
        self.then = then
        self.now = now
        self.joined_then = joined_then
        self.joined_now = joined_now

    @property
    def told(self) -> list[str]:
        """The customers of whom something was told in between."""
        return [key for key in self.now if self.now[key] != self.then.get(key)]


@st.composite
def nights(draw: st.DrawFn) -> Drawn:
    """Most people are told nothing new of; what is new may have happened at any time, and facts may be withdrawn."""
    now = people_of(draw(st.lists(histories(), min_size=8, max_size=16)))
    then = {}
    for key, history in now.items():
        match draw(st.integers(0, 11)):
            case 0:
                continue  # nobody knew her
            case 1:
                then[key] = less(draw, history)
            case 2:
                now[key] = less(draw, history)
                then[key] = history
            case _:
                then[key] = history
    keys = list(then)
    one, other = keys[:2] if len(keys) > 1 else (None, None)
    joins = [{}] if one is None or other is None else [{}, {other: one}]
    return Drawn(then, now, draw(st.sampled_from(joins)), draw(st.sampled_from(joins)))


def less(draw: st.DrawFn, history: History) -> History:
    """A history of which something is not known."""
    words = {
        family: {
            key: [word for word in of_key if draw(st.booleans())] for key, of_key in getattr(history, family).items()
        }
        for family in _FAMILIES
    }
    facts = {
        level: tuple(one for one in getattr(history, level) if draw(st.booleans())) for level in ("events", "items")
    }
    return msgspec.structs.replace(history, **words, **facts)


def lakehouse(
    people: Mapping[str, History], joined: Mapping[str, str], zone: ZoneInfo, told: Sequence[str]
) -> Lakehouse:
    """All of it as one part; the position is that of nothing."""

    async def news(_position: int) -> pa.Table:
        return pa.table([pa.array(told, pa.string())], schema=CUSTOMERS)

    return msgspec.structs.replace(lakehouse_of(people, a_world(zone), joined), digits=0, news=news)


def table_of(folder: Path, manifest: Manifest) -> pa.Table:
    """All rows of a build, without when people are due: that may be said early."""
    tables = [pq.read_table(folder / file.path) for file in manifest.files]
    return pa.concat_tables(tables).drop_columns([DUE])


def different(one: pa.Table, other: pa.Table) -> list[tuple[str, str, Any, Any]]:
    """Which values of whom are not the same, to the bit."""
    assert one.column_names == other.column_names
    assert one["profile_id"].to_pylist() == other["profile_id"].to_pylist()
    ids: list[Any] = one["profile_id"].to_pylist()
    found: list[tuple[str, str, Any, Any]] = []
    for name in one.column_names:
        assert one.schema.field(name).type == other.schema.field(name).type, name
        both = zip(ids, one[name].to_pylist(), other[name].to_pylist(), strict=True)
        found += [(name, key, mine, theirs) for key, mine, theirs in both if mine != theirs]
    return found


def definitions_of(wanted: Sequence[Value]) -> Definitions:
    """Each value as tags of every kind."""
    named = {f"t{number} {kind}": (value, kind) for number, value in enumerate(wanted) for kind in KINDS}
    return Definitions({key: one[0] for key, one in named.items()}, {key: one[1] for key, one in named.items()})


@given(
    st.lists(following(), min_size=2, max_size=4),
    nights(),
    instants(),
    st.one_of(
        st.sampled_from((timedelta(microseconds=1), timedelta(hours=1), DAY, DAY, DAY, 3 * DAY, 31 * DAY)),
        st.timedeltas(timedelta(microseconds=1), 40 * DAY),
    ),
    st.sampled_from(ZONES),
)
@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
)
def test_a_night_comes_to_what_asking_everything_does(
    wanted: list[Value], drawn: Drawn, then: datetime, gap: timedelta, zone: ZoneInfo
) -> None:
    """Whatever is asked, whoever was told of, joined or parted, and however long the night was."""
    definitions, now = definitions_of(wanted), then + gap

    async def run(folder: Path) -> None:
        night, anew = UrlStore((folder / "night").as_uri()), UrlStore((folder / "anew").as_uri())
        await build_tags(lakehouse(drawn.then, drawn.joined_then, zone, []), definitions, then, night)
        later = lakehouse(drawn.now, drawn.joined_now, zone, drawn.told)
        carried = await build_tags(later, definitions, now, night, most=1.0)
        plain = await build_tags(later, definitions, now, anew)
        wrong = different(table_of(folder / "night", carried), table_of(folder / "anew", plain))
        shown = [(one, definitions.values.get(one[0]), drawn.now[one[1]]) for one in wrong[:1]]
        assert not wrong, (carried.origin, then, now, shown)

    with TemporaryDirectory() as name:
        asyncio.run(run(Path(name)))


BOUGHT = Measure(events=("order.completed",), within=Last(amount=30))
SINCE = Measure(events=("order.completed",), take="days_since_last")
SLEEPING = of_rule(Compare(left=SINCE, op="gte", right=90))
WHERE = tree.Attribute(name="city")
TAGS = Definitions(
    {"bought": BOUGHT, "since": SINCE, "sleeping": SLEEPING, "where": WHERE},
    {"bought": "number", "since": "number", "sleeping": "flag", "where": "text"},
)


def a_shop(people: int = 40) -> dict[str, History]:
    """Everybody bought once, each a day earlier than the one before."""
    histories = {}
    for number in range(people):
        key = f"{number % 16:x}000000{number // 16}-0000-4000-8000-000000000000"
        bought = Occurrence(NOON - number * DAY - DAY / 3, number, "order.completed", {})
        histories[key] = History(profile_id=key, events=(bought,), attributes={"city": [Word(NOON - 99 * DAY, "杭州")]})
    return histories


async def test_a_night_touches_who_passed_an_edge(tmp_path: Path) -> None:
    """Of forty people one leaves the thirty days; the others keep what they have, and have been away a day longer."""
    store, shop = UrlStore(tmp_path.as_uri()), lakehouse(a_shop(), {}, ZONES[0], [])
    first = await build_tags(shop, TAGS, NOON, store)
    assert first.origin == Origin(why="first")
    second = await build_tags(shop, TAGS, NOON + DAY, store)
    assert second.origin == Origin(base=NOON, touched=1, kept=2, followed=2)
    rows = {row["profile_id"]: row for row in table_of(tmp_path, second).to_pylist()}
    assert [rows[key]["since"] for key in a_shop()] == [*range(1, 41)]
    assert sum(row["bought"] for row in rows.values()) == 29
    assert set(second.kinds) == {"bought", "since", "sleeping", "where"}, "hidden columns are no tags"


async def test_a_tag_that_is_defined_anew_is_asked_of_everybody(tmp_path: Path) -> None:
    """The rest is carried over."""
    store, shop = UrlStore(tmp_path.as_uri()), lakehouse(a_shop(), {}, ZONES[0], [])
    await build_tags(shop, TAGS, NOON, store)
    values = {**TAGS.values, "bought": Measure(events=("order.completed",), within=Last(amount=7))}
    changed = await build_tags(shop, Definitions(values, TAGS.kinds), NOON + DAY, store)
    assert changed.origin.anew == ("bought",)
    assert changed.origin.kept == 1
    rows = table_of(tmp_path, changed).to_pylist()
    assert sum(row["bought"] for row in rows) == 6


async def test_a_part_that_is_not_what_it_was_is_asked_anew(tmp_path: Path) -> None:
    """All of it, and the manifest says so."""
    store = UrlStore(tmp_path.as_uri())
    shop = msgspec.structs.replace(lakehouse(a_shop(), {}, ZONES[0], []), digits=1)
    first = await build_tags(shop, TAGS, NOON, store)
    (tmp_path / first.files[3].path).unlink()
    damaged = tmp_path / first.files[5].path
    damaged.write_bytes(damaged.read_bytes()[:-9] + b"123456789")
    second = await build_tags(shop, TAGS, NOON + DAY, store)
    assert second.origin.damaged == ("3", "5")
    anew = await build_tags(shop, TAGS, NOON + DAY, UrlStore((tmp_path / "anew").as_uri()))
    assert not different(table_of(tmp_path, second), table_of(tmp_path / "anew", anew))


async def test_what_all_values_are_made_of_is_looked_at(tmp_path: Path) -> None:
    """Another zone, other lists of people: everything, or what looks at them, is asked anew."""
    store, shop = UrlStore(tmp_path.as_uri()), lakehouse(a_shop(), {}, ZONES[0], [])
    await build_tags(shop, TAGS, NOON, store)
    elsewhere = await build_tags(lakehouse(a_shop(), {}, ZONES[1], []), TAGS, NOON + DAY, store)
    assert (elsewhere.origin.why, elsewhere.origin.changed) == ("surroundings", ("zone",))
    told_by_nobody = msgspec.structs.replace(lakehouse(a_shop(), {}, ZONES[1], []), news=None)
    assert (await build_tags(told_by_nobody, TAGS, NOON + 2 * DAY, store)).origin.why == "unknown"
    relisted = msgspec.structs.replace(lakehouse(a_shop(), {}, ZONES[1], []), marks={"lists": "others"})
    listed = of_rule(tree.InSegment(key="staff"))
    tags = Definitions({**TAGS.values, "staff": listed}, {**TAGS.kinds, "staff": "flag"})
    await build_tags(lakehouse(a_shop(), {}, ZONES[1], []), tags, NOON + 3 * DAY, store)
    assert (await build_tags(relisted, tags, NOON + 4 * DAY, store)).origin.anew == ("staff",)


async def test_a_busy_night_carries_nothing_over(tmp_path: Path) -> None:
    """Where most people were touched, or it is wanted so, everything is asked anew."""
    store, shop = UrlStore(tmp_path.as_uri()), a_shop()
    await build_tags(lakehouse(shop, {}, ZONES[0], []), TAGS, NOON, store)
    busy = await build_tags(lakehouse(shop, {}, ZONES[0], list(shop)[:30]), TAGS, NOON + DAY, store)
    assert (busy.origin.why, busy.origin.touched) == ("touched", 30)
    wanted = await build_tags(lakehouse(shop, {}, ZONES[0], []), TAGS, NOON + 2 * DAY, store, most=0)
    assert wanted.origin.why == "asked"
