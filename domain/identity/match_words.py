"""The fields and levels of a match in words, Chinese and English."""

from typing import Final

from domain.identity.rules import Name

FIELDS: Final = {
    "name": Name("姓名", "name"),
    "birthday": Name("生日", "birthday"),
    "sex": Name("性别", "sex"),
    "phone": Name("手机号", "phone"),
    "email": Name("邮箱", "e-mail"),
    "city": Name("城市", "city"),
    "address": Name("地址", "address"),
    "devices": Name("设备", "devices"),
}
LEVELS: Final = {
    "missing": Name("双方未知", "not known of both"),
    "different": Name("不同", "different"),
    "same": Name("相同", "the same"),
    "one_edit": Name("差一处", "one slip apart"),
    "two_edits": Name("差两处", "two slips apart"),
    "very_close": Name("非常接近", "spelled almost alike"),
    "close": Name("接近", "spelled alike"),
    "similar": Name("相似", "spelled similarly"),
    "same_year": Name("同年", "in the same year"),
    "one_character": Name("差一字", "one character differs"),
    "same_given": Name("名同姓异", "the same given name"),
    "same_family": Name("同姓", "the same family name"),
    "same_ending": Name("尾号相同", "the same last four digits"),
    "same_local_part": Name("用户名相同", "the same before the @"),
    "shared": Name("有共同", "some in common"),
}


def field_name(field: str) -> Name:
    """Return a field's name."""
    return FIELDS.get(field) or Name(field, field)


def level_name(level: str) -> Name:
    """Return a level's name."""
    return LEVELS.get(level) or Name(level, level)
