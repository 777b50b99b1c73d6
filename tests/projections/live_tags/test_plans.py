"""Plans: what judges tags is made ready once, and anew when anything that they are made of is another."""

from domain.kernel.rules.resolving import Definitions
from domain.kernel.rules.tree import All, AnyOf, InSegment, Rule
from domain.tags.definition import Definition, Words
from domain.tags.shipped import boolean
from projections.live_tags.queries import Plans
from projections.tag_catalogue.queries import Catalogue, Listed

KEYS = frozenset({"good"})
WORDS = Words(zh="好", en="Good")


def test_a_tag_follows_the_segment_it_looks_at() -> None:
    """The segment gets another rule: the tag keeps its version, and means somebody else."""
    value = boolean(InSegment(key="vip"))
    good = Definition(key="good", group="value", name=WORDS, meaning=WORDS, type="boolean", value=value)
    catalogue = Catalogue(tags={"good": Listed(definition=good, origin="own")}, retired={})

    def defined(rule: Rule) -> Definitions:
        return Definitions(tags=catalogue.values, segments={"vip": rule})

    plans = Plans()
    everybody = plans.of(catalogue, defined(All(of=())), KEYS)
    assert plans.of(catalogue, defined(All(of=())), KEYS) is everybody
    assert plans.of(catalogue, defined(AnyOf(of=())), KEYS) is not everybody
