"""Frames hold whole transactions; receipts are checked and kept; what can never be sent is said aloud."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from core.model.errors import NodeError
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import bulk, checkpoints, signatures
from sync import keys, receipts
from sync.branch import frames, push
from sync.branch.disputes import LogDamaged, LogDisputed
from sync.branch.frames import next_frame
from sync.branch.round import sync_round
from sync.keys import Upstream
from sync.protocol import Head, Limits, Push, PushAnswer, Standing
from sync.receipts import ReceiptFault
from sync.wire.link import LinkDown
from tests.simulation.chain import host
from tests.sync.nodes import GUEST, DirectLink, World, write

LI = "0190a0a0-0000-7000-8000-000000000001"


def write_many(node: Node, world: World, *sizes: int, note: str = "") -> None:
    record = host().catalog.records[GUEST]
    for size in sizes:
        edits = [
            Edit(record, world.id(), node.store, "create", {"name": "李", "note": note or None}) for _ in range(size)
        ]
        with node.database.write() as connection:
            commit(connection, node, Deed(world.id(), "", "waiter-1", node.now()), edits)


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds, five seconds at most."""
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


def sizes_of(node: Node, limits: Limits) -> list[int]:
    """Return the sizes of the frames in which the whole log would go."""
    sizes, seq = [], 0
    with node.database.read() as connection:
        while frame := next_frame(connection, node.identity.origin, seq, limits):
            assert [entry.seq for entry in frame] == list(range(seq + 1, seq + 1 + len(frame)))
            sizes.append(len(frame))
            seq = frame[-1].seq
    return sizes


def test_a_frame_ends_where_a_transaction_ends(bund: Node, world: World) -> None:
    write_many(bund, world, 2, 2, 3, 1)

    assert sizes_of(bund, Limits(changes=4)) == [4, 4]
    assert sizes_of(bund, Limits(changes=3)) == [2, 2, 3, 1]
    assert sizes_of(bund, Limits(changes=100)) == [8]


def test_a_transaction_larger_than_a_frame_goes_whole(bund: Node, world: World) -> None:
    write_many(bund, world, 1, 9, 1)

    assert sizes_of(bund, Limits(changes=4)) == [1, 9, 1]


def test_long_texts_fill_a_frame_before_many_changes_do(bund: Node, world: World) -> None:
    write_many(bund, world, 1, 1, 1, note="茶" * 1_000)

    assert sizes_of(bund, Limits(bytes=7_000)) == [2, 1]
    assert sizes_of(bund, Limits(bytes=1)) == [1, 1, 1]


def test_a_transaction_no_node_would_unpack_goes_in_pieces(
    bund: Node, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_many(bund, world, 7)
    monkeypatch.setattr(frames, "HARD_CHANGES_MAX", 3)

    assert sizes_of(bund, Limits()) == [3, 3, 1]


def test_a_change_that_can_never_be_sent_is_named(bund: Node, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write_many(bund, world, 1, note="茶" * 1_000)
    monkeypatch.setattr(frames, "HARD_BYTES_MAX", 2_000)

    with pytest.raises(NodeError) as caught:
        sizes_of(bund, Limits())

    assert caught.value.problems[0].code == "change-too-large"
    assert "茶" not in str(caught.value)


def test_a_log_with_a_hole_is_not_sent(bund: Node, link: DirectLink, world: World) -> None:
    write_many(bund, world, 1, 1, 1)
    with bund.database.write() as connection:
        bulk.run_only(connection, "DELETE FROM log WHERE seq = 1")

    with pytest.raises(LogDamaged):
        push.push(bund, link, Head())

    assert "push" not in link.calls


@pytest.fixture
def enrolled(hub: Node, bund: Node) -> Node:
    with hub.database.read() as connection:
        public = receipts.public_of(keys.hub(connection).key)
    with bund.database.write() as connection:
        keys.keep_upstream(connection, Upstream("https://hq.example.com", "token", public))
    return bund


def test_the_hubs_receipt_is_kept_beside_the_acknowledgement(enrolled: Node, link: DirectLink) -> None:
    write(enrolled, LI, "create", name="李")

    sync_round(enrolled, link)

    with enrolled.database.read() as connection:
        kept = signatures.latest(connection, "bund.1")
        head = checkpoints.head(connection, "bund.1")
        assert kept is not None
        assert (kept.seq, kept.hash) == head
        assert checkpoints.acked(connection, "bund.1") == 1


@pytest.mark.parametrize("forge", [{"signature": "0" * 128}, {"origin": "jingan.1"}, {"head": Head(2, "f" * 32)}])
def test_an_acknowledgement_with_a_false_receipt_is_not_believed(
    enrolled: Node, link: DirectLink, forge: dict[str, object]
) -> None:
    write(enrolled, LI, "create", name="李")
    link.after = lambda call, answer: (
        replace(answer, receipt=replace(answer.receipt, **forge)) if call == "push" else answer
    )

    with pytest.raises(ReceiptFault):
        sync_round(enrolled, link)

    with enrolled.database.read() as connection:
        assert checkpoints.acked(connection, "bund.1") == 0
        assert signatures.latest(connection, "bund.1") is None


def test_an_acknowledgement_without_a_receipt_is_not_believed_either(enrolled: Node, link: DirectLink) -> None:
    write(enrolled, LI, "create", name="李")
    link.after = lambda call, answer: replace(answer, receipt=None) if call == "push" else answer

    with pytest.raises(ReceiptFault):
        sync_round(enrolled, link)


def test_a_hub_that_wants_an_earlier_place_gets_it(hub: Node, bund: Node, link: DirectLink) -> None:
    write(bund, LI, "create", name="李")
    sync_round(bund, link)
    write(bund, LI, name="王")
    asked: list[int] = []

    def forgetful(call: str, answer: object) -> object:
        if call == "push" and not asked:
            asked.append(1)
            return PushAnswer(Standing.GAP, Head())
        return answer

    link.after = forgetful
    done = sync_round(bund, link)

    assert done.pushed == 2
    assert link.calls.count("push") == 3


def test_a_hub_that_never_stops_asking_for_another_place_is_given_up_for_now(bund: Node, link: DirectLink) -> None:
    write(bund, LI, "create", name="李")
    link.after = lambda call, answer: PushAnswer(Standing.GAP, Head()) if call == "push" else answer

    with pytest.raises(LogDisputed):
        push.push(bund, link, Head())

    assert link.calls.count("push") == 1


def test_a_hub_that_acknowledges_less_than_it_was_sent_is_not_believed(bund: Node, link: DirectLink) -> None:
    write(bund, LI, "create", name="李")
    link.after = lambda call, answer: replace(answer, head=Head()) if call == "push" else answer

    with pytest.raises(LogDisputed):
        push.push(bund, link, Head())


def test_a_hub_that_holds_more_than_was_written_here_says_that_this_is_an_old_copy(
    bund: Node, link: DirectLink
) -> None:
    write(bund, LI, "create", name="李")
    link.after = lambda call, answer: replace(answer, head=Head(9, "f" * 32)) if call == "hello" else answer

    with pytest.raises(LogDisputed, match="its database is an old copy"):
        sync_round(bund, link)

    assert "push" not in link.calls


def test_two_frames_are_on_their_way_and_a_third_is_read_meanwhile(
    enrolled: Node, link: DirectLink, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_many(enrolled, world, 3, 3, 3, 3)
    link.limits = Limits(changes=3)
    asked: list[Head] = []
    sent: list[Push] = []
    answered: list[Head] = []
    read = frames._read
    monkeypatch.setattr(frames, "_read", lambda *call: (asked.append(call[2]), read(*call))[1])

    def wait(call: str, question: Any) -> Any:
        """Headquarters takes its time, until the second frame is there and the third was read; then one at a time."""
        if call == "push":
            sent.append(question)
            until(lambda: question.after in [Head(), *answered])
            until(lambda: question.after.seq or (len(sent) == 2 and len(asked) == 3))
        return question

    def done(call: str, answer: Any) -> Any:
        if call == "push":
            answered.append(answer.head)
        return answer

    link.before, link.after = wait, done  # type: ignore[method-assign]
    with ThreadPoolExecutor(push.ON_THE_WAY_MAX) as helper:
        assert sync_round(enrolled, link, helper).pushed == 12

    assert len(set(asked)) == len(asked) == 5  # four frames and the end, nothing read twice
    assert {id(each) for each in link.prepared} == {id(each) for each in sent}  # what is sent is what was packed
    with enrolled.database.read() as connection:
        assert checkpoints.acked(connection, "bund.1") == 12


def test_a_frame_that_comes_before_the_one_before_it_is_sent_again(
    hub: Node, enrolled: Node, link: DirectLink, world: World
) -> None:
    write_many(enrolled, world, 2, 2, 2)
    link.limits = Limits(changes=2)
    standings: list[Standing] = []

    def wait(call: str, question: Any) -> Any:
        if call == "push" and not question.after.seq:
            until(lambda: standings)
        return question

    def noted(call: str, answer: Any) -> Any:
        if call == "push":
            standings.append(answer.standing)
        return answer

    link.before, link.after = wait, noted  # type: ignore[method-assign]
    with ThreadPoolExecutor(push.ON_THE_WAY_MAX) as helper:
        assert sync_round(enrolled, link, helper).pushed == 6, "nothing is sent again but what came too early"

    assert standings[0] is Standing.GAP
    assert standings[-2:] == [Standing.OK] * 2
    with hub.database.read() as connection:
        assert checkpoints.head(connection, "bund.1")[0] == 6
        assert bulk.run(connection, "SELECT count(*) FROM log WHERE origin = 'bund.1'") == [(6,)]


@pytest.mark.parametrize("lost", ["question", "answer"])
def test_when_the_line_is_cut_under_two_frames_the_next_round_sends_what_is_missing(
    enrolled: Node, link: DirectLink, world: World, lost: str
) -> None:
    write_many(enrolled, world, 2, 2, 2)
    link.limits = Limits(changes=2)
    done: list[Head] = []

    def cut(call: str, what: Any) -> Any:
        """The first frame is lost, or its answer when headquarters has done the work; the second comes through."""
        if call == "push" and isinstance(what, Push) and what.after.seq:
            until(lambda: done)
        if call != "push" or (isinstance(what, Push) != (lost == "question")):
            return what
        first = (what.after if isinstance(what, Push) else what.head).seq == (0 if lost == "question" else 2)
        if first and not done:
            done.append(Head())
            raise LinkDown(())
        return what

    link.before = link.after = cut  # type: ignore[method-assign]
    with ThreadPoolExecutor(push.ON_THE_WAY_MAX) as helper:
        with pytest.raises(LinkDown):
            sync_round(enrolled, link, helper)
        assert sync_round(enrolled, link, helper).pushed == (6 if lost == "question" else 2)
    with enrolled.database.read() as connection:
        assert checkpoints.acked(connection, "bund.1") == 6


def test_what_comes_before_a_damaged_line_is_acknowledged_before_the_damage_is_told(
    enrolled: Node, link: DirectLink, world: World
) -> None:
    write_many(enrolled, world, 2, 2, 2)
    link.limits = Limits(changes=2)
    with enrolled.database.write() as connection:
        bulk.run_only(connection, "DELETE FROM log WHERE seq = 5")

    with ThreadPoolExecutor(push.ON_THE_WAY_MAX) as helper, pytest.raises(LogDamaged):
        push.push(enrolled, link, Head(), link.limits, helper)

    with enrolled.database.read() as connection:
        assert checkpoints.acked(connection, "bund.1") == 4
