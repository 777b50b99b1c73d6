"""Which graphs are journeys, and how the others are told what is wrong with them."""

import copy
from typing import Any

import msgspec
import pytest

from domain.journeys import graph
from domain.journeys.graph import GraphError, Send, Wait
from domain.journeys.validating import validate
from tests.builders import CART_JOURNEY


def checked(journey: dict[str, Any]) -> None:
    """Validate against a campaign with one offer, one template and one channel."""
    validate(graph.parse(journey), offers={"cart-5-off"}, templates={"come_back"}, channels={"email"})


def changed(node_id: str, **parts: object) -> dict[str, Any]:
    """The cart journey with other parts at one step; a new step is added."""
    journey = copy.deepcopy(CART_JOURNEY)
    journey["nodes"].setdefault(node_id, {}).update(parts)
    return journey


def test_the_cart_journey_is_one() -> None:
    """The journey every test begins from."""
    checked(CART_JOURNEY)


def test_a_graph_survives_being_stored() -> None:
    """Read, stored with all defaults and read again, it is the same graph."""
    journey = graph.parse(CART_JOURNEY)
    assert graph.parse(msgspec.to_builtins(journey)) == journey


@pytest.mark.parametrize(
    ("node_id", "parts", "field", "words"),
    [
        ("five_off", {"next": "nowhere"}, "nodes.five_off.next", "no step nowhere"),
        ("half_an_hour", {"unless": {"event": "Paid", "next": "x"}}, "nodes.half_an_hour.unless.next", "no step x"),
        ("tell", {"next": "carted"}, "nodes.tell.next", "back to the trigger"),
        ("half_an_hour", {"seconds": -1}, "nodes.half_an_hour.seconds", "more than no time"),
        ("half_an_hour", {"seconds": 367 * 86_400}, "nodes.half_an_hour.seconds", "366 days"),
        ("carted", {"max_age_seconds": 0}, "nodes.carted.max_age_seconds", "some seconds old"),
        ("carted", {"reentry": {"after_seconds": -5}}, "nodes.carted.reentry", "after some seconds"),
        ("carted", {"event": " "}, "nodes.carted.event", "name of the fact"),
        ("five_off", {"offer_id": "half-price"}, "nodes.five_off.offer_id", "it has cart-5-off"),
        ("tell", {"template": "hello"}, "nodes.tell.template", "there is come_back"),
        ("tell", {"channel": "pigeon"}, "nodes.tell.channel", "there is email"),
        ("tell", {"valid_seconds": 0}, "nodes.tell.valid_seconds", "worth sending"),
        ("bought", {"reason": ""}, "nodes.bought.reason", "needs a reason"),
        ("lost", {"type": "exit", "reason": "lost"}, "nodes.lost.type", "no step leads here"),
        ("second", {"type": "trigger", "event": "Viewed", "next": None}, "nodes", "carted, second"),
        ("half_an_hour", {"secnds": 5}, "nodes.half_an_hour", "secnds"),
        ("half_an_hour", {"seconds": "soon"}, "nodes.half_an_hour", "$.seconds"),
        ("tell", {"type": "shout"}, "nodes.tell", "shout"),
    ],
)
def test_a_faulty_step_is_named(node_id: str, parts: dict[str, Any], field: str, words: str) -> None:
    """The person who drew it sees where to look and what would be right."""
    with pytest.raises(GraphError) as refused:
        checked(changed(node_id, **parts))
    assert refused.value.field == field
    assert words in refused.value.detail


def test_a_journey_needs_a_trigger() -> None:
    """Without one nobody ever enters."""
    with pytest.raises(GraphError, match="it has none"):
        checked({"nodes": {"bye": {"type": "exit", "reason": "done"}}})


@pytest.mark.parametrize("nonsense", [{}, {"nodes": []}, {"nodes": {"a": 5}}, {"nodes": {"a": {"next": None}}}])
def test_nonsense_is_no_journey(nonsense: dict[str, Any]) -> None:
    """Whatever is posted gets an answer that says so."""
    with pytest.raises(GraphError):
        graph.parse(nonsense)


def test_a_circle_without_a_wait_is_refused() -> None:
    """It would give coupons without end."""
    with pytest.raises(GraphError, match="circle") as refused:
        checked(changed("tell", next="five_off"))
    assert refused.value.field in {"nodes.tell.next", "nodes.five_off.next"}


def test_a_circle_with_a_wait_is_allowed() -> None:
    """Reminding every half hour until something happens is a journey."""
    checked(changed("tell", next="half_an_hour"))


def test_a_branch_needs_a_condition() -> None:
    """Without one there is nothing to decide."""
    journey = changed("carted", next="large")
    journey["nodes"]["large"] = {"type": "branch", "condition": [], "yes": "half_an_hour", "no": None}
    with pytest.raises(GraphError) as refused:
        checked(journey)
    assert refused.value.field == "nodes.large.condition"


def test_a_very_long_journey_is_checked_too() -> None:
    """A thousand messages in a row are odd, but no reason to break."""
    nodes: dict[str, Any] = {"carted": {"type": "trigger", "event": "Product Added", "next": "s0"}}
    for i in range(2_000):
        following = f"s{i + 1}" if i < 1_999 else None
        nodes[f"s{i}"] = {"type": "send", "channel": "email", "template": "come_back", "next": following}
    checked({"nodes": nodes})


def test_a_journey_knows_which_facts_concern_it() -> None:
    """Nothing else has to reach it."""
    journey = graph.parse(CART_JOURNEY)
    assert graph.events_of(journey) == {"Product Added", "Order Completed"}
    assert isinstance(journey.nodes["half_an_hour"], Wait)
    assert isinstance(journey.nodes["tell"], Send)
