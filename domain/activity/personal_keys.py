"""Which keys hold personal data, in English and Chinese, in any spelling (GB/T 35273 annex A lists the kinds)."""

import enum
import functools
from typing import Final

from domain.activity.folding import folded

_REMEMBERED: Final = 16_384


class Verdict(enum.Enum):
    """What a key says about its value."""

    PLAIN = enum.auto()
    PERSONAL = enum.auto()  # tells who or where a person is
    OF_PERSON = enum.auto()  # personal if it describes a person: the name of a customer, not of a product
    PERSON = enum.auto()  # a person or their device is described inside
    THING = enum.auto()  # a product, a shop ... is described inside
    LINK = enum.auto()  # its query may hold anything


_PERSONAL: Final = frozenset(
    {
        *("first_name", "last_name", "middle_name", "full_name", "real_name", "given_name", "family_name", "surname"),
        *(
            "nickname",
            "nick_name",
            "screen_name",
            "username",
            "user_name",
            "customer_name",
            "member_name",
            "buyer_name",
        ),
        *(
            "receiver_name",
            "recipient_name",
            "consignee",
            "contact_name",
            "card_holder",
            "avatar",
            "photo",
            "headimgurl",
        ),
        *(
            "e_mail",
            "mail",
            "tel",
            "cell",
            "cellphone",
            "phone_number",
            "mobile_number",
            "phone_no",
            "mobile_no",
            "fax",
        ),
        *("address1", "address2", "address_line1", "address_line2", "address_line_1", "address_line_2", "street"),
        *("postal_code", "postcode", "zip", "zip_code", "house_number"),
        *("birth_date", "birthdate", "date_of_birth", "dob", "birth_day"),
        *("id_card", "id_no", "id_number", "identity_card", "national_id", "ssn", "passport", "passport_no"),
        *("driver_license", "plate_number", "license_plate", "bank_card", "card_number", "bank_account", "iban"),
        *("ip", "ip_address", "user_agent", "useragent", "mac", "imei", "imsi", "idfa", "idfv", "oaid", "gaid"),
        *("android_id", "advertising_id", "device_id", "device_token", "push_token", "openid", "open_id", "unionid"),
        *(
            "union_id",
            "wechat_id",
            "wechat",
            "qq",
            "weibo",
            "lat",
            "lng",
            "lon",
            "geo",
            "coordinates",
            "gps",
            "fingerprint",
        ),
        *("password", "passwd", "access_token", "session_key"),
    }
)
_PERSONAL_ENDINGS: Final = frozenset(
    {"email", "phone", "mobile", "telephone", "address", "birthday", "latitude", "longitude"}
)
_QUESTIONS: Final = frozenset({"is", "has", "with", "allow", "enable"})  # is_mobile tells nobody's number
_PERSONAL_CHINESE: Final = (
    *(
        "姓名",
        "昵称",
        "手机",
        "电话",
        "邮箱",
        "邮件地址",
        "地址",
        "身份证",
        "证件号",
        "护照",
        "生日",
        "出生日期",
        "银行卡",
    ),
    *("微信号", "收货人", "收件人", "联系人", "经度", "纬度", "车牌", "头像"),
)
_CHINESE_LINKS: Final = ("页面地址", "网址", "链接")
_OF_PERSON: Final = frozenset({"name", "id", "account", "number", "token", "website", "code", "名称", "编号"})
_PERSONS: Final = frozenset(
    {
        *(
            "user",
            "customer",
            "buyer",
            "member",
            "recipient",
            "receiver",
            "contact",
            "passenger",
            "traveller",
            "traveler",
        ),
        *(
            "guest",
            "owner",
            "sender",
            "inviter",
            "invitee",
            "friend",
            "person",
            "people",
            "child",
            "children",
            "device",
        ),
        *("traits", "买家", "会员", "用户", "客户", "顾客"),
    }
)
_THINGS: Final = frozenset(
    {
        *(
            "product",
            "item",
            "sku",
            "goods",
            "line",
            "campaign",
            "promotion",
            "coupon",
            "store",
            "shop",
            "brand",
            "app",
        ),
        *("library", "os", "page", "company", "order", "category", "商品", "门店", "品牌", "店铺"),
    }
)
_LINKS: Final = frozenset(
    {
        *("url", "href", "referrer", "referer", "landing_page", "page_url", "search", "current_url"),
        *("session_entry_url", "session_entry_referrer", "initial_current_url", "initial_referrer"),
    }
)


@functools.lru_cache(maxsize=_REMEMBERED)
def verdict_on(key: str) -> Verdict:
    """Return what the key says about its value, whatever its spelling: `firstName`, `First Name`, `first_name`."""
    name = folded(key)
    words = name.split("_")
    last = words[-1]
    if name in _LINKS or name.endswith(_CHINESE_LINKS):
        return Verdict.LINK
    if name in _PERSONAL or any(part in name for part in _PERSONAL_CHINESE):
        return Verdict.PERSONAL
    if last in _PERSONAL_ENDINGS and words[0] not in _QUESTIONS:
        return Verdict.PERSONAL
    return _described(name, last)


def _described(name: str, last: str) -> Verdict:
    if name in _OF_PERSON:
        return Verdict.OF_PERSON
    if last in _PERSONS or last.removesuffix("s") in _PERSONS:
        return Verdict.PERSON
    if last in _THINGS or last.removesuffix("s") in _THINGS:
        return Verdict.THING
    return Verdict.PLAIN
