"""The worker tries, rests and tries again; it misses nothing, hurries nobody, stops when told, and says how it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import pytest

from core.model.errors import NodeError
from stores.node import Node
from stores.storage import closings
from sync.branch.worker import Pace, Worker
from sync.wire.link import AskedToWait, LinkDown
from tests.sync.nodes import DirectLink, World, read, write

LI = "0190a0a0-0000-7000-8000-000000000001"
NEVER_S = 3_600.0


def middling(n: int) -> bytes:
    return b"\x80" + bytes(n - 1)


@pytest.fixture
def worker(bund: Node, link: DirectLink) -> Iterator[Worker]:
    worker = Worker(bund, lambda: link, dice=middling, pace=Pace(beat_s=NEVER_S, retry_s=1, retry_s_max=60))
    yield worker
    worker.stop()


def down(_call: str, _question: object) -> object:
    raise LinkDown.of("link-unreachable", "headquarters cannot be reached", "无法连接总部")


def test_a_commit_wakes_the_worker_long_before_the_beat(
    hub: Node, bund: Node, link: DirectLink, worker: Worker
) -> None:
    arrived = Event()
    hub.on_commit(arrived.set)
    worker.start()

    write(bund, LI, "create", name="李")

    assert arrived.wait(5)
    assert read(hub, LI)["name"] == "李"


def test_news_that_comes_while_a_round_runs_calls_for_another_round(
    hub: Node, bund: Node, link: DirectLink, worker: Worker
) -> None:
    second = Event()

    def write_late(call: str, answer: object) -> object:
        if call == "pull" and link.calls.count("pull") == 1:
            write(bund, LI, "create", name="李")  # after this round has looked for something to push
        if call == "push":
            second.set()
        return answer

    link.after = write_late
    worker.start()

    assert second.wait(5)


def test_a_queue_drains_on_the_beat_although_nobody_ever_rang(hub: Node, bund: Node, link: DirectLink) -> None:
    write(bund, LI, "create", name="李")
    arrived = Event()
    hub.on_commit(arrived.set)
    link.before = lambda call, question: down(call, question) if link.calls.count("hello") < 3 else question
    worker = Worker(bund, lambda: link, dice=middling, pace=Pace(beat_s=0.01, retry_s=0.01, retry_s_max=0.02))

    worker._thread.start()  # without ``start``: no commit will ever wake it

    assert arrived.wait(5)
    assert worker.stop()


def test_pauses_grow_to_a_bound_and_are_spread_so_that_a_chain_does_not_call_at_once(
    bund: Node, link: DirectLink, world: World
) -> None:
    worker = Worker(bund, lambda: link, dice=middling, pace=Pace(beat_s=10, retry_s=1, retry_s_max=60))
    link.before = down
    assert worker.pause_s() == 10

    pauses = [worker.work() or worker.pause_s() for _ in range(9)]

    assert pauses == [0.75, 1.5, 3, 6, 12, 24, 45, 45, 45]
    worker._dice = world.dice.randbytes
    spread = [worker.pause_s() for _ in range(200)]
    assert 30 <= min(spread) < 32
    assert 58 < max(spread) <= 60


def test_thousands_of_failures_do_not_overflow_the_pause(bund: Node, link: DirectLink, worker: Worker) -> None:
    worker._failures = 100_000

    assert worker.pause_s() == 45


def test_headquarters_advice_is_the_shortest_pause(bund: Node, link: DirectLink, worker: Worker) -> None:
    def busy(_call: str, _question: object) -> object:
        error = AskedToWait.of("hub-busy", "busy", "繁忙")
        error.retry_after_s = 300  # type: ignore[attr-defined]
        raise error

    link.before = busy
    worker.work()

    assert worker.pause_s() >= 300


def test_while_headquarters_is_away_news_waits_for_the_pause_and_the_button_does_not(
    bund: Node, link: DirectLink
) -> None:
    worker = Worker(bund, lambda: link, dice=middling, pace=Pace(beat_s=NEVER_S, retry_s=NEVER_S, retry_s_max=NEVER_S))
    failed, back = Event(), Event()

    def broken(call: str, question: object) -> object:
        if link.calls.count("hello") == 1:
            failed.set()
            return down(call, question)
        back.set()
        return question

    link.before = broken
    worker.start()
    assert failed.wait(5)
    for _ in range(50):
        write(bund, LI, "create" if not read(bund, LI) else "update", visits=len(link.calls))
    assert link.calls.count("hello") == 1

    worker.sync_now()

    assert back.wait(5)
    assert worker.stop()


def test_stopping_hangs_up_on_a_call_that_does_not_come_back(bund: Node, link: DirectLink) -> None:
    hung, hang_up = Event(), Event()

    class Endless(DirectLink):
        def close(self) -> None:
            hang_up.set()

    def hang(call: str, question: object) -> object:
        hung.set()
        hang_up.wait(5)
        return down(call, question)

    endless = Endless(link.hub, link.caller, before=hang)
    worker = Worker(bund, lambda: endless, dice=middling, pace=Pace(beat_s=NEVER_S))
    worker.start()
    assert hung.wait(5)

    assert worker.stop(wait_s_max=0.2)


def test_a_worker_that_never_started_stops_as_well(bund: Node, link: DirectLink) -> None:
    assert Worker(bund, lambda: link, dice=middling).stop()


def test_the_status_tells_people_how_it_stands(
    hub: Node, bund: Node, link: DirectLink, world: World, worker: Worker
) -> None:
    assert worker.status().last_sync is None
    write(bund, LI, "create", name="李")
    link.before = down
    world.wait(60)
    worker.work()
    world.wait(60)
    worker.work()

    away = worker.status()

    assert (away.online, away.since) == (False, "2026-03-14T12:01:00.000Z")  # since the first failure
    assert (away.waiting, away.oldest) == (1, "2026-03-14T12:00:00.000Z")
    assert away.error is not None
    assert (away.error.what.en, away.error.what.zh) == ("headquarters cannot be reached", "无法连接总部")

    link.before = lambda _, question: question
    world.wait(60)
    assert worker.work()

    back = worker.status()
    assert (back.online, back.since) == (True, "2026-03-14T12:03:00.000Z")
    assert (back.waiting, back.oldest, back.error) == (0, None, None)
    assert (back.pushed, back.pulled, back.clock_offset_ms) == (1, 1, 0)
    world.wait(60)
    worker.work()
    assert worker.status().since == back.since
    assert worker.status().last_sync == "2026-03-14T12:04:00.000Z"


def test_a_fault_of_our_own_is_survived_told_and_journalled_without_its_words(
    bund: Node, link: DirectLink, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(_call: str, _question: object) -> object:
        raise ValueError("the phone number of a guest")

    link.before = fault
    assert not worker.work()

    error = worker.status().error
    assert error is not None
    assert error.code == "sync-fault"
    assert "phone number" not in caplog.text

    link.before = lambda _, question: question
    assert worker.work()


def test_an_error_without_problems_is_told_all_the_same(bund: Node, link: DirectLink, worker: Worker) -> None:
    def empty(_call: str, _question: object) -> object:
        raise NodeError

    link.before = empty
    assert not worker.work()
    assert worker.status().error is not None


def test_after_a_failure_a_new_link_is_opened(bund: Node, link: DirectLink) -> None:
    opened: list[int] = []

    def connect() -> DirectLink:
        opened.append(1)
        return link

    worker = Worker(bund, connect, dice=middling)
    worker.work()
    worker.work()
    link.before = down
    worker.work()
    worker.work()

    assert len(opened) == 2
    assert link.closed == 2


def test_a_day_that_has_ended_is_closed_by_itself_once_nothing_is_on_its_way(
    bund: Node, link: DirectLink, worker: Worker, world: World
) -> None:
    write(bund, LI, "create", name="李")
    worker.work()
    world.wait(24 * 3_600)

    worker.work()
    worker.work()

    assert link.calls.count("close") == 1
    with bund.database.read() as connection:
        (day,) = closings.latest(connection)
    assert (day.store, day.day, day.records) == ("bund", "2026-03-14", 1)


def test_a_day_about_which_the_two_do_not_agree_is_told_and_sync_goes_on(
    hub: Node, bund: Node, link: DirectLink, worker: Worker, world: World
) -> None:
    write(bund, LI, "create", name="李")
    worker.work()
    world.wait(24 * 3_600)
    link.after = lambda call, answer: replace(answer, records=7) if call == "close" else answer

    worker.work()
    write(bund, LI, visits=2)

    assert worker.work()
    assert read(hub, LI)["visits"] == 2
    status = worker.status()
    assert (status.online, status.unclosed and status.unclosed.code) == (True, "closing-fault")
    assert link.calls.count("close") == 1, "asked once a day, not at every beat"
    link.after = lambda _call, answer: answer
    world.wait(24 * 3_600)
    worker.work()
    assert worker.status().unclosed is None
