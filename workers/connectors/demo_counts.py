"""The real history as its publisher counts it, beside what the log and the views hold of it."""

from typing import Final

import asyncpg
import msgspec
from rich.console import Console
from rich.table import Table

from domain.activity.withdrawing import WITHDRAWN
from domain.kernel.errors import KoiError

SOURCE: Final = "complete-journey"
_ZONE: Final = "America/New_York"

_FACTS = "SELECT count(*) FROM fact_log WHERE source = $1 AND name = $2"
# What else there is of these facts, live ones say, is known from the log and taken off, unless it was withdrawn.
_IN_VIEW = f"""
    SELECT (SELECT coalesce(sum(events), 0) FROM customer_360.activity WHERE name = $2)::bigint
         - (SELECT count(*) FROM fact_log WHERE source <> $1 AND name = $2)
         + (SELECT count(*) FROM fact_log WHERE source <> $1 AND name = '{WITHDRAWN}' AND body ->> 'name' = $2)
"""
_LINES = """
    SELECT sum(json_array_length(body -> 'products'))::bigint FROM fact_log WHERE source = $1 AND name = $2
"""
_HOUSEHOLDS = "SELECT count(DISTINCT customer_id) FROM fact_log WHERE source = $1"
_KNOWN_HOUSEHOLDS = """
    SELECT count(*) FROM (
        SELECT DISTINCT customer_id FROM fact_log WHERE source = $1
        INTERSECT SELECT customer_id FROM customer_360.activity
    ) AS known
"""
_CAMPAIGNS = """
    SELECT count(*) FROM decisions WHERE topic = 'campaign.created.v1' AND state ->> 'external_id' IS NOT NULL
    AND (state ->> 'starts_at')::timestamptz AT TIME ZONE $1 = date_trunc(
        'day', (state ->> 'starts_at')::timestamptz AT TIME ZONE $1)
"""
_LISTED_CAMPAIGNS = """
    SELECT count(*) FROM campaign_overview.campaign WHERE campaign_id IN (
        SELECT stream_id FROM decisions WHERE topic = 'campaign.created.v1' AND state ->> 'external_id' IS NOT NULL)
"""
_FILE = """
    SELECT (state ->> $1)::bigint FROM decisions
    WHERE topic = 'source.file_imported.v1' AND state ->> 'source' = $2 AND state ->> 'file_name' = $3
"""
_LOCAL_REDEMPTIONS = """
    SELECT count(*) FROM fact_log WHERE source = $1 AND name = 'coupon.redeemed'
    AND occurred_at AT TIME ZONE $2 = date_trunc('day', occurred_at AT TIME ZONE $2)
"""
# A redemption by a household that was sent the campaign, within its days, with a coupon of it.
_TRUE_REDEMPTIONS = """
    WITH campaigns AS (
        SELECT state ->> 'external_id' AS id, (state ->> 'starts_at')::timestamptz AS starts_at,
               (state ->> 'ends_at')::timestamptz AS ends_at, stream_id
        FROM decisions WHERE topic = 'campaign.created.v1'
    ), offers AS (
        SELECT stream_id, state ->> 'offer_id' AS id FROM decisions WHERE topic = 'campaign.offer_added.v1'
    ), sent AS (
        SELECT DISTINCT customer_id, body ->> 'campaign_id' AS id FROM fact_log
        WHERE source = $1 AND name = 'campaign.received'
    )
    SELECT count(*) FROM fact_log r
    JOIN campaigns c ON c.id = r.body ->> 'campaign_id' AND r.occurred_at >= c.starts_at AND r.occurred_at < c.ends_at
    JOIN sent s ON s.customer_id = r.customer_id AND s.id = c.id
    JOIN offers o ON o.stream_id = c.stream_id AND o.id = r.body ->> 'offer_id'
    WHERE r.source = $1 AND r.name = 'coupon.redeemed'
"""


class HistoryWrongError(KoiError):
    """The history is not what its publisher says, or not all of it is there."""

    code = "demo.wrong"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """One of the publisher's counts, and what Koi counts: in the log, and in a view where one shows it."""

    what: str
    zh: str
    published: int
    log: int
    view: int | None = None

    @property
    def is_right(self) -> bool:
        """Whether all of them agree."""
        return self.log == self.published and self.view in {None, self.published}


async def counted(pool: asyncpg.Pool) -> list[Counted]:
    """Count the history as it lies in the log and in the views."""

    async def log(query: str, *arguments: object) -> int:
        return int(await pool.fetchval(query, *arguments) or 0)

    async def facts(what: str, zh: str, name: str, published: int) -> Counted:
        found, in_view = await log(_FACTS, SOURCE, name), await log(_IN_VIEW, SOURCE, name)
        return Counted(what=what, zh=zh, published=published, log=found, view=in_view)

    def only(what: str, zh: str, published: int, found: int, view: int | None = None) -> Counted:
        return Counted(what=what, zh=zh, published=published, log=found, view=view)

    households = (await log(_HOUSEHOLDS, SOURCE), await log(_KNOWN_HOUSEHOLDS, SOURCE))
    campaigns = (await log(_CAMPAIGNS, _ZONE), await log(_LISTED_CAMPAIGNS))
    coupons, repeated = [await log(_FILE, key, SOURCE, "coupons.parquet") for key in ("rows", "duplicates")]
    local, true = await log(_LOCAL_REDEMPTIONS, SOURCE, _ZONE), await log(_TRUE_REDEMPTIONS, SOURCE)
    rule = "redemptions by a household that was sent the campaign, in its days, with a coupon listed for it"
    return [
        only("receipt lines", "小票行", 1_469_307, await log(_LINES, SOURCE, "order.completed")),
        await facts("receipts", "小票", "order.completed", 155_848),
        only("households", "家庭", 2_469, *households),
        only("campaigns, from midnight in New York", "营销活动", 27, *campaigns),
        only("coupon rows", "优惠券行", 116_204, coupons),
        only("coupon rows that repeat another", "重复的优惠券行", 4_872, repeated),
        await facts("redemptions", "核销", "coupon.redeemed", 2_102),
        only("redemptions at midnight in New York", "按纽约日期的核销", 2_102, local),
        only(rule, "符合活动、日期与券的核销", 2_102, true),
    ]


def show_counted(rows: list[Counted], console: Console) -> None:
    """Print the counts side by side."""
    table = Table("what 项目", "published 公布", "log 日志", "views 视图", "")
    for column in table.columns[1:4]:
        column.justify = "right"
    for one in rows:
        view = "" if one.view is None else f"{one.view:,}"
        table.add_row(f"{one.what} {one.zh}", f"{one.published:,}", f"{one.log:,}", view, "✓" if one.is_right else "✗")
    console.print(table)
