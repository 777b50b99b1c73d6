"""Signatures: each rule gives what the platform's own example, an old public client or OpenSSL gives."""

from domain.ingestion.marketplaces.signatures import douyin, jd, taobao, youzan

_TOP = {
    "format": "json",
    "app_key": "12345678",
    "sign_method": "md5",
    "v": "2.0",
    "timestamp": "2026-11-11 00:00:01",
    "session": "6100abc",
    "method": "taobao.trade.fullinfo.get",
    "tid": "2100000000000000001",
    "fields": "tid,status,买家",
}


def test_taobao_md5_is_what_py_taobao_open_signs() -> None:
    """`taobao_open.api.base.sign` of py-taobao-open 1.0.3, Chinese values included."""
    assert taobao.sign(_TOP, "s3cr3t") == "AE52A3C9C889095CE1A78521447149FD"
    assert taobao.sign(_TOP | {"sign": "anything"}, "s3cr3t") == "AE52A3C9C889095CE1A78521447149FD"


def test_taobao_hmac_forms_are_what_openssl_computes() -> None:
    """`openssl dgst -md5|-sha256 -hmac s3cr3t` over the sorted names and values."""
    assert taobao.sign(_TOP, "s3cr3t", "hmac") == "0485420C822FA37E922C2C171089EAD1"
    expected = "2864F9344CE50E3C24C71EF1001692C9D210FD30B89787A5E0D97177A84AC845"
    assert taobao.sign(_TOP, "s3cr3t", "hmac-sha256") == expected


def test_jd_is_what_the_guide_of_jd_gives_as_its_example() -> None:
    """The worked example of JD's developer guide (listId=2643)."""
    example = {
        "360buy_param_json": '{"end_date":null,"optional_fields":null,"order_state":"WAIT_SELLER_STOCK_OUT",'
        '"page":"1","page_size":"200","start_date":null}',
        "access_token": "yourtoken",
        "app_key": "yourappkey",
        "method": "jingdong.pop.order.search",
        "timestamp": "2021-05-07 09:20:39.683+0800",
        "v": "2.0",
    }
    assert jd.sign(example, "yourappSecret") == "D70825340F4084360B9362B60DFD7930"


def test_jd_is_what_pyjos_signs() -> None:
    """`JdClient.generate_sign` of pyjos 0.1.1."""
    parameters = {
        "app_key": "JDKEY",
        "v": "2.0",
        "method": "jingdong.pop.order.search",
        "timestamp": "2026-11-11 00:00:01",
        "access_token": "tok",
        jd.BUSINESS: '{"page":"1","start_date":"2026-11-10 00:00:00"}',
    }
    assert jd.sign(parameters, "s3cr3t") == "90DE82BDDE7DFEE1EFF76DB03DA17360"


def test_douyin_is_what_the_doudian_library_signs() -> None:
    """`DouDian._sign` of doudian 0.6."""
    param_json = douyin.canonical({"size": "100", "page": "0", "order_by": "update_time"})
    assert param_json == '{"order_by":"update_time","page":"0","size":"100"}'
    signed = douyin.sign("7000000000000000001", "order.searchList", param_json, "2026-11-11 00:00:01", "s3cr3t")
    assert signed == "09ca44664c97780aaec4436bf5f61b92947d3a6dde18702721f57ff5f721820b"


def test_a_message_of_douyin_signed_so_is_accepted_by_the_doudian_library() -> None:
    """`DouDian.callback` of doudian 0.6 returned this body for this signature."""
    body = b'[{"tag":"101","msg_id":"6854","data":"{\\"p_id\\":\\"4781320682406083640\\"}"}]'
    assert douyin.sign_message("7000000000000000001", body, "s3cr3t") == "418b180e9d28b32541f75de5b5d70e41"


def test_messages_of_youzan_are_signed_over_what_was_received() -> None:
    """The two forms, as `openssl dgst -md5` computes them over the joined text."""
    body = b'{"client_id":"cid","type":"trade_TradePaid"}'
    assert youzan.sign_body("cid", body, "sec") == "5646d47cf4543e47fff9a3506d3c20d3"
    msg = "%7B%22tid%22%3A%22E20261111000001000000001%22%7D"
    assert youzan.sign_msg("cid", msg, "sec") == "ac8108d65c999883528884382c796a49"
