"""Whether an action may go on: its checks, warnings with a reason, and plugins in Python, which fail closed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.host.hookspecs import hookimpl
from core.host.host import Host
from core.model.errors import ActionRefused, Problem, Text
from stores.actor import SYSTEM_ACTOR
from stores.acts import outbox
from stores.acts.act import Decided, decide
from stores.acts.calls import Call
from tests.stores.acts.club import BOOKING, PLUGIN, codes, configure
from tests.stores.shop import HEAD, Shop


def test_a_rule_that_needs_a_blank_figure_does_not_apply_until_it_is_configured(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    shop.do("booking.book", li, **{**BOOKING, "amount": "99999"})

    configure(shop, cap="100")

    with pytest.raises(ActionRefused) as refusal:
        shop.do("booking.book", li, **BOOKING)
    assert codes(refusal) == ["capped", "twice"]
    assert refusal.value.problems[0].what.en == "300.00 is above 100.00"


def test_a_rule_about_an_empty_field_does_not_hold(quick: Shop) -> None:
    configure(quick, cap="100")

    with pytest.raises(ActionRefused) as refusal:
        quick.do("booking.book", quick.hire("li", "desk"), guest="Chen", room="V8")

    assert codes(refusal) == ["capped", "twice"]


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_warning_is_passed_with_a_reason_and_both_are_logged(quick: Shop, reason: str | None) -> None:
    li = quick.hire("li", "desk")
    with pytest.raises(ActionRefused) as refusal:
        quick.do("booking.book", li, guest="Chen", amount="1", reason=reason)
    assert [(p.code, p.level, p.fix) for p in refusal.value.problems] == [
        ("roomy", "warn", Text("send a reason to go on", "如需继续，请填写理由"))
    ]

    receipt = quick.do("booking.book", li, guest="Chen", amount="1", reason="all rooms are full")

    assert [p.code for p in receipt.warnings] == ["roomy"]
    (line,) = quick.log("booking", receipt.id)
    assert line.facts == {"version": "1.0.0", "warned": ["roomy"], "reason": "all rooms are full"}


def test_the_system_is_warned_and_goes_on_for_nobody_is_there_to_give_a_reason(quick: Shop) -> None:
    booking = quick.do("booking.book", quick.hire("li", "desk"), **BOOKING).id

    receipt = quick.do("booking.sweep", SYSTEM_ACTOR, booking)

    assert (receipt.state, [p.code for p in receipt.warnings]) == ("void", ["odd"])


# --- plugins in Python


class Guard:
    """A plugin in Python that does what the test says."""

    def __init__(self, name: str, deed: Callable[[Any], Any]) -> None:
        self.name, self.deed = name, deed
        self.heard: list[str] = []

    @hookimpl
    def check_action(self, ctx: Any) -> Any:
        return self.deed(ctx) if self.name == "check" else None

    @hookimpl
    def apply_action(self, ctx: Any) -> None:
        if self.name == "apply":
            self.deed(ctx)

    @hookimpl
    def action_committed(self, event: Any) -> None:
        self.heard.append(f"{event.action} {event.state}")


@pytest.fixture
def guarded(a_shop: Callable[..., Shop], tmp_path: Path) -> Callable[..., tuple[Shop, Guard]]:
    def make(name: str, deed: Callable[[Any], Any]) -> tuple[Shop, Guard]:
        (tmp_path / "club").mkdir()
        (tmp_path / "club" / "plugin.yaml").write_text(HEAD + PLUGIN, encoding="utf-8")
        host = Host([tmp_path], entry_points=False)
        guard = Guard(name, deed)
        host.register(guard, "guard")
        return a_shop(PLUGIN, host=host), guard

    return make


def _fail(_: Any) -> None:
    raise RuntimeError("the guard fell asleep")


def _refuse(_: Any) -> None:
    raise ActionRefused.of("asleep", "not now", "稍后再试")


@pytest.mark.parametrize("name", ["check", "apply"])
def test_a_hook_that_breaks_refuses_the_action_and_nothing_is_saved(guarded: Any, name: str) -> None:
    shop, guard = guarded(name, _fail)
    people = shop.hire("li", "desk")

    with pytest.raises(ActionRefused, match="the guard fell asleep"):
        shop.do("booking.book", people, **BOOKING)

    assert (shop.rows("booking"), guard.heard) == ([], [])


@pytest.mark.parametrize("name", ["check", "apply"])
def test_what_a_hook_refuses_on_purpose_is_told_in_its_own_words(guarded: Any, name: str) -> None:
    shop, _ = guarded(name, _refuse)

    with pytest.raises(ActionRefused) as refusal:
        shop.do("booking.book", shop.hire("li", "desk"), **BOOKING)

    assert codes(refusal) == ["asleep"]


def test_what_a_hook_leaves_in_a_record_fits_its_fields_before_anybody_looks_at_it(guarded: Any) -> None:
    shop, _ = guarded("apply", lambda ctx: ctx.record.values.update(amount=Decimal("300.005")))
    call = Call(shop.record("booking"), "book", shop.hire("li", "desk"), ask=BOOKING)

    with shop.node.database.write() as connection:
        decided = decide(connection, shop.node, call)

    assert isinstance(decided, Decided)
    assert decided.new[0][1].values["amount"] == Decimal("300.01")


def test_a_hook_s_problem_counts_like_a_check(guarded: Any) -> None:
    shop, _ = guarded("check", lambda ctx: [Problem("late", Text("It is late", "太晚"), level="warn")])
    li = shop.hire("li", "desk")

    with pytest.raises(ActionRefused, match="It is late"):
        shop.do("booking.book", li, **BOOKING)

    assert [p.code for p in shop.do("booking.book", li, reason="asked for", **BOOKING).warnings] == ["late"]


def test_a_hook_adds_entries_records_and_notices_to_the_same_deed(guarded: Any) -> None:
    seen: list[Any] = []

    def add(ctx: Any) -> None:
        ctx.post("credit", "li", Decimal("7.00"), Text("bonus", "奖金"))
        ctx.post("credit", "li", 1)
        seen.append(ctx.create("task", {"what": "call"}))
        seen.append(ctx.create("task", {"what": "send", "state": None}, state=None))
        ctx.notice("arrived")
        ctx.after_commit(lambda: seen.append("committed"))

    shop, guard = guarded("apply", lambda ctx: add(ctx) if ctx.action.name == "book" else None)
    shop.do("booking.book", shop.hire("li", "desk"), **BOOKING)
    outbox.deliver_due(shop.node)

    assert [row.values["what"] for row in shop.rows("task")] == ["call", "send"]
    assert {(row.values["amount"], row.values["why_en"]) for row in shop.rows("credit")} == {
        (Decimal("7.00"), "bonus"), (Decimal("1.00"), None),
    }  # fmt: skip
    assert (len(shop.notices("arrived")), seen[-1], guard.heard) == (1, "committed", ["book held"])
    assert len({line.tx for line in shop.log() if line.action == "club.booking.book"}) == 1


def test_what_a_hook_writes_into_a_record_must_fit_its_field(guarded: Any) -> None:
    shop, _ = guarded("apply", lambda ctx: ctx.record.values.update(amount=Decimal(10) ** 30))

    with pytest.raises(ActionRefused) as refusal:
        shop.do("booking.book", shop.hire("li", "desk"), **BOOKING)

    assert (codes(refusal), shop.rows("booking")) == (["too-big"], [])
