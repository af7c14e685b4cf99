"""What headquarters gives and limits, over real HTTP: posts, settings, and the figures it reads of its stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.demo.client import Answered, Person

pytestmark = pytest.mark.journey


def roles(person: Person) -> list[str]:
    found: list[str] = person.read("me")["roles"]
    return found


def test_headquarters_gives_a_post_for_a_time_and_the_branch_knows_it(chain: Any, eventually: Any) -> None:
    li = chain.counter.read("me")["id"]
    eventually(lambda: li in {each["id"] for each in chain.boss.read("core/staff")["rows"]}, "Li at headquarters")
    assert "boss" not in roles(chain.counter)

    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    given = chain.boss.act("core.assignment", "give", {"staff": li, "role": "boss", "to_at": until})

    eventually(lambda: "boss" in roles(chain.counter), "the post at the branch")
    with pytest.raises(Answered) as refusal:
        chain.counter.act("core.assignment", "give", {"staff": li, "role": "hq_admin"})
    assert refusal.value.problems[0]["code"] == "role-of-headquarters"
    chain.boss.act("core.assignment", "end", {}, given["id"])
    eventually(lambda: "boss" not in roles(chain.counter), "the end of it")


def test_headquarters_limits_a_setting_and_sees_which_store_differs(chain: Any, eventually: Any) -> None:
    setting = {"plugin": "bicycle_rental", "name": "loan"}
    chain.boss.act("core.setting", "set", {**setting, "value": '"2h"', "most": '"3h"'})

    def loan() -> Any:
        told = chain.counter.read("settings", plugin="bicycle_rental")["plugins"]["bicycle_rental"]
        return next(each for each in told if each["name"] == "loan")

    eventually(lambda: loan()["most"] == "3h", "the limit at the branch")
    with pytest.raises(Answered, match="3h"):
        chain.counter.act("core.setting", "set", {**setting, "value": '"4h"'})
    chain.counter.act("core.setting", "set", {**setting, "value": '"90m"'})

    eventually(lambda: chain.boss.read("settings/drift")["rows"], "the branch's own value at headquarters")
    (row,) = chain.boss.read("settings/drift")["rows"]
    assert (row["store"], row["name"], row["value"], row["chain"]) == ("lakeside", "loan", "1h30m", "2h")
    assert (row["differs"], row["counts"], row["set"]["by_name"]) == (True, True, "Li")

    chain_wide = next(each for each in chain.boss.read("core/setting")["rows"] if each["store"] == "hq")
    chain.boss.act("core.setting", "change", {"locked": True}, chain_wide["id"])

    eventually(lambda: loan()["locked"], "the lock at the branch")
    assert (loan()["value"], loan()["from"]) == ("2h", "chain")
    assert loan()["passed_over"] == ["headquarters has set it for the whole chain"]
    assert chain.boss.read("settings/drift")["rows"][0]["counts"] is False
