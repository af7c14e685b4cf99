"""Headquarters works on a bounded number of calls, and one node never holds more than one place."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

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

    with ExitStack() as first, gate.entered("jingan") as others, ThreadPoolExecutor(1) as pool:
        its_turn = first.enter_context(gate.entered("bund"))
        with gate.entered("bund") as behind:
            second = pool.submit(lambda: (behind(), told.append("second")))
            with pytest.raises(HubBusy), gate.entered("bund"):
                pass
            its_turn()  # nobody is before it
            others()  # and nobody else waits
            assert not second.done()
            told.append("first")
            first.close()
            second.result(5)
    assert told == ["first", "second"]
    assert len(gate) == 0


def test_a_call_that_fails_lets_the_one_behind_it_go_on() -> None:
    gate = Gate(of_a_node=2)
    first, second = ExitStack(), ExitStack()
    first.enter_context(gate.entered("bund"))

    with second:
        its_turn = second.enter_context(gate.entered("bund"))
        first.__exit__(ValueError, ValueError("fault"), None)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(its_turn).result(5)
