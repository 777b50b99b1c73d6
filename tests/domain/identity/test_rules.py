"""The file of identity rules: what may stand in it, and how it says what is wrong."""

from importlib import resources
from uuid import UUID

import pytest

from domain.identity.identifier import Identifier, IdentifierType, identifier
from domain.identity.naming import Naming
from domain.identity.rule_book import UNTIL_ADOPTED, RuleBook, RulesInForceError, RulesNotFoundError, rule_book_stream
from domain.identity.rules import RulesError, Strength, default_rules, read_rules

TEXT = resources.files("domain.identity").joinpath("rules.toml").read_text(encoding="utf-8")
NAMING = Naming(b"a pepper of the tests")


def test_the_rules_that_come_with_koi_block_what_names_nobody() -> None:
    """By the ids that the values name, so that no number stands in the log."""
    guards = default_rules().guards(NAMING.customer_id)

    assert NAMING.customer_id(identifier("phone", "13800000000")) in guards.blocked
    assert NAMING.customer_id(identifier("email", "Test@Test.com")) in guards.blocked
    assert guards.limits == UNTIL_ADOPTED.limits
    assert guards.limits[IdentifierType.DEVICE].persons == 1
    assert guards.first_weak_rank == IdentifierType.DEVICE.rank


def test_an_installation_adds_its_own() -> None:
    """Tills, store phones, the card for walk-ins."""
    own = TEXT.replace("[own]", '[own]\ndevice = ["till-0012"]\nmember_code = ["WALK-IN"]')

    blocked = read_rules(own).guards(NAMING.customer_id).blocked

    assert NAMING.customer_id(Identifier(IdentifierType.MEMBER_CODE, "WALK-IN")) in blocked
    assert len(blocked) == len(default_rules().guards(NAMING.customer_id).blocked) + 2


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("persons = 3", "persons = 0", "types.phone.persons", "1 to"),
        ('strength = "strong"\npersons = 3', 'strength = "weak"', "types.email.strength", "stronger than phone"),
        ('strength = "weak"', 'strength = "weak"\npersons = 2', "types.device.persons", "only for strong"),
        ("links = 50", "links = 1", "types.member_code.links", "2 to"),
        ('strength = "certain"', 'strength = "sure"', "types.member_code.strength", "sure"),
        ("links = 50", "link = 50", "types.member_code", "link"),
        ("[own]", '[own]\nphone = ["12"]', "own.phone[0]", "phone number"),
        ("[types.unionid]", "[types.unionids]", "types.unionids", "unionids"),
        ("[own]", "[own", None, "TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place(old: str, new: str, field: str | None, words: str) -> None:
    """Whoever edits the file is told which line to look at."""
    with pytest.raises(RulesError, match=words) as refusal:
        read_rules(TEXT.replace(old, new, 1)).guards(NAMING.customer_id)
    assert refusal.value.field == field


def test_rules_are_adopted_once_and_can_be_switched_back() -> None:
    """The book keeps every version; the same rules again are no decision."""
    book = RuleBook(rule_book_stream())
    first, second = default_rules().guards(lambda _: UUID(int=1)), default_rules().guards(NAMING.customer_id)

    book.adopt(first, "the first")
    book.adopt(second, "with our own")
    book.restore(1, "it was better before")

    assert book.guards == first
    assert sorted(book.adopted) == [1, 2, 3]
    with pytest.raises(RulesInForceError):
        book.adopt(first, "again")
    with pytest.raises(RulesNotFoundError, match="1, 2, 3"):
        book.restore(9, "which?")


def test_weak_kinds_are_those_of_things() -> None:
    """A device and a browser are used by persons, they are none."""
    weak = {kind for kind in IdentifierType if UNTIL_ADOPTED.limits[kind].strength is Strength.WEAK}
    assert weak == {IdentifierType.DEVICE, IdentifierType.ANONYMOUS}
