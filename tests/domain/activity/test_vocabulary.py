"""The vocabulary: whatever a source calls it, Koi has one name for it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.activity.vocabulary import Entry, Vocabulary

VOCABULARY = Vocabulary.load()


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("Product Added", "cart.item_added"),
        ("product_added", "cart.item_added"),
        ("productAdded", "cart.item_added"),
        ("Added Product", "cart.item_added"),
        ("加入购物车", "cart.item_added"),
        ("Product Viewed", "product.viewed"),
        ("Products Searched", "search.performed"),
        ("Product List Viewed", "product_list.viewed"),
        ("Cart Viewed", "cart.viewed"),
        ("Checkout Started", "checkout.started"),
        ("Order Completed", "order.completed"),
        ("purchase", "order.completed"),
        ("Order Refunded", "order.refunded"),
        ("Order Cancelled", "order.cancelled"),
        ("Coupon Applied", "coupon.applied"),
        ("Application Opened", "app.opened"),
        ("order.completed", "order.completed"),
    ],
)
def test_every_spelling_of_a_tracked_event_has_one_name(sent: str, name: str) -> None:
    """Title case, snake case, camel case, the first version of the specification, Chinese, and our own."""
    assert VOCABULARY.name_of("segment", sent) == name


def test_a_call_is_not_an_event_of_the_same_name() -> None:
    """Tracking something called "page" is custom, calling page is a page view."""
    assert VOCABULARY.name_of("segment_call", "page") == "page.viewed"
    assert VOCABULARY.name_of("segment_call", "alias") == "customer.aliased"
    assert VOCABULARY.name_of("segment", "page") == "custom.page"


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        ("order.completed", "order.completed"),
        ("com.example.shop.order.completed.v2", "order.completed"),
        ("cn.example.OrderCompleted", "order.completed"),
        ("com.example.device.registered", "custom.com_example_device_registered"),
    ],
)
def test_a_cloudevents_type_is_known_behind_its_domain(type_: str, name: str) -> None:
    """The specification wants a reversed domain before the name, and practice a version behind."""
    assert VOCABULARY.name_of("cloudevents", type_) == name


def test_what_is_unknown_gets_a_custom_name_in_any_script() -> None:
    """Nothing is lost: the retailer's own events can be used as they are."""
    assert VOCABULARY.name_of("segment", "Scanned QR-code (门口)") == "custom.scanned_qr_code_门口"
    assert VOCABULARY.name_of("segment", "custom.scanned") == "custom.scanned"


@given(st.text(max_size=200))
def test_a_custom_name_is_short_and_safe(event: str) -> None:
    """It can stand in a message subject and a column."""
    name = VOCABULARY.name_of("segment", event)
    assert re.fullmatch(r"[\w.]{1,72}", name)
    assert VOCABULARY.name_of("segment", name) == name


def test_two_long_names_do_not_become_one_by_being_cut() -> None:
    """Nor do two that have no letters at all."""
    names = {VOCABULARY.name_of("segment", event) for event in ("x" * 80 + "a", "x" * 80 + "b", "🎉", "🎂")}
    assert len(names) == 4


def test_a_purchase_counts_for_and_a_refund_against() -> None:
    """These two move the money figures; nothing else does."""
    signs = {kind.name: kind.purchase for kind in VOCABULARY.kinds if kind.purchase}
    assert signs == {"order.completed": 1, "order.refunded": -1}
    assert VOCABULARY.kind("custom.scanned").purchase == 0


def test_every_kind_has_labels_in_both_languages() -> None:
    """The console shows them; a custom one is its own label."""
    for kind in VOCABULARY.kinds:
        assert re.search(r"[\u4e00-\u9fff]", kind.zh), kind.name
        assert kind.en
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", kind.name)
    assert VOCABULARY.kind("custom.扫码").zh == "扫码"


def test_a_name_that_means_two_things_stops_the_start() -> None:
    """A slip in the file is found when it is loaded, not months later in a report."""
    with pytest.raises(ValueError, match="means two things"):
        Vocabulary(
            {
                "cart.item_added": Entry(zh="加购", en="Added", segment=("Cart Changed",)),
                "cart.viewed": Entry(zh="查看", en="Viewed", segment=("cart_changed",)),
            }
        )
