"""Personal data: what tells who somebody is goes under seal, and nothing else does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.activity.personal import joined, split

KEYS = st.sampled_from(
    [
        "name",
        "email",
        "sku",
        "products",
        "customer",
        "url",
        "收货人",
        "shippingAddress",
        "total",
        "device",
        "note",
        "id",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(["", "Li", "https://x.cn/a?b=1", "/p#top"])
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
    ),
    max_size=5,
)


@pytest.mark.parametrize(
    "key",
    [
        *("email", "Email", "customerEmail", "phone", "contact_phone", "mobile", "firstName", "last_name", "Full Name"),
        *(
            "address",
            "shippingAddress",
            "birthday",
            "date_of_birth",
            "idCard",
            "id_card",
            "ip",
            "userAgent",
            "latitude",
        ),
        *("手机号", "收货地址", "姓名", "身份证号", "生日", "微信号", "advertisingId", "openid"),
    ],
)
def test_keys_that_tell_who_somebody_is_are_personal(key: str) -> None:
    """In English and Chinese, in every spelling that clients use."""
    assert split({key: "some value", "total": 5}) == ({"total": 5}, {key: "some value"})


@pytest.mark.parametrize(
    "key",
    [
        *(
            "sku",
            "total",
            "currency",
            "order_id",
            "query",
            "category",
            "brand",
            "is_mobile",
            "has_email",
            "email_subject",
        ),
        *("phone_model", "price", "quantity", "门店", "商品名称", "网址", "zone"),
    ],
)
def test_keys_of_trade_stay_plain(key: str) -> None:
    """What was bought is what segments and reports are made of."""
    assert split({key: "some value"}) == ({key: "some value"}, {})


def test_a_name_is_personal_only_if_it_is_a_persons() -> None:
    """The same key names a product in an order and a customer in traits."""
    order = {
        "name": "Oat milk",
        "products": [{"name": "Tea", "id": 7}],
        "customer": {"name": "Li", "store": {"name": "S1"}},
    }
    plain, personal = split(order)
    assert plain == {"name": "Oat milk", "products": [{"name": "Tea", "id": 7}], "customer": {"store": {"name": "S1"}}}
    assert personal == {"customer": {"name": "Li"}}
    assert split({"name": "Li", "level": "gold"}, of_person=True) == ({"level": "gold"}, {"name": "Li"})


def test_the_personal_part_keeps_its_path_through_lists() -> None:
    """Each passenger's name goes back to the right seat."""
    trip = {"passengers": [{"seat": 1}, {"seat": 2, "name": "Li"}], "total": 9}
    plain, personal = split(trip)
    assert plain == {"passengers": [{"seat": 1}, {"seat": 2}], "total": 9}
    assert personal == {"passengers": [None, {"name": "Li"}]}
    assert joined(plain, personal) == trip


def test_a_link_loses_its_query_in_the_plain_part() -> None:
    """Forms and mail links put phone numbers there; the page itself is worth knowing."""
    page = {"url": "https://shop.cn/cart?phone=13800138000#top", "path": "/cart", "search": "?phone=13800138000"}
    plain, personal = split(page)
    assert plain == {"url": "https://shop.cn/cart", "path": "/cart", "search": ""}
    assert personal == {"url": page["url"], "search": page["search"]}
    assert joined(plain, personal) == page


def test_what_is_empty_needs_no_seal() -> None:
    """A form's empty fields are no secret."""
    empty = {"email": None, "phone": "", "mobile": False}
    assert split(empty) == (empty, {})


def test_nothing_is_copied_where_nothing_is_personal() -> None:
    """This runs for every event."""
    properties = {"products": [{"sku": "A"}], "total": 1}
    assert split(properties)[0] is properties


@given(tree=TREES, of_person=st.booleans())
def test_what_is_split_can_be_joined_again(tree: dict[str, Any], *, of_person: bool) -> None:
    """Nothing is lost and nothing is left over."""
    before = repr(tree)
    plain, personal = split(tree, of_person=of_person)
    assert joined(plain, personal) == tree
    assert repr(tree) == before
    assert split(plain, of_person=of_person) == (plain, {})
