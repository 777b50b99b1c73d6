"""Payloads as the platforms send them, of one order and its refund each."""

import json
from typing import Any

TMALL: dict[str, Any] = {
    "tid": 2100000000000000001,
    "tid_str": "2100000000000000001",
    "status": "TRADE_FINISHED",
    "type": "fixed",
    "created": "2026-11-10 23:59:58",
    "pay_time": "2026-11-11 00:00:03",
    "consign_time": "2026-11-11 15:00:00",
    "end_time": "2026-11-15 10:00:00",
    "modified": "2026-11-15 10:00:00",
    "payment": "128.90",
    "total_fee": "150.00",
    "post_fee": "0.00",
    "discount_fee": "21.10",
    "buyer_nick": "t**1",
    "buyer_open_uid": "AAHm6d0yAAeUYRpDTz1Tbuyer",
    "receiver_name": "李*",
    "receiver_mobile": "*******0001",
    "retail_store_code": "SH-018",
    "o2o_guide_id": "G77",
    "orders": {
        "order": [
            {
                "oid": 2100000000000000002,
                "num_iid": 660000000000000003,
                "outer_sku_id": "SKU-RED-M",
                "sku_id": "5000000000004",
                "num": 2,
                "divide_order_fee": "100.00",
                "payment": "120.00",
            },
            {"oid": 2100000000000000005, "num_iid": 660000000000000006, "num": "1", "payment": "28.90"},
        ]
    },
}
TMALL_REFUND: dict[str, Any] = {
    "refund_id": "190000000000000007",
    "tid": 2100000000000000001,
    "oid": 2100000000000000005,
    "status": "SUCCESS",
    "refund_fee": "28.90",
    "modified": "2026-11-16 09:00:00",
    "buyer_open_uid": "AAHm6d0yAAeUYRpDTz1Tbuyer",
}
JD: dict[str, Any] = {
    "orderId": "290000000000000011",
    "orderState": "WAIT_GOODS_RECEIVE_CONFIRM",
    "orderTotalPrice": "230.00",
    "orderPayment": "199.00",
    "balanceUsed": "20.00",
    "freightPrice": "0.00",
    "orderStartTime": "2026-11-11 08:00:00",
    "paymentConfirmTime": "2026-11-11 08:01:00",
    "outBoundDate": "2026-11-11 20:00:00",
    "modified": "2026-11-11 20:00:00",
    "pin": "j***d",
    "open_id_buyer": "oJdBuyer1",
    "itemInfoList": [
        {"skuId": "100012", "outerSkuId": "SKU-1", "wareId": "10007", "jdPrice": "115.00", "itemTotal": "2"}
    ],
}
DOUYIN: dict[str, Any] = {
    "order_id": "6920000000000000021",
    "order_status": 4,
    "create_time": 1794355200,
    "pay_time": 1794355260,
    "update_time": 1794400000,
    "finish_time": 0,
    "pay_amount": 5990,
    "order_amount": 6990,
    "doudian_open_id": "1@#buyer==",
    "mask_post_tel": "1******0002",
    "sku_order_list": [
        {
            "order_id": "6920000000000000022",
            "product_id": 3600000000000000023,
            "product_id_str": "3600000000000000023",
            "code": "SKU-D",
            "item_num": 1,
            "pay_amount": 5990,
            "author_id": 987654321,
        }
    ],
}
YOUZAN: dict[str, Any] = {
    "order_info": {
        "tid": "E20261111080000001000001",
        "status": "WAIT_SELLER_SEND_GOODS",
        "created": "2026-11-11 08:00:00",
        "pay_time": "2026-11-11 08:00:30",
        "update_time": "2026-11-11 08:00:30",
        "consign_time": "",
    },
    "pay_info": {"payment": "9.82", "total_fee": "13.00", "post_fee": "2.00"},
    "buyer_info": {"yz_open_id": "kmiyS3Qz660160349349089280", "buyer_phone": "13800000001"},
    "orders": [{"oid": "3000000000000000031", "item_id": 4000032, "num": 1, "payment": 9.82, "outer_sku_id": "Y-1"}],
}
YOUZAN_REFUND: dict[str, Any] = {
    "refund_id": "202611120000000001",
    "tid": "E20261111080000001000001",
    "status": "SUCCESS",
    "refund_fee": "9.82",
    "modified": "2026-11-12 12:00:00",
}


def raw(payload: dict[str, Any], **changed: Any) -> bytes:
    """Return the payload as bytes, some of its top keys changed."""
    return json.dumps(payload | changed, ensure_ascii=False).encode()
