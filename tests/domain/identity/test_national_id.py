"""The Chinese national ID: a name of a person that is checked, compared, and never kept."""

import pytest

from domain.identity.identifier import IdentifierType, identifier, masked
from domain.identity.normalising import BlankIdentifierError, IdentifierError


@pytest.mark.parametrize("raw", ["11010519491231002X", "110105 19491231 002x", "110105491231002"])
def test_a_number_has_one_spelling(raw: str) -> None:
    """The example of GB 11643-1999, also without its century and check character, as before 1999."""
    assert identifier("national_id", raw).value == "11010519491231002X"


@pytest.mark.parametrize("raw", ["110105194912310021", "11010519491331002X", "1101051949123100", "ABC", 5])
def test_a_number_that_cannot_be_is_refused(raw: object) -> None:
    """A wrong check character, a thirteenth month, a digit too few."""
    with pytest.raises(IdentifierError, match="check character"):
        identifier("national_id", raw)


@pytest.mark.parametrize("raw", [None, "", "000000000000000000", "******"])
def test_a_number_of_nobody_is_blank(raw: object) -> None:
    """What tills write where nobody asked."""
    with pytest.raises(BlankIdentifierError):
        identifier("national_id", raw)


def test_a_number_is_never_kept_nor_shown() -> None:
    """The id that it names is enough to find the person again."""
    assert not IdentifierType.NATIONAL_ID.is_value_kept
    assert masked(identifier("national_id", "11010519491231002X")) == "***"
