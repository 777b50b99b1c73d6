"""Words about tags: whose they are, which of them counts, and what a complete list takes away."""

from datetime import timedelta

from hypothesis import given as whenever
from hypothesis import strategies as st

from domain.identity.customer import Customer
from domain.tags.words import Tag, TagList, Told
from tests.builders import CUSTOMER as LI
from tests.builders import NOON
from tests.spec import given

COFFEE, TEA = Tag("interest.coffee", "", "咖啡"), Tag("interest.tea", "", "茶")
GOLD, SILVER = Tag("member.level", "gold", "等级"), Tag("member.level", "silver", "等级")


def told(*tags: Tag, source: str = "crm", hours: int = 0, is_complete: bool = False, many: bool = False) -> TagList:
    """What a source says."""
    present = tuple(Told(tag=tag, is_many=many) for tag in tags)
    return TagList(source=source, occurred_at=NOON + timedelta(hours=hours), present=present, is_complete=is_complete)


def tagged(*tags: Tag, source: str = "crm") -> Customer.Tagged:
    """The customer has these tags."""
    return Customer.Tagged(source=source, tags=tags)


def untagged(*tags: Tag, source: str = "crm") -> Customer.Untagged:
    """The customer has them no more."""
    return Customer.Untagged(source=source, tags=tags)


def test_what_is_new_is_recorded_and_what_is_known_is_not() -> None:
    """Told again, nothing happens."""
    given(Customer, tagged(COFFEE)).when(lambda c: c.tag(told(COFFEE, TEA))).then(tagged(TEA))
    given(Customer, tagged(COFFEE, TEA)).when(lambda c: c.tag(told(TEA, COFFEE))).then_nothing()


def test_a_complete_list_takes_the_place_of_its_sources_former_words_alone() -> None:
    """What another source says stays."""
    history = (tagged(COFFEE, TEA), tagged(COFFEE, source="erp"))
    asked = given(Customer, *history).when(lambda c: c.tag(told(TEA, is_complete=True)))
    asked.then(untagged(COFFEE))
    given(Customer, *history).when(lambda c: c.tag(told(is_complete=True))).then(untagged(COFFEE, TEA))
    given(Customer, *history).when(lambda c: c.tag(told(TEA))).then_nothing()


def test_two_sources_may_say_the_same() -> None:
    """Each word is its own, and so is its end."""
    given(Customer, tagged(COFFEE)).when(lambda c: c.tag(told(COFFEE, source="erp"))).then(tagged(COFFEE, source="erp"))


def test_another_value_takes_the_place_of_the_former_unless_there_may_be_several() -> None:
    """One is gold or silver, but may like coffee and tea."""
    given(Customer, tagged(SILVER)).when(lambda c: c.tag(told(GOLD))).then(untagged(SILVER), tagged(GOLD))
    given(Customer, tagged(SILVER)).when(lambda c: c.tag(told(GOLD, many=True))).then(tagged(GOLD))


def test_a_tag_may_be_taken_away_by_name() -> None:
    """What was not there is not taken away."""
    gone = TagList(source="crm", occurred_at=NOON, absent=(COFFEE, TEA))
    given(Customer, tagged(COFFEE)).when(lambda c: c.tag(gone)).then(untagged(COFFEE))


def test_an_older_list_brings_nothing_back_and_takes_nothing_away() -> None:
    """Files arrive late; the business time decides."""
    customer = Customer(LI)
    customer.tag(told(COFFEE, hours=1))
    customer.tag(told(TEA, hours=2, is_complete=True))
    assert customer.tags.present == {"crm": (TEA,)}
    customer.tag(told(COFFEE, hours=0, is_complete=True))
    assert customer.tags.present == {"crm": (TEA,)}


_LISTS = st.lists(
    st.builds(
        told,
        st.sampled_from([COFFEE, TEA, GOLD, SILVER]),
        source=st.sampled_from(["crm", "erp"]),
        hours=st.integers(0, 3),
        is_complete=st.booleans(),
        many=st.booleans(),
    ),
    max_size=8,
)


@whenever(_LISTS)
def test_replaying_what_was_recorded_leads_to_the_same_tags(lists: list[TagList]) -> None:
    """And told all of it again, in time order, each source's last complete list holds."""
    live = Customer(LI)
    for one in lists:
        live.tag(one)
    assert Customer.rebuilt(LI, live.collect_events()).tags == live.tags
    ordered = sorted(lists, key=lambda one: one.occurred_at)
    for one in ordered:
        live.tag(one)
    for source, last in {one.source: one for one in ordered}.items():
        if last.is_complete:
            assert live.tags.present.get(source) == (last.present[0].tag,)
