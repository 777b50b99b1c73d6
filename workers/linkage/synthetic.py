"""Made-up Chinese profiles with the slips real ones have, to measure linkage on: who is who is known."""

import random
from typing import Any, Final

import pyarrow as pa

from workers.linkage.measuring import Labelled
from workers.linkage.profiles import SCHEMA

_FAMILY: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
_GIVEN: Final = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂梅辉玲鑫华红玉飞鹏宇浩婷雪欣怡佳颖琳晨轩子涵梓博文思远嘉诚雨桐"
    "晓东建国志强海燕春生永康德福云龙凤仪美珍淑贞少白一诺若曦"
)
_CITIES: Final = (
    "上海",
    "北京",
    "杭州",
    "广州",
    "深圳",
    "成都",
    "武汉",
    "南京",
    "苏州",
    "重庆",
    "西安",
    "长沙",
    "宁波",
)
_ROADS: Final = ("人民路", "中山路", "解放路", "建设路", "和平路", "新华路", "文化路", "长江路", "黄河路", "滨江路")
_MAILS: Final = ("qq.com", "163.com", "126.com", "gmail.com", "outlook.com")
_MALE_SHARE = 0.5


def people(records: int, *, again: float = 0.25, seed: int = 1) -> Labelled:
    """Return so many profiles, a share of which (`again`) are persons who are there already, spelled otherwise."""
    chance = random.Random(seed)  # noqa: S311 - made-up people, the same in every run
    rows: list[dict[str, Any]] = []
    truth: set[tuple[int, int]] = set()
    order = list(range(records))
    chance.shuffle(order)
    persons = records - int(records * again)
    for number in range(records):
        if number < persons:
            rows.append(_person(chance))
        else:
            original = chance.randrange(number if number == persons else persons)
            rows.append(_respelled(rows[original], chance))
            truth.add(tuple(sorted((order[original], order[number]))))  # type: ignore[arg-type]  # two of them
    truth |= _siblings(truth)
    placed = sorted(({"unique_id": order[at], **row} for at, row in enumerate(rows)), key=lambda row: row["unique_id"])
    return Labelled([pa.Table.from_pylist(placed, schema=SCHEMA)], truth, records)


def _siblings(truth: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the pairs of records that are the same person as a third."""
    by_one: dict[int, set[int]] = {}
    for a, b in truth:
        by_one.setdefault(a, set()).add(b)
        by_one.setdefault(b, set()).add(a)
    return {
        (min(a, b), max(a, b))
        for others in by_one.values()
        if len(others) > 1
        for a in others
        for b in others
        if a != b
    }


def _person(chance: random.Random) -> dict[str, Any]:
    given = "".join(chance.choices(_GIVEN, k=chance.choices((1, 2), (3, 7))[0]))
    birthday = f"{chance.randint(1945, 2007)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
    phone = f"1{chance.choice('35789')}{chance.randint(0, 999_999_999):09}"
    local = f"{chance.choice('abcdefghijklmnopqrstuvwxyz')}{chance.randint(1000, 99_999_999)}"
    return {
        "name": chance.choices(_FAMILY, range(len(_FAMILY), 0, -1))[0] + given,
        "birthday": birthday if chance.random() < 0.8 else None,
        "sex": ("m" if chance.random() < _MALE_SHARE else "f") if chance.random() < 0.9 else None,
        "phone": phone,
        "email": f"{local}@{chance.choice(_MAILS)}" if chance.random() < 0.4 else None,
        "city": chance.choice(_CITIES),
        "address": f"{chance.choice(_ROADS)}{chance.randint(1, 900)}号" if chance.random() < 0.5 else None,
        "devices": [f"d{chance.randint(0, 10**12)}"] if chance.random() < 0.5 else None,
    }


def _respelled(person: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return the person as another system has her: another phone or a slip in it, a character off, things missing."""
    again = dict(person)
    if chance.random() < 0.6:
        again["phone"] = (
            _slip(person["phone"], "0123456789", chance) if chance.random() < 0.5 else _person(chance)["phone"]
        )
    if chance.random() < 0.1 and len(person["name"]) > 2:
        again["name"] = _slip(person["name"], _GIVEN, chance)
    if person["birthday"] and chance.random() < 0.08:
        again["birthday"] = _slip(person["birthday"], "0123456789", chance)
    if chance.random() < 0.15:
        again["city"] = chance.choice(_CITIES)
    for column, share in (("birthday", 0.15), ("sex", 0.1), ("email", 0.4), ("address", 0.4), ("devices", 0.6)):
        if chance.random() < share:
            again[column] = None
    return again


def _slip(text: str, letters: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(text))
    return text[:place] + chance.choice(letters) + text[place + 1 :]
