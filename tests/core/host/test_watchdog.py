from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from core.host.host import Host
from core.host.watchdog import HANGS_MAX, HookHangs, Watchdog
from tests.core.host.conftest import WritePlugin

HANGS = """\
from core.host.hookspecs import hookimpl

@hookimpl
def is_away(person, at, store):
    at()
    while True:
        pass
"""


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dog(clock: Clock) -> Watchdog:
    return Watchdog(clock, limit_s=5)


def late(dog: Watchdog, clock: Clock, seconds: float = 6) -> None:
    """Let time pass and the watchdog look, as its own thread would meanwhile."""
    clock.seconds += seconds
    dog.look()


def for_ever(dog: Watchdog, clock: Clock) -> None:
    late(dog, clock)
    while True:
        pass


def codes(dog: Watchdog) -> list[str]:
    return [problem.code for problem in dog.problems()]


def test_a_hook_that_never_returns_is_interrupted_and_told(dog: Watchdog, clock: Clock) -> None:
    hook = dog.guarded(lambda: for_ever(dog, clock), "tea_house:hooks", "check_action")

    with pytest.raises(HookHangs) as told:
        hook()

    (problem,) = told.value.problems
    assert (problem.code, "`tea_house`" in problem.what.zh, "`tea_house`" in problem.what.en) == (
        "hook-hangs", True, True
    )  # fmt: skip
    assert codes(dog) == ["hook-hangs"]


def test_a_hook_that_hangs_again_and_again_is_not_called_any_more(dog: Watchdog, clock: Clock) -> None:
    calls: list[int] = []

    def hangs() -> None:
        calls.append(1)
        for_ever(dog, clock)

    hook = dog.guarded(hangs, "tea_house", "check_action")
    for _ in range(HANGS_MAX + 2):
        with pytest.raises(HookHangs):
            hook()

    assert len(calls) == HANGS_MAX
    assert codes(dog) == ["hook-barred"]
    assert dog.guarded(lambda: 7, "tea_house", "check_action")() == 7  # the mended one


def test_a_hook_that_returns_is_left_alone_however_late_somebody_looks(dog: Watchdog, clock: Clock) -> None:
    assert dog.guarded(lambda: 7, "tea_house", "is_away")() == 7
    late(dog, clock)
    assert sum(1 for _ in range(1000)) == 1000
    assert codes(dog) == []


def test_an_interrupt_that_comes_at_the_very_end_hits_nobody(dog: Watchdog, clock: Clock) -> None:
    hook = dog.guarded(lambda: late(dog, clock), "tea_house", "is_away")

    with suppress(HookHangs):
        hook()
    assert sum(1 for _ in range(1000)) == 1000


def test_a_hook_that_catches_everything_is_interrupted_again(dog: Watchdog, clock: Clock) -> None:
    caught: list[str] = []

    def stubborn() -> None:
        while True:
            try:
                for_ever(dog, clock)
            except BaseException as error:
                caught.append(type(error).__name__)
                if len(caught) == 3:
                    raise

    with pytest.raises(HookHangs):
        dog.guarded(stubborn, "tea_house", "check_action")()

    assert len(caught) == 3


def test_of_hooks_inside_one_another_the_one_that_hangs_is_ended(dog: Watchdog, clock: Clock) -> None:
    inner = dog.guarded(lambda: for_ever(dog, clock), "rooms", "is_away")

    def outer() -> str:
        with pytest.raises(HookHangs):
            inner()
        return "went on"

    assert dog.guarded(outer, "tea_house", "check_action")() == "went on"


def test_what_a_hook_raises_itself_goes_on_as_it_is(dog: Watchdog) -> None:
    def breaks() -> None:
        raise KeyError("guest")

    with pytest.raises(KeyError):
        dog.guarded(breaks, "tea_house", "check_action")()
    assert codes(dog) == []


def test_a_hook_that_blocks_outside_python_gives_up_what_it_holds_and_is_not_called_again(clock: Clock) -> None:
    taken: list[int] = []
    dog = Watchdog(clock, 5, taken.append)
    entered, released, ends = Event(), Event(), list[BaseException]()

    def blocks() -> None:
        entered.set()
        released.wait(20)

    hook = dog.guarded(blocks, "tea_house", "check_action")

    def act() -> None:
        try:
            hook()
        except HookHangs as error:
            ends.append(error)

    thread = Thread(target=act)
    thread.start()
    entered.wait(10)
    late(dog, clock)
    assert (taken, codes(dog)) == ([], ["hook-hangs"])
    late(dog, clock)
    assert (taken, codes(dog)) == ([thread.ident], ["hook-barred"])
    with pytest.raises(HookHangs):
        hook()
    released.set()
    thread.join(10)
    assert len(ends) == 1


def test_the_hooks_of_a_host_are_watched(
    write_plugin: WritePlugin, open_host: Callable[..., Host], dog: Watchdog, clock: Clock
) -> None:
    write_plugin(hooks=HANGS)
    host = open_host(watchdog=dog)
    asked: dict[str, Any] = {"person": "p", "at": lambda: late(dog, clock), "store": "bund"}

    assert host.ask("is_away", **asked) is None
    with pytest.raises(HookHangs):
        host.hooks.is_away(**asked)
    assert "bicycle_rental" in dog.problems()[0].what.en


def test_a_thread_looks_after_the_hooks_by_itself() -> None:
    dog, stop = Watchdog(monotonic, 0.05), Event()
    thread = dog.start(stop)

    def hangs() -> None:
        while True:
            pass

    with pytest.raises(HookHangs):
        dog.guarded(hangs, "tea_house", "check_action")()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
