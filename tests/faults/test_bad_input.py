"""A branch that sends what it must not: refused or put aside with a code and a reason, in the log and in the status."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from core.model.change import GENESIS, Entry, sealed
from core.model.values import Cell
from sync import enrolment
from sync.protocol import Enrol, Head, Push, PushAnswer, Standing
from sync.wire.codec import MEDIA_TYPES, decode, encode
from tests.app.conftest import opened_shop

TOKEN = "t" * 64
AT = "2026-03-13T02:00:00.000Z"
BICYCLE = "bicycle_rental.bicycle"
YEAR_2099 = 4_070_908_800_000


def line(head: Head, body: dict[str, tuple[Cell, Cell]], type_: str = BICYCLE, hlc: int = 1 << 40) -> Entry:
    seq = head.seq + 1
    entry = Entry(
        "evil.1", seq, f"t{seq}", 1, 1, f"{type_}.add", hlc, AT, AT, 0, "b0", "system", "evil", type_, f"r{seq}",
        "create", 0, body,
    )  # fmt: skip
    return sealed(head.hash or GENESIS, entry)


def test_what_a_hostile_branch_sends_is_told_to_who_keeps_the_node_and_holds_up_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened_shop(tmp_path) as shop, caplog.at_level(logging.WARNING):
        dice = iter(range(256))
        code = enrolment.invite(
            shop.service.node, "evil", dice=lambda count: bytes(next(dice) for _ in range(count))
        ).code
        client, head = shop.client(), Head()

        def send(body: Any) -> Any:
            content = body if isinstance(body, bytes) else encode(body)
            named = {"Authorization": f"Bearer {TOKEN}", "Content-Type": MEDIA_TYPES["packed"]}
            return client.post("/sync/v1/push", content=content, headers=named)

        joined = client.post(
            "/sync/v1/enrol",
            content=encode(Enrol(code, "evil", "evil", TOKEN)),
            headers={"Content-Type": MEDIA_TYPES["packed"]},
        )
        assert joined.status_code == 200
        assert send(b"no frame at all").status_code == 400
        assert send(Push("good.1", Head(), ())).status_code == 403
        for bad in (
            line(head, {"frame": (None, 7)}),
            line(Head(1, ""), {"name": (None, "x")}, type_="pirates.ship"),
            line(Head(2, ""), {"frame": (None, "F-1")}, hlc=YEAR_2099 << 16),
        ):
            entry = sealed(head.hash or GENESIS, bad)
            answer = decode(send(Push("evil.1", head, (entry,))).content, PushAnswer)
            assert answer.standing is Standing.OK
            head = answer.head

        kept = shop.as_("wu").get("/api/status").json()
        desk = shop.as_("li").get("/api/status").json()

    assert {(each["seq"], each["code"]) for each in kept["held_back"]} == {(1, "bad-cell"), (2, "unknown-type")}
    assert "Frame number" in next(each["what"] for each in kept["held_back"] if each["seq"] == 1)
    assert "held_back" not in desk
    told = [(getattr(each, "node", None), getattr(each, "code", None)) for each in caplog.records]
    assert {("evil", "frame-broken"), ("evil", "not-yours")} <= set(told)
    codes = [each.codes for each in caplog.records if hasattr(each, "codes")]
    assert codes == [{"bad-cell": 1}, {"unknown-type": 1}]
    assert [each.ahead_ms > 0 for each in caplog.records if hasattr(each, "ahead_ms")] == [True]
