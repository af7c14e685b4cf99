"""Headquarters works on a bounded number of calls, and one node never holds more than one place."""

from __future__ import annotations

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
