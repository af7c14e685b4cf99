"""First come, first served."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from stores.storage import turns as turns_module
from stores.storage.turns import TurnMissed, Turns


def test_turns_are_served_in_the_order_of_arrival() -> None:
    turns, served = Turns(), list[int]()
    threads = []

    def take(number: int) -> None:
        with turns.turn(5):
            served.append(number)

    with turns.turn(5):
        for number in range(8):
            threads.append(Thread(target=take, args=(number,)))
            threads[-1].start()
            while len(turns._queue) <= number:  # until it stands in line
                Event().wait(0.001)
    for thread in threads:
        thread.join()

    assert served == list(range(8))


def test_who_gives_up_waiting_does_not_hold_up_the_line() -> None:
    turns = Turns()
    gave_up = Event()

    def wait_briefly() -> None:
        with pytest.raises(TurnMissed), turns.turn(0.01):
            pass
        gave_up.set()

    with turns.turn(5):
        thread = Thread(target=wait_briefly)
        thread.start()
        assert gave_up.wait(5)
    thread.join()

    with turns.turn(0.01):
        assert turns.mine


def test_the_turn_is_handed_on_after_an_error() -> None:
    turns = Turns()

    with pytest.raises(ZeroDivisionError), turns.turn(5):
        raise ZeroDivisionError

    with turns.turn(0.01):
        assert turns.mine
    assert not turns.mine


class CalledTooLate(Event):
    """A call that comes just as the waiting ends: the time is up, and the turn was handed on all the same."""

    def wait(self, timeout: float | None = None) -> bool:
        super().wait(timeout)
        return False


def test_who_is_called_at_the_very_last_moment_has_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "Event", CalledTooLate)
    turns, served = Turns(), list[bool]()

    def take() -> None:
        with turns.turn(5):
            served.append(turns.mine)

    thread = Thread(target=take)
    with turns.turn(5):
        thread.start()
        while not turns._queue:  # until it stands in line
            Event().wait(0.001)
    thread.join()

    assert served == [True]
    with turns.turn(0.01):
        assert turns.mine
