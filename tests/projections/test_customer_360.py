"""The customer at a glance."""

from datetime import timedelta

import asyncpg

from projections.customer_360 import queries
from projections.customer_360.projector import PROJECTION
from tests.projections.following import current
from tests.projections.log import NOON, Log, a_fact, an_order, customer_id, seal

LI, WANG = customer_id("li"), customer_id("wang")


async def test_money_counts_in_a_window_until_the_very_instant_it_leaves_it(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """An order of seven days ago is inside a microsecond earlier and outside now."""
    position = log.seal(an_order("li", 9_900, at=NOON - timedelta(days=7)), an_order("li", 100, at=NOON))
    await current(database, position, PROJECTION)

    before = await queries.profile(reading, LI, [LI], NOON - timedelta(microseconds=1))
    now = await queries.profile(reading, LI, [LI], NOON)

    assert [(window.days, window.orders) for window in before.windows] == [
        (7, 1),
        (30, 1),
        (90, 1),
        (365, 1),
        (None, 2),
    ]
    assert [(window.days, window.orders) for window in now.windows] == [(7, 1), (30, 2), (90, 2), (365, 2), (None, 2)]
    assert before.windows[0].money == (queries.Money(currency="CNY", orders=1, amount=9_900),)
    assert now.windows[0].money == (queries.Money(currency="CNY", orders=1, amount=100),)


async def test_a_refund_counts_against_what_was_paid_in_its_currency(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Frequency and value are net of refunds, and currencies are never added up."""
    log.seal(an_order("li", 9_900), an_order("li", 500, currency="JPY"))
    refund = a_fact("li", "order.refunded", at=NOON + timedelta(days=1), amount=9_900, currency="CNY")
    position = log.seal(refund, a_fact("li", "order.completed"))
    await current(database, position, PROJECTION)

    seen = await queries.profile(reading, LI, [LI], NOON + timedelta(days=2))

    ever = seen.windows[-1]
    assert ever.orders == 2
    assert {money.currency: (money.orders, money.amount) for money in ever.money} == {"CNY": (0, 0), "JPY": (1, 500)}
    assert seen.windows[0] == queries.Window(days=7, orders=2, money=ever.money)
    assert seen.last_order_at == NOON


async def test_a_profile_is_the_sum_of_its_members(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """What two customers did is kept apart and shown as one."""
    log.seal(a_fact("li", at=NOON), a_fact("li", at=NOON + timedelta(hours=2)))
    position = log.seal(a_fact("wang", at=NOON - timedelta(hours=2)), an_order("wang", 100, at=NOON))
    await current(database, position, PROJECTION)

    both = await queries.profile(reading, LI, [LI, WANG], NOON)
    li, wang = await queries.profiles(reading, {LI: [LI], WANG: [WANG]}, NOON)

    assert both.events == li.events + wang.events == 4
    assert (both.first_seen_at, both.last_seen_at) == (NOON - timedelta(hours=2), NOON + timedelta(hours=2))
    assert [(one.name, one.events) for one in both.activities] == [("page.viewed", 3), ("order.completed", 1)]
    assert li.last_order_at is None


async def test_the_last_word_about_an_attribute_is_the_one_said_last(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Business time decides, not arrival; personal words stay sealed."""
    log.describe("li", at=NOON, city="Shanghai", tier=3)
    log.describe("li", at=NOON - timedelta(days=1), city="Beijing")
    position = log.describe("wang", at=NOON + timedelta(days=1), city=None, personal={"name": "王"})
    await current(database, position, PROJECTION)

    li = await queries.profile(reading, LI, [LI], NOON)
    both = await queries.profile(reading, LI, [LI, WANG], NOON)

    assert {word.key: word.value for word in li.attributes} == {"city": "Shanghai", "tier": 3}
    assert {word.key: (word.value, word.sealed, word.customer_id) for word in both.attributes} == {
        "city": (None, None, None),
        "tier": (3, None, None),
        "name": (None, seal('"王"'.encode()), WANG),
    }


async def test_of_two_words_about_consent_at_one_instant_withdrawal_prevails_among_members(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """In doubt nobody is written to."""
    log.consent("li", "withdrawn", at=NOON)
    log.consent("li", "granted", channel="sms", at=NOON)
    log.consent("li", "withdrawn", channel="sms", at=NOON - timedelta(days=1))
    position = log.consent("wang", "granted", at=NOON)
    await current(database, position, PROJECTION)

    both = await queries.profile(reading, LI, [WANG, LI], NOON)

    assert {consent.channel: consent.state for consent in both.consents} == {"email": "withdrawn", "sms": "granted"}


async def test_nobody_known_is_an_empty_profile(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """Asking about a stranger is no error."""
    await current(database, log.seal(a_fact("wang")), PROJECTION)

    stranger = await queries.profile(reading, LI, [LI], NOON)

    assert (stranger.events, stranger.first_seen_at, stranger.activities, stranger.attributes) == (0, None, (), ())
    assert all(window.orders == 0 for window in stranger.windows)
