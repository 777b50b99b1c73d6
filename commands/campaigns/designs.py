"""Designs as the journeys use them: read once, since a version never changes."""

from collections import OrderedDict
from uuid import UUID

from domain.campaigns.campaign import Campaign, Design
from domain.channels import template
from domain.channels.template import Templates
from domain.journeys import graph
from domain.journeys.graph import Graph

_REMEMBERED = 1_000
_read: OrderedDict[tuple[UUID, int], tuple[Design, Graph, Templates]] = OrderedDict()


def read(campaign: Campaign, version: int) -> tuple[Graph, Templates]:
    """Return the graph and the wordings of this version; the caller must not change them."""
    design = campaign.designs[version]
    known = _read.get((campaign.id, version))
    if known is None or known[0] != design:
        known = (design, graph.parse(design.journey), template.parse(design.templates))
        _read[campaign.id, version] = known
        if len(_read) > _REMEMBERED:
            _read.popitem(last=False)
    return known[1], known[2]
