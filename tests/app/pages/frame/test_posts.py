"""What posts are called where two businesses use one word, or one name, for theirs."""

from __future__ import annotations

from app.pages.frame.posts import Post, Posts
from app.pages.frame.words import Words
from core.language.definition import Role
from core.model.errors import Text


def posts(**running: str) -> Posts:
    """A renovation store and a club: both have `finance`, called otherwise, and each a post called Leader."""
    told = [
        ("finance", "财务", "reno", "家装"), ("boss", "领导", "reno", "家装"),
        ("finance", "财务部", "club", "夜场"), ("leader", "领导", "club", "夜场"), ("desk", "总台", "club", "夜场"),
    ]  # fmt: skip
    made = tuple(
        Post(name, label, plugin, business, Role(name, Text(label, label))) for name, label, plugin, business in told
    )
    return Posts(made, Words("zh"), {store: frozenset(names.split()) for store, names in running.items()})


def test_one_word_of_two_businesses_is_called_as_the_business_of_the_store_calls_it() -> None:
    chain = posts(lake="reno core", river="club core", both="reno club")

    assert chain.called("finance", "lake") == "财务"
    assert chain.called("finance", "river") == "财务部"
    assert chain.called("finance", "both") == chain.called("finance", "hq") == "财务 / 财务部"
    assert chain.called("finance", "not yet heard of") == "财务 / 财务部"


def test_one_name_of_two_posts_says_its_business_where_both_are() -> None:
    chain = posts(lake="reno", both="reno club")

    assert chain.called("boss", "lake") == "领导"
    assert chain.called("boss", "both") == "领导（家装）"
    assert chain.listed(["boss", "leader", "boss"], "both") == ["领导（家装）", "领导（夜场）"]


def test_a_post_of_a_business_that_does_not_run_here_is_told_in_words() -> None:
    assert posts().called("gm_meeting") == "其他业务岗位"
    assert posts().listed(["desk", "gm_meeting", "plant"]) == ["总台", "其他业务岗位"]
    assert posts(lake="reno").called("desk", "lake") == "总台", "held elsewhere, and known here all the same"


def test_posts_are_listed_by_the_businesses_of_a_store() -> None:
    assert [(b, [p.name for p in found]) for b, found in posts(lake="reno").by_business("lake")] == [
        ("家装", ["finance", "boss"])
    ]
    assert [b for b, _ in posts(lake="reno").by_business()] == ["家装", "夜场"]
    assert posts().is_shared("finance")
    assert not posts().is_shared("desk")
