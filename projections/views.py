"""The map of the read side: every view there is."""

from projections.audit_chain.projector import PROJECTION as AUDIT_CHAIN
from projections.campaign_overview.projector import PROJECTION as CAMPAIGN_OVERVIEW
from projections.coupon_ledger.projector import PROJECTION as COUPON_LEDGER
from projections.customer_360.projector import PROJECTION as CUSTOMER_360
from projections.customer_tags.projector import PROJECTION as CUSTOMER_TAGS
from projections.due_timers.projector import PROJECTION as DUE_TIMERS
from projections.engine.projection import Projection
from projections.event_timeline.projector import PROJECTION as EVENT_TIMELINE
from projections.identity_graph.projector import PROJECTION as IDENTITY_GRAPH
from projections.inferred_attributes.projector import PROJECTION as INFERRED_ATTRIBUTES
from projections.lake.projector import PROJECTION as LAKE
from projections.lake.projector import lake_at
from projections.match_review.projector import PROJECTION as MATCH_REVIEW
from projections.model_scorecard.projector import PROJECTION as MODEL_SCORECARD
from projections.products.projector import PROJECTION as PRODUCTS
from projections.segment_catalogue.projector import PROJECTION as SEGMENT_CATALOGUE
from projections.tag_catalogue.projector import PROJECTION as TAG_CATALOGUE
from projections.weather.projector import PROJECTION as WEATHER

# All of them, to ask about; the lake can be kept only where `views` has told it its place.
VIEWS: tuple[Projection, ...] = (
    IDENTITY_GRAPH,
    MATCH_REVIEW,
    CUSTOMER_360,
    INFERRED_ATTRIBUTES,
    PRODUCTS,
    CUSTOMER_TAGS,
    EVENT_TIMELINE,
    CAMPAIGN_OVERVIEW,
    COUPON_LEDGER,
    DUE_TIMERS,
    AUDIT_CHAIN,
    WEATHER,
    MODEL_SCORECARD,
    SEGMENT_CATALOGUE,
    TAG_CATALOGUE,
    LAKE,
)


def views(lake_url: str, database_url: str) -> tuple[Projection, ...]:
    """Return all views, to keep, rebuild or verify; the lake lies at its fsspec URL."""
    return (*(view for view in VIEWS if view is not LAKE), lake_at(lake_url, database_url))
