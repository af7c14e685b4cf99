"""A branch that sends what it must not: refused or put aside with a code and a reason, in the log and in the status."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import zstandard

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


class Evil:
    """An enrolled branch that sends what it likes, straight to the calls of headquarters."""

    def __init__(self, shop: Any) -> None:
        dice = iter(range(256))
        code = enrolment.invite(
            shop.service.node, "evil", dice=lambda count: bytes(next(dice) for _ in range(count))
        ).code
        self.client, self.head = shop.client(), Head()
        joined = self.client.post(
            "/sync/v1/enrol",
            content=encode(Enrol(code, "evil", "evil", TOKEN)),
            headers={"Content-Type": MEDIA_TYPES["packed"]},
        )
        assert joined.status_code == 200

    def send(self, body: Any, form: str = "packed") -> Any:
        content = body if isinstance(body, bytes) else encode(body)
        named = {"Authorization": f"Bearer {TOKEN}", "Content-Type": MEDIA_TYPES[form]}  # type: ignore[index]
        return self.client.post("/sync/v1/push", content=content, headers=named)

    def push(self, bad: Entry) -> None:
        """Send one line behind what headquarters has."""
        entry = sealed(self.head.hash or GENESIS, bad)
        answer = decode(self.send(Push("evil.1", self.head, (entry,))).content, PushAnswer)
        assert answer.standing is Standing.OK
        self.head = answer.head


def test_what_a_hostile_branch_sends_is_told_to_who_keeps_the_node_and_holds_up_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened_shop(tmp_path) as shop, caplog.at_level(logging.WARNING):
        evil = Evil(shop)
        assert evil.send(b"no frame at all").status_code == 400
        assert evil.send(b'{"is": "push", ', "json").status_code == 400
        assert evil.send(Push("good.1", Head(), ())).status_code == 403
        assert evil.send(a_bomb(200 << 20)).status_code == 413
        lying = sealed(GENESIS, line(Head(), {"frame": (None, "F-0")}))._replace(hash="f" * 32)
        assert evil.send(Push("evil.1", Head(), (lying,))).status_code == 400
        late = sealed(GENESIS, line(Head(7, ""), {"frame": (None, "F-8")}))
        gap = decode(evil.send(Push("evil.1", Head(7, GENESIS), (late,))).content, PushAnswer)
        assert (gap.standing, gap.head.seq) == (Standing.GAP, 0)
        evil.push(line(evil.head, {"frame": (None, 7)}))
        evil.push(line(evil.head, {"name": (None, "x")}, type_="pirates.ship"))
        evil.push(line(evil.head, {"frame": (None, "F-1")}, hlc=YEAR_2099 << 16))
        evil.push(line(evil.head, {"frame": (None, "x" * 3_000_000)}))
        evil.push(line(evil.head, {"frame": (None, "F-2")})._replace(store="hq"))

        kept = shop.as_("wu").get("/api/status").json()
        desk = shop.as_("li").get("/api/status").json()

    held = {each["seq"]: each["code"] for each in kept["held_back"]}
    assert held == {1: "bad-cell", 2: "unknown-type", 4: "bad-cell", 5: "not-yours"}
    whats = {each["seq"]: each["what"] for each in kept["held_back"]}
    assert "Frame number" in whats[1]
    assert "longer than 100000" in whats[4]
    refused = {(each["node"], each["code"]): each["times"] for each in kept["refused"]}
    assert refused == {
        ("evil", "frame-broken"): 1,
        ("evil", "frame-malformed"): 1,
        ("evil", "not-yours"): 1,
        ("evil", "frame-too-large"): 1,
        ("evil", "frame-hash"): 1,
    }
    assert all(each["what"] for each in kept["refused"])
    assert {"held_back", "refused"}.isdisjoint(desk)
    told = {(getattr(each, "node", None), getattr(each, "code", None)) for each in caplog.records}
    assert refused.keys() <= told
    codes = [each.codes for each in caplog.records if hasattr(each, "codes")]
    assert codes == [{"bad-cell": 1}, {"unknown-type": 1}, {"bad-cell": 1}, {"not-yours": 1}]
    assert [each.ahead_ms > 0 for each in caplog.records if hasattr(each, "ahead_ms")] == [True]


def a_bomb(size: int) -> bytes:
    """Return a small frame that unfolds to one text of ``size`` bytes."""
    return b"BL1\n" + zstandard.ZstdCompressor(level=3, write_checksum=True).compress(b"\xdb" + b"x" * size)


def test_a_flood_of_tiny_frames_is_answered_one_by_one_and_told_ever_more_seldom(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened_shop(tmp_path) as shop, caplog.at_level(logging.WARNING):
        evil = Evil(shop)
        for n in range(100):
            assert evil.send(b"x").status_code == 400
            evil.push(line(evil.head, {"frame": (None, n)}))
            if n % 50 == 0:
                assert shop.as_("li").get("/api/status").json()["quarantined"] == n + 1

        kept = shop.as_("wu").get("/api/status").json()

    assert [(each["code"], each["times"]) for each in kept["refused"]] == [("frame-broken", 100)]
    assert [each.times for each in caplog.records if hasattr(each, "times")] == [1, 2, 4, 8, 16, 32, 64]
    assert {each["tries"] for each in kept["held_back"]} == {1}  # nothing is tried again because more of it comes
