"""The bar at the top of every page: what it says of the line to headquarters."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.pages.frame import line
from app.pages.frame.words import Words


def bar(**sync: Any) -> list[tuple[str, str]]:
    node = SimpleNamespace(zone=ZoneInfo("Asia/Shanghai"), now=lambda: datetime(2026, 3, 13, 13, tzinfo=UTC))
    desk: Any = SimpleNamespace(words=Words("zh"), node=node)
    told = {"waiting": 0, "safe_to_switch_off": True, "online": False, "since": "2026-03-13T20:44:00+08:00", **sync}
    drawn = line._linked(desk, told)
    return [(drawn.headline, drawn.tone), *((part.text, part.tone) for part in drawn.parts)]


@pytest.mark.parametrize("code", [None, "link-unreachable", "link-timeout"])
def test_a_line_that_is_only_down_says_since_when(code: str | None) -> None:
    told = bar(problem="无法连接总部" if code else None, problem_code=code)

    assert told == [("20:44 起离线", "warn"), ("已全部发送", "plain"), ("可安全关机", "good")]


def test_what_does_not_mend_by_itself_is_said() -> None:
    told = bar(problem="总部不认识本节点\n  改法：请用新注册码注册本节点", problem_code="not-enrolled")

    assert told[1] == ("总部不认识本节点", "bad")
