"""Headquarters works on a bounded number of calls, and one node never holds more than one place."""

from __future__ import annotations

from contextlib import ExitStack
from threading import Event, Thread

import pytest

from sync.hub.gate import Gate, HubBusy


def test_a_second_call_of_one_node_waits_outside_and_others_do_not_notice() -> None:
    gate = Gate()

    with gate.entered("bund"), gate.entered("jingan"), pytest.raises(HubBusy) as caught, gate.entered("bund"):
        pass

    assert caught.value.status == 429
    assert caught.value.retry_after_s > 0


def test_when_it_is_full_nobody_else_gets_in_until_somebody_leaves() -> None:
    gate = Gate(calls_max=2)

    with ExitStack() as stack:
        stack.enter_context(gate.entered("bund"))
        with gate.entered("jingan"), pytest.raises(HubBusy), gate.entered("xuhui"):
            pass
        with gate.entered("xuhui"):
            pass


def test_a_call_that_fails_leaves_its_place() -> None:
    gate = Gate(calls_max=1)
    with pytest.raises(ValueError, match="fault"), gate.entered("bund"):
        raise ValueError("fault")

    with gate.entered("bund"):
        pass


def test_a_node_that_may_have_two_calls_inside_has_them_in_the_order_in_which_they_came() -> None:
    gate = Gate(of_a_node=2)
    told: list[str] = []

    begun = Event()

    with ExitStack() as first, gate.entered("jingan") as others:
        its_turn = first.enter_context(gate.entered("bund"))
        with gate.entered("bund") as behind:
            second = Thread(target=lambda: (begun.set(), behind(), told.append("second")), daemon=True)
            second.start()
            assert begun.wait(5)
            with pytest.raises(HubBusy), gate.entered("bund"):
                pass
            its_turn()  # nobody is before it
            others()  # and nobody else waits
            second.join(0.05)
            assert second.is_alive()
            told.append("first")
            first.close()
            second.join(5)
            assert not second.is_alive()
    assert told == ["first", "second"]
    assert len(gate) == 0


def test_a_call_that_fails_lets_the_one_behind_it_go_on() -> None:
    gate = Gate(of_a_node=2)
    first = ExitStack()
    first.enter_context(gate.entered("bund"))

    with gate.entered("bund") as its_turn:
        first.__exit__(ValueError, ValueError("fault"), None)
        second = Thread(target=its_turn, daemon=True)
        second.start()
        second.join(5)
        assert not second.is_alive()
