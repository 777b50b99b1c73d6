"""A named port or none; without a name, the next free one."""

import os
import socket
from collections.abc import Iterator

import pytest

from workers.running.ports import AddressError, PortTakenError, free_port, listen, listen_from


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_named_port_that_is_taken_is_refused_with_its_holder(taken: int) -> None:
    """Whoever named it wants that one; the words say who to stop and what else to do."""
    with pytest.raises(PortTakenError, match=rf"Port {taken} is taken by .+ \(process {os.getpid()}\).*--port"):
        listen("127.0.0.1", taken)


def test_without_a_name_the_next_free_port_is_chosen_and_told(taken: int) -> None:
    """A start does not fail for a port nobody asked for."""
    chosen, told = listen_from("127.0.0.1", taken)
    with chosen:
        assert chosen.getsockname()[1] > taken
    assert told is not None
    assert f"Port {taken} is taken" in told


def test_the_usual_port_is_taken_silently() -> None:
    """There is nothing to tell."""
    first = free_port(0)
    chosen, told = listen_from("127.0.0.1", first)
    with chosen:
        assert (chosen.getsockname()[1], told) == (first, None)


@pytest.mark.parametrize("host", ["203.0.113.7", "2001:db8::7"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    """No number of ports would help."""
    with pytest.raises(AddressError, match="cannot listen on"):
        listen_from(host, 8700)


def test_a_taken_preference_gives_any_free_port(taken: int) -> None:
    """The broker's port is nobody's business."""
    assert free_port(taken) not in {0, taken}
