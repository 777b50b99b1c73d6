"""What happens to people, in whatever order it is told, and what follows for their memberships."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.activity.membership import ENTERED
from domain.kernel.rules.history import History
from domain.kernel.rules.parts.moment import Person
from domain.kernel.rules.tree import All, Attribute, Compare, Field, Last, Measure, Not
from tests.workers.segmenting.watched_shop import NOON, WatchedShop, bought, customer_of, defined
from workers.segmenting.keeping import OvertakenError
from workers.segmenting.watching import Watch

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
COLD = Not(of=bought(days=30))


async def test_nobody_enters_a_segment_who_was_in_it_when_it_was_made(shop: WatchedShop) -> None:
    """A new segment has its members at once and tells only what happens from then on; so has a new version."""
    await shop.define()
    await shop.happens(*(shop.did(f"M{n}", "order.completed", NOON - DAY) for n in range(250)))
    await shop.define(defined("buyers", bought()))
    assert (shop.members("buyers"), await shop.told()) == (250, [])
    await shop.define(defined("buyers", bought(days=1), version=2))
    assert (shop.members("buyers"), await shop.told()) == (0, [])
    await shop.define(defined("buyers", bought(), version=3))
    await shop.move_to(NOON + 6 * DAY)
    assert shop.members("buyers") == 0
    assert {(one.name, one.at) for one in await shop.told()} == {("left", NOON + 6 * DAY)}
    await shop.define()
    assert await shop.store.pool.fetchval("SELECT count(*) FROM segmenting.member") == 0


async def test_who_is_new_may_be_in_for_what_she_has_not_done(shop: WatchedShop) -> None:
    """A first visit makes somebody known; an order takes her out, and a month without one brings her back."""
    await shop.define(defined("cold", COLD))
    await shop.happens(shop.did("M1", "page.viewed", NOON))
    await shop.move_to(NOON + DAY)
    await shop.happens(shop.did("M1", "order.completed"))
    await shop.move_to(NOON + 40 * DAY)
    assert await shop.changes() == [
        ("M1", "entered", timedelta()),
        ("M1", "left", DAY),
        ("M1", "entered", 31 * DAY),
    ]


async def test_a_late_fact_counts_by_the_truth_now_and_since_it_was_so(shop: WatchedShop) -> None:
    """What was told stands; what is told after it begins where the truth does, but never before what was told last."""
    await shop.define(defined("buyers", bought()))
    await shop.happens(shop.did("M1", "order.completed", NOON))
    await shop.move_to(NOON + 7 * DAY)
    shop.now = NOON + 8 * DAY
    await shop.happens(shop.did("M1", "order.completed", NOON + 3 * DAY))  # she never left, as it turns out
    await shop.happens(shop.did("M2", "order.completed", NOON + 2 * DAY))  # nobody knew that she was here
    await shop.happens(shop.did("M3", "order.completed", NOON - 2 * DAY))  # her past is told as it was
    await shop.move_to(NOON + 20 * DAY)
    assert await shop.changes() == [
        ("M1", "entered", timedelta()),
        ("M1", "left", 7 * DAY),
        ("M1", "entered", 7 * DAY),
        ("M2", "entered", 2 * DAY),
        ("M3", "entered", -2 * DAY),
        ("M3", "left", 5 * DAY),
        ("M2", "left", 9 * DAY),
        ("M1", "left", 10 * DAY),
    ]


async def test_what_is_taken_back_never_was(shop: WatchedShop) -> None:
    """A corrected file withdraws the order: she is out from the instant at which she came in."""
    await shop.define(defined("buyers", bought()))
    await shop.happens(shop.did("M1", "order.completed", NOON))
    await shop.move_to(NOON + DAY)
    fact_id = await shop.store.pool.fetchval("SELECT fact_id FROM fact_log WHERE name = 'order.completed'")
    body = {"fact_id": fact_id, "name": "order.completed", "reason": "missing"}
    await shop.happens(shop.did("M1", "fact.withdrawn", NOON, properties=body))
    assert [one[:2] for one in await shop.changes()] == [("M1", "entered"), ("M1", "left")]
    assert shop.members("buyers") == 0


async def test_disorder_and_repeats_change_nothing(shop: WatchedShop) -> None:
    """The same events in any order, each of them twice: each change once, when it is known."""
    await shop.define(defined("often", bought(days=2, at_least=3)))
    orders = [shop.did("M1", "order.completed", NOON + n * HOUR) for n in (5, 1, 9, 3, 7)]
    shop.now = NOON + 10 * HOUR
    for order in (*orders, *orders):
        await shop.happens(order)
    await shop.move_to(NOON + 4 * DAY)
    assert await shop.changes() == [("M1", "entered", 9 * HOUR), ("M1", "left", 2 * DAY + 5 * HOUR)]


async def test_words_about_a_person_count_from_when_they_were_said(shop: WatchedShop) -> None:
    """An attribute brings her in, another value takes her out; orders concern the rule as well."""
    city = Compare(left=Attribute(name="tier"), right="gold")
    await shop.define(defined("gold", All(of=(city, bought()))))
    await shop.happens(shop.did("M1", "customer.identified", NOON, traits={"tier": "gold"}))
    await shop.move_to(NOON + DAY)
    await shop.happens(shop.did("M1", "order.completed"))
    await shop.move_to(NOON + 2 * DAY)
    await shop.happens(shop.did("M1", "customer.identified", traits={"tier": "silver"}))
    told = await shop.told()
    assert [(one.name, one.at - NOON, one.reason) for one in told] == [
        ("entered", DAY, "order.completed"),
        ("left", 2 * DAY, "profile_changed"),
    ]


async def test_segments_may_ask_who_entered_others_and_do_not_go_round_for_ever(shop: WatchedShop) -> None:
    """Facts of memberships wake who asks for them; a circle of segments wakes nobody in it."""

    def entered(segment: str) -> Measure:
        where = Compare(left=Field(name="properties.segment"), right=segment)
        return Measure(events=(ENTERED,), where=where, within=Last(amount=1))

    await shop.define(
        defined("buyers", bought()),
        defined("fresh", Compare(left=entered("buyers"), op="gte", right=1)),
        defined("mad", Compare(left=entered("mad"), op="lt", right=1)),
    )
    await shop.happens(shop.did("M1", "order.completed", NOON))
    found = [(one.segment, one.name, one.at - NOON) for one in await shop.told()]
    assert sorted(found) == [
        ("buyers", "entered", timedelta()),
        ("fresh", "entered", timedelta()),
        ("mad", "entered", timedelta()),
    ]
    await shop.move_to(NOON + 3 * DAY)
    assert len([one for one in await shop.told() if one.segment == "fresh"]) == 2


async def test_people_who_turn_out_to_be_one_count_together_and_part_again(shop: WatchedShop) -> None:
    """One of two had one order, the other another: together they are who bought twice, until they are parted."""
    await shop.define(defined("twice", bought(days=30, at_least=2)), defined("buyers", bought(days=30)))
    await shop.happens(shop.did("M1", "order.completed", NOON), shop.did("M2", "order.completed", NOON))
    shop.now = NOON + HOUR
    await shop.merge("M1", "M2")
    found = {(one.segment, one.name): one.reason for one in await shop.told()}
    assert found["twice", "entered"] == "profiles_joined_or_parted"
    assert (shop.members("twice"), shop.members("buyers")) == (1, 1)
    await shop.unmerge("M1", "M2")
    assert (shop.members("twice"), shop.members("buyers")) == (0, 2)
    assert [one.name for one in await shop.told() if one.segment == "buyers"] == ["entered", "entered"]


async def test_two_owners_at_once_tell_every_change_once(shop: WatchedShop) -> None:
    """Whoever raised the epoch last writes; the other finds out before it has written anything."""
    await shop.define(defined("buyers", bought()))
    first = shop.work
    assert first is not None
    await shop.restart()
    await shop.happens(shop.did("M1", "order.completed", NOON), settle=False)
    with pytest.raises(OvertakenError):
        await first.step()
    await shop.settle()
    assert await shop.changes() == [("M1", "entered", timedelta())]


async def test_the_erased_are_in_no_segment(shop: WatchedShop, tmp_path: Path) -> None:
    """Nothing is told of them, and nothing is kept of them."""
    await shop.define(defined("buyers", bought()))
    await shop.happens(shop.did("M1", "order.completed", NOON))
    await shop.erase("M1", tmp_path)
    assert shop.members("buyers") == 0
    assert [one.name for one in await shop.told()] in (["entered"], [])
    await shop.move_to(NOON + 8 * DAY)
    assert len(await shop.told()) <= 1


async def test_a_fault_with_one_person_does_not_hold_up_the_others(
    shop: WatchedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """She is put aside with the reason, and judged again when she does something new."""
    await shop.define(defined("buyers", bought()))
    sick = str(customer_of("M1"))

    def failing(watch: Watch, history: History) -> Person:
        if history.profile_id == sick:
            raise ArithmeticError
        return laid_out(watch, history)

    laid_out = Watch.person
    monkeypatch.setattr(Watch, "person", failing)
    await shop.happens(*(shop.did(f"M{n}", "order.completed", NOON) for n in range(3)))
    assert sorted(one.member for one in await shop.told()) == ["M0", "M2"]
    parked = await shop.store.pool.fetchrow("SELECT projection, stream_id::text, reason FROM dead_letter")
    assert parked is not None
    assert tuple(parked) == ("segmenting", sick, "ArithmeticError")
    monkeypatch.undo()
    await shop.happens(shop.did("M1", "order.completed"))
    assert sorted(one.member for one in await shop.told()) == ["M0", "M1", "M2"]
