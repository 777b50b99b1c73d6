"""Rules: that what they name exists, and that they can be true at all."""

import math

from domain.kernel.rules.checks.finding import Finding, Findings, Surroundings, among, unknown
from domain.kernel.rules.checks.values import events
from domain.kernel.rules.checks.windows import LONGEST_SECONDS
from domain.kernel.rules.tree import Consented, Identified, InSegment, Sampled, Sequence, Step, Tagged


def sequence(node: Sequence, _around: Surroundings) -> Findings:
    """Steps, of which the first has none before it."""
    if not node.steps:
        yield Finding("steps", "there is no step: give one at least")
    elif node.steps[0].limit_seconds is not None:
        detail = "the first step has none before it, so its limit means nothing: leave it out"
        yield Finding("steps.0.limit_seconds", detail, is_warning=True)


def step(node: Step, around: Surroundings) -> Findings:
    """Named events, and a limit that leaves time."""
    if not node.events:
        yield Finding("events", "name one event at least")
    yield from events("events", node.events, around)
    if node.limit_seconds is not None and not (math.isfinite(node.limit_seconds) and node.limit_seconds > 0):
        yield Finding("limit_seconds", "must be more than 0 seconds; leave it out for no limit")
    elif node.limit_seconds is not None and node.limit_seconds > LONGEST_SECONDS:
        yield Finding(
            "limit_seconds", f"is longer than a hundred years: use {LONGEST_SECONDS} at most, or leave it out"
        )


def in_segment(node: InSegment, around: Surroundings) -> Findings:
    """A segment."""
    yield from among(unknown("key", "segment", node.key, around.known.segments))


def tagged(node: Tagged, _around: Surroundings) -> Findings:
    """A key; which ones sources use is theirs to say."""
    if not node.key:
        yield Finding("key", "name the tag, such as crm.member.level")


def consented(node: Consented, around: Surroundings) -> Findings:
    """A channel."""
    yield from among(unknown("channel", "channel", node.channel, around.known.channels))


def identified(node: Identified, around: Surroundings) -> Findings:
    """A type of identifier."""
    yield from among(unknown("identifier", "type of identifier", node.identifier, around.known.identifiers))


def sampled(node: Sampled, _around: Surroundings) -> Findings:
    """A share."""
    if not node.salt:
        yield Finding("salt", "give the sample a salt, such as its name: another salt draws other people")
    for place, value in (("since", node.since), ("until", node.until)):
        if not 0 <= value <= 1:
            yield Finding(place, f"a share is from 0 to 1, and this is {value}: 0.1 is a tenth of the people")
    if 0 <= node.until <= node.since <= 1:
        yield Finding("until", "nobody is in this sample: until must be above since")
