"""The public record linkage sets: the bars that must hold, through the same code that proposes matches."""

import pytest

from workers.bench.linkage import on_febrl
from workers.linkage.model import read_model


@pytest.mark.slow
@pytest.mark.parametrize(("number", "bar"), [(4, 0.999), (3, 0.993)])
def test_febrl_is_resolved(number: int, bar: float) -> None:
    """F1 reaches the bar without the record ids, and a simple rule does not."""
    ours, rule, _ = on_febrl(number, read_model(f"febrl{number}"))

    assert ours.f1 >= bar
    assert rule.f1 < ours.f1


@pytest.mark.slow
def test_febrl_is_resolved_without_the_social_security_number() -> None:
    """Names, addresses and birthdays alone are nearly as good."""
    assert on_febrl(3, read_model("febrl3_without_ssn"))[0].f1 >= 0.993
