"""Reasons in words: each language by itself."""

from domain.scoring.kinds import Words
from domain.scoring.reasons import Reason, in_words


def test_a_truth_value_is_said_in_the_language_of_its_sentence() -> None:
    """Never both words in one."""
    said = in_words(Reason(feature="is_member", value=True), {"is_member": Words(zh="会员", en="Member")})
    assert (said.zh, said.en) == ("会员：是", "Member: yes")
    assert in_words(Reason(feature="is_member", value=False)).zh == "is_member：否"


def test_numbers_words_and_nothing_are_said_plainly() -> None:
    """A number without noise, a word as it is, a dash where nothing is known."""
    told = [in_words(Reason(feature="x", value=value)).en for value in (1234.5, 3.0, "sms", None)]
    assert told == ["x: 1,234.5", "x: 3", "x: sms", "x: -"]
