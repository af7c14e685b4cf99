"""``branchline explain`` tells at the terminal what the API tells the same person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.cli.explain import in_words
from app.service import open_service
from app.settings import read_settings
from stores.acts.act import act
from stores.acts.calls import Call
from stores.staff import person
from stores.storage import people


@pytest.fixture
def config(settings_for: Any, run: Any) -> Path:
    config = Path(settings_for("hq", "hq"))
    password = "a long enough password\n"
    for name, role in (("li", "counter"), ("an", "viewer")):
        run("person", "add", name, "--login", name, "--role", role, "--password-stdin", "-c", config, typed=password)
    return config


@pytest.fixture
def rental(config: Path) -> str:
    """The number of a rental that Li handed out."""
    service = open_service(read_settings(config))
    node = service.node
    with node.database.read() as connection:
        account = people.account_by_login(connection, "li")
        assert account is not None
        li = person(connection, node, account.staff_id)
    bike = act(node, Call(node.catalog.record("bicycle_rental", "bicycle"), "add", li, ask={"frame": "F-1"}))
    ask = {"bicycle": bike.id, "guest": "Chen", "phone": "13800001111"}
    done = act(node, Call(node.catalog.record("bicycle_rental", "rental"), "hand_out", li, ask=ask))
    node.database.close()
    return str(done.number)


def test_a_record_is_explained_by_its_number(run: Any, config: Path, rental: str) -> None:
    told = run("explain", "bicycle_rental", "rental", rental, "--as", "li", "-c", config)

    assert told.status == 0
    lines = told.out.splitlines()
    assert lines[0] == f"Rental {rental} · Out · bicycle_rental 1.0.0"
    assert lines[1].startswith("deadline loan: ")
    assert "  = self.taken_at + settings.loan" in lines
    assert "    settings.loan = 2h" in lines
    assert any("Hand out · li · bicycle_rental 1.0.0" in line for line in lines)


def test_programs_get_what_the_api_answers(run: Any, config: Path, rental: str) -> None:
    told = json.loads(run("explain", "bicycle_rental", "rental", rental, "--as", "li", "--json", "-c", config).out)
    assert {"record", "timers", "steps", "ledger", "dispatch", "score", "actions"} <= told.keys()


def test_nobody_learns_more_than_his_own_eyes_would_see(run: Any, config: Path, rental: str) -> None:
    stranger = run("explain", "bicycle_rental", "rental", rental, "--as", "nobody", "-c", config)
    assert (stranger.status, "nobody signs in as `nobody`" in stranger.err) == (1, True)
    missing = run("explain", "bicycle_rental", "rental", "hq-R9999", "--as", "an", "-c", config)
    assert missing.status == 1


def test_scores_days_and_choices_are_told_in_words() -> None:
    rule = {"number": "R-1", "mark": "S", "text": "两个工作日内答复。"}
    timer = {"name": "reply", "label": "答复期限", "due": "2026-10-09T16:00:00.000Z", "rules": [rule], "rule": "after(self.at, 2bd)",
             "inputs": {"self.at": "2026-09-30"}, "skipped": [{"day": "2026-10-01", "why": "国庆节"}], "fault": "无法执行"}  # fmt: skip
    step = {"at": "2026-10-09T16:01:30.000Z", "label": "超期", "by_name": "系统", "late_s": 90, "reason": "停电", "version": "1.0.0",
            "rules": [rule], "timers": [timer]}  # fmt: skip
    told = {
        "record": "a.b", "id": "1", "number": None, "label": "乙", "state": None, "state_label": None, "plugin": "a", "version": "1.0.0", "timers": [timer], "steps": [step],
        "ledger": [{"ledger": "fines", "amount": "-5.00", "state": "proposed", "why": "超期", "rules": [rule]}],
        "dispatch": [{"policy": "a.next", "label": "轮值", "chosen": "li", "rules": [rule]}],
        "score": {"label": "月度考核", "items": {"x": {"label": "答复", "value": "1", "target": None, "by": None, "weight": "40", "rules": [rule]}}},
    }  # fmt: skip
    text = "\n".join(in_words(told, "zh", ZoneInfo("Asia/Shanghai")))
    for said in ("时限 答复期限: 2026-10-10 00:00:00 (无法执行)", "2026-10-10 00:01:30 超期", "2026-10-01 不计: 国庆节", "迟 90 秒", "— 停电", "fines -5.00 · proposed · 超期",
                 "派单 轮值: li", "答复: 1 / — · 40", "R-1 两个工作日内答复。"):  # fmt: skip
        assert said in text
