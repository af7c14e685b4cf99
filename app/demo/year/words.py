"""Names, telephone numbers and places that sound real and belong to nobody.

Telephone numbers are of the prefix 154, which the numbering plan of the Chinese mobile networks allots to no operator:
they have the eleven digits that forms ask for, and who dials one reaches nobody.
"""

from __future__ import annotations

from random import Random

PHONE_PREFIX = "154"
_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"  # noqa: E501
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰萍红鹏飞宇浩然子轩欣怡梓涵思远雨桐佳琪晨曦文博俊豪婷婷雪梅志强建国晓东海燕春生"  # noqa: E501
_PLACES = (
    "东湖",
    "西溪",
    "南苑",
    "北岸",
    "江畔",
    "云栖",
    "翠竹",
    "梧桐",
    "银杏",
    "紫荆",
    "和平",
    "滨江",
    "春晓",
    "听涛",
)
_ESTATES = ("花园", "家园", "小区", "公馆", "新村", "国际", "华庭", "名邸")
_COMPANIES = ("恒远", "华信", "中泰", "鼎盛", "金石", "瑞丰", "江南", "远航", "天成", "宏达", "嘉和", "安泰", "永昌")
_TRADES = ("建材", "钢构", "置业", "商贸", "装饰", "机电", "物流", "食品", "科技", "纺织", "电力", "工程")


def full_name(dice: Random) -> str:
    """Return a person's name of two or three characters."""
    return dice.choice(_FAMILY) + "".join(dice.choices(_GIVEN, k=dice.choice((1, 2, 2))))


def guest_name(dice: Random) -> str:
    """Return how a desk notes down a guest: 陈先生."""
    return dice.choice(_FAMILY) + dice.choice(("先生", "女士"))


def phone(dice: Random) -> str:
    """Return a mobile number that nobody has."""
    return f"{PHONE_PREFIX}{dice.randrange(10**8):08}"


def community(dice: Random) -> str:
    """Return a housing estate."""
    return dice.choice(_PLACES) + dice.choice(_ESTATES)


def address(dice: Random) -> str:
    """Return a flat in an estate."""
    return f"{community(dice)} {dice.randint(1, 28)} 幢 {dice.randint(1, 18)}0{dice.randint(1, 4)} 室"


def company(dice: Random) -> str:
    """Return a company."""
    return f"{dice.choice(_COMPANIES)}{dice.choice(_COMPANIES)}{dice.choice(_TRADES)}有限公司"
