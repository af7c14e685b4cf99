"""One round brings a branch and headquarters together, and any round may be the one that is interrupted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.model.errors import NodeError
from stores.changes import log
from stores.node import Node
from stores.storage import checkpoints
from sync import keys
from sync.branch.disputes import LogDisputed
from sync.branch.round import greet, hello_of, sync_round
from sync.protocol import Head, Limits
from sync.wire.link import LinkDown
from tests.sync.nodes import DirectLink, World, everything, read, write

LI = "0190a0a0-0000-7000-8000-000000000001"


def lost(_call: str, _message: object) -> object:
    raise LinkDown.of("lost", "lost", "丢失")


def test_what_a_branch_wrote_is_at_headquarters_and_back_with_its_place_in_the_order(
    hub: Node, bund: Node, link: DirectLink
) -> None:
    write(bund, LI, "create", name="李", visits=1)

    done = sync_round(bund, link)

    assert (done.pushed, done.pulled) == (1, 1)
    assert read(hub, LI)["name"] == "李"
    assert read(bund, LI) == read(hub, LI)
    assert read(bund, LI)["_hs"] > 0
    assert link.calls == ["hello", "push", "pull"]


def test_with_nothing_new_a_round_is_two_calls_and_writes_nothing(bund: Node, link: DirectLink) -> None:
    write(bund, LI, "create", name="李")
    sync_round(bund, link)
    before = everything(bund)
    link.calls.clear()

    done = sync_round(bund, link)

    assert link.calls == ["hello", "pull"]
    assert (done.pushed, done.pulled) == (0, 0)
    assert everything(bund) == before


def test_after_a_lost_answer_the_next_round_goes_on_where_headquarters_is(
    hub: Node, bund: Node, link: DirectLink
) -> None:
    write(bund, LI, "create", name="李", visits=1)
    link.after = lambda call, answer: lost(call, answer) if call == "push" else answer
    with pytest.raises(LinkDown):
        sync_round(bund, link)
    assert read(hub, LI)["visits"] == 1

    link.after = lambda _, answer: answer
    write(bund, LI, visits=2)
    done = sync_round(bund, link)

    assert done.pushed == 1  # the first one was there already
    assert read(hub, LI)["visits"] == read(bund, LI)["visits"] == 2


def test_a_sum_that_was_merged_before_its_answer_got_lost_is_not_counted_twice(
    hub: Node, bund: Node, link: DirectLink
) -> None:
    write(bund, LI, "create", visits=1)
    sync_round(bund, link)
    write(bund, LI, visits=4)
    write(hub, LI, visits=2)  # somebody at headquarters counts one as well
    link.after = lambda call, answer: lost(call, answer) if call == "push" else answer
    with pytest.raises(LinkDown):
        sync_round(bund, link)

    link.after = lambda _, answer: answer
    sync_round(bund, link)

    assert read(bund, LI)["visits"] == read(hub, LI)["visits"] == 5


def test_frames_and_pages_as_small_as_headquarters_asks_bring_the_same(
    hub: Node, bund: Node, link: DirectLink, world: World
) -> None:
    guests = [world.id() for _ in range(7)]
    for guest in guests:
        write(bund, guest, "create", name="李")
        write(hub, world.id(), "create", name="王")
    link.limits = Limits(changes=2, rows=3)

    done = sync_round(bund, link)

    assert (done.pushed, done.pulled) == (7, 14)
    assert link.calls.count("push") == 4
    assert all(read(bund, guest) == read(hub, guest) for guest in guests)


def test_the_clock_offset_is_headquarters_ahead_of_here(hub: Node, bund: Node, link: DirectLink, world: World) -> None:
    bund.now = lambda: world.time.replace(minute=58, hour=11)

    _, offset_ms = greet(bund, link)

    assert offset_ms == 120_000


def test_a_hub_of_another_epoch_is_read_from_the_beginning(hub: Node, bund: Node, link: DirectLink) -> None:
    write(hub, LI, "create", name="李")
    sync_round(bund, link)
    with hub.database.write() as connection:
        keys.begin_epoch(connection, lambda count: b"\x07" * count, 0)

    done = sync_round(bund, link)

    assert done.pulled == 1
    assert hello_of(bund).epoch == "07" * keys.EPOCH_BYTES


def test_an_epoch_that_changes_in_the_middle_of_a_round_starts_the_round_again(
    hub: Node, bund: Node, link: DirectLink
) -> None:
    write(hub, LI, "create", name="李")

    def restored(call: str, question: object) -> object:
        if call == "pull" and link.calls.count("pull") == 1:
            with hub.database.write() as connection:
                keys.begin_epoch(connection, lambda count: b"\x07" * count, 0)
        return question

    link.before = restored
    done = sync_round(bund, link)

    assert done.pulled == 1
    assert link.calls == ["hello", "pull", "hello", "pull"]


def test_what_headquarters_claims_to_hold_is_checked_against_the_log_here(bund: Node, link: DirectLink) -> None:
    write(bund, LI, "create", name="李")
    link.after = lambda call, answer: _with_head(answer, Head(1, "f" * 32)) if call == "hello" else answer

    with pytest.raises(LogDisputed):
        sync_round(bund, link)

    with bund.database.read() as connection:
        assert checkpoints.acked(connection, "bund.1") == 0


def test_a_headquarters_that_promises_more_and_sends_nothing_is_not_asked_for_ever(
    bund: Node, link: DirectLink
) -> None:
    link.after = lambda call, answer: _with_more(answer) if call == "pull" else answer

    with pytest.raises(NodeError) as caught:
        sync_round(bund, link)

    assert caught.value.problems[0].code == "feed-stuck"
    assert link.calls.count("pull") == 1


@pytest.mark.parametrize(
    ("runs", "named"),
    [
        pytest.param({"tea_house": "older"}, ("tea_house",), id="another definition of it"),
        pytest.param({"bathhouse": "any"}, ("bathhouse",), id="headquarters has none of that name"),
        pytest.param({}, (), id="what the branch does not run differs from nothing"),
    ],
)
def test_plugins_of_the_branch_that_are_not_headquarters_are_named(
    bund: Node, link: DirectLink, runs: dict[str, str], named: tuple[str, ...]
) -> None:
    link.before = lambda call, question: replace(question, schema=runs) if call == "hello" else question

    assert sync_round(bund, link).skew == named


def test_waiting_is_counted_and_dated_until_headquarters_has_it(bund: Node, link: DirectLink) -> None:
    write(bund, LI, "create", name="李")
    with bund.database.read() as connection:
        assert log.unsent(connection) == (1, "2026-03-14T12:00:00.000Z")

    sync_round(bund, link)

    with bund.database.read() as connection:
        assert log.unsent(connection) == (0, None)


def _with_head(answer: object, head: Head) -> object:
    return replace(answer, head=head)  # type: ignore[type-var]


def _with_more(answer: object) -> object:
    return replace(answer, more=True)  # type: ignore[type-var]


def test_a_feed_that_restarts_twice_is_read_in_the_same_round(hub: Node, bund: Node, link: DirectLink) -> None:
    write(hub, LI, "create", name="李")
    link.after = lambda call, answer: (
        replace(answer, restart=True, rows=()) if call == "pull" and link.calls.count("pull") <= 2 else answer
    )

    done = sync_round(bund, link)

    assert done.pulled == 1
    assert link.calls == ["hello", "pull"] * 3
    assert read(bund, LI)["name"] == "李"
