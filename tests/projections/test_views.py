"""What holds for every view."""

import re
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from domain.campaigns.campaign import Campaign
from domain.coupons.coupon import Coupon
from domain.identity.customer import Claim, Customer
from domain.kernel.event import Meta
from domain.kernel.ids import derived
from domain.products.product import Product
from projections.engine.digest import digest
from projections.engine.projection import Projection
from projections.engine.verify import verify
from projections.engine.waiting import wait_until
from projections.views import VIEWS, views
from tests.builders import campaign_created, coupon_issued, inferred, message_requested, weather_observed
from tests.projections.following import SECONDS, built, following
from tests.projections.log import NOON, Log, a_fact, an_order, customer_id

LI, WANG = customer_id("li"), customer_id("wang")
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its constructor untyped
NAMES = [view.name for view in VIEWS]


def _history(log: Log) -> int:
    """A little of everything; returns the last position."""
    campaign, coupon = derived("campaign", 1), derived("coupon", 1)
    log.register("li", "member_code", ("li's phone", "phone"))
    log.append((campaign, campaign_created()))
    for number in range(12):
        log.register(f"device {number}", "device", ("li's phone", "phone") if number % 3 == 0 else ("wang", "phone"))
        log.seal(a_fact(f"device {number}"), an_order("li", 100 * number), an_order("wang", 5, currency="JPY"))
        log.describe("li", visits=number, personal={"name": f"李 {number}"})
        log.tag("li", *(f"interest.{number % tags}" for tags in (2, 3)), source=("crm", "erp")[number % 2])
        log.append((LI, inferred(number)), (derived("weather", number % 3), weather_observed(number)))
        log.consent("li", "granted" if number % 2 else "withdrawn", channel=("email", "sms")[number % 2])
        if number == 5:
            log.erase("li")
        if number == 7:
            log.readmit("li")
    log.append((LI, Customer.InferencesWithdrawn(names=("rule 1", "rule 2"), reason="evidence_gone")))
    log.append((coupon, coupon_issued(customer_id=LI)), (coupon, Coupon.Voided(reason="a test")))
    log.append((derived("message", 1), message_requested(customer_id=LI)))
    log.append((LI, Customer.Merged(other_id=WANG, reason="one person")))
    log.append((LI, Customer.Unmerged(other_id=WANG, withdrawn=(customer_id("li's phone"),), reason="two people")))
    log.append((campaign, Campaign.Launched(journey_version=1)))
    _profile_and_catalogue(log)
    return log.seal(a_fact("li", "order.refunded", amount=100, currency="CNY"))


def _profile_and_catalogue(log: Log) -> None:
    """Words about a profile and its identifiers, increments, and a product."""
    phone, sku = customer_id("li's phone"), derived("product", "sku", "P-1")
    for at in (2, 1, 3):
        meta = Meta(occurred_at=NOON + timedelta(hours=at))
        claims = (Claim(phone, "phone"),)
        log.append(
            (LI, Customer.AttributesFirstSet(attributes={"first": at}, personal={"first_name": f"李 {at}"}, meta=meta)),
            (LI, Customer.AttributesExtended(attributes={"hobbies": [f"tea {at}"]}, meta=meta)),
            (LI, Customer.AttributesRemoved(names=("visits",), meta=meta)),
            (LI, Customer.Bound(claims=claims, identifiers={str(phone): "x"}, meta=meta)),
            (
                phone,
                Customer.Registered(named_by="phone", claims=claims, meta=meta)
                if at == 2
                else Customer.Unbound(meta=meta),
            ),
            (sku, Product.Described(item_type="sku", item_id="P-1", attributes={"price": at, f"a{at}": at}, meta=meta)),
        )
        log.seal(a_fact("li", "profile.incremented", at=meta.occurred_at, body='{"visits":2,"points":0.5,"$":{}}'))
    log.append((LI, Customer.ProfileCleared(meta=Meta(occurred_at=NOON + timedelta(hours=2)))))
    log.append((sku, Product.Withdrawn(item_type="sku", item_id="P-1", meta=Meta(occurred_at=NOON))))


@pytest.mark.parametrize("name", NAMES)
async def test_replay_equals_live(database: str, log: Log, reading: asyncpg.Connection, name: str) -> None:
    """The view kept while history was made, and ones built from it in pages of any size, hold the same rows."""
    view = _named(name, database)
    async with following(database, view):
        position = _history(log)
        await wait_until(reading, name, position, SECONDS)

    live = await digest(reading, view, name)
    verified = await verify(database, view)

    assert verified.equal
    assert verified.position == position
    for events in (1, 7):
        async with built(database, view, purpose="pages", events=events) as copy:
            assert await digest(reading, view, copy.name) == live


@pytest.mark.parametrize("name", NAMES)
async def test_a_view_holds_no_wall_clock_and_no_sequence(database: str, log: Log, name: str) -> None:
    """Nothing in a view may depend on when or how often it was built."""
    for table in _named(name, database).tables.sorted_tables:
        made = str(CreateTable(table).compile(dialect=_DIALECT)).lower()

        assert not re.search(r"serial|identity|nextval|now\(|current_|random|uuid_generate|gen_random", made)


def test_every_view_has_a_name_a_table_and_is_on_the_map_once() -> None:
    """The map of the read side is complete."""
    assert len(set(NAMES)) == len(NAMES)
    assert all(view.tables.sorted_tables and view.version > 0 for view in VIEWS)


def _named(name: str, database: str) -> Projection:
    return next(view for view in views("memory://views", database) if view.name == name)
