"""Frames hold whole transactions; receipts are checked and kept; what can never be sent is said aloud."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from core.model.errors import NodeError
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import bulk, checkpoints, signatures
from sync import keys, receipts
from sync.branch import push
from sync.branch.push import LogDamaged, LogDisputed, next_frame
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


def frames(node: Node, limits: Limits) -> list[int]:
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

    assert frames(bund, Limits(changes=4)) == [4, 4]
    assert frames(bund, Limits(changes=3)) == [2, 2, 3, 1]
    assert frames(bund, Limits(changes=100)) == [8]


def test_a_transaction_larger_than_a_frame_goes_whole(bund: Node, world: World) -> None:
    write_many(bund, world, 1, 9, 1)

    assert frames(bund, Limits(changes=4)) == [1, 9, 1]


def test_long_texts_fill_a_frame_before_many_changes_do(bund: Node, world: World) -> None:
    write_many(bund, world, 1, 1, 1, note="茶" * 1_000)

    assert frames(bund, Limits(bytes=7_000)) == [2, 1]
    assert frames(bund, Limits(bytes=1)) == [1, 1, 1]


def test_a_transaction_no_node_would_unpack_goes_in_pieces(
    bund: Node, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_many(bund, world, 7)
    monkeypatch.setattr(push, "HARD_CHANGES_MAX", 3)

    assert frames(bund, Limits()) == [3, 3, 1]


def test_a_change_that_can_never_be_sent_is_named(bund: Node, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write_many(bund, world, 1, note="茶" * 1_000)
    monkeypatch.setattr(push, "HARD_BYTES_MAX", 2_000)

    with pytest.raises(NodeError) as caught:
        frames(bund, Limits())

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


def test_a_helper_reads_the_next_frame_while_this_one_is_worked_on(
    enrolled: Node, link: DirectLink, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_many(enrolled, world, 3, 3, 3)
    monkeypatch.setattr(push, "AHEAD_FROM", 1)
    link.limits = Limits(changes=3)
    asked: list[Head] = []
    sent: list[Push] = []
    read = push._read
    monkeypatch.setattr(push, "_read", lambda *call: (asked.append(call[2]), read(*call))[1])

    def wait(call: str, question: Any) -> Any:
        """Headquarters takes its time: until the next frame has been asked for."""
        if call == "push":
            sent.append(question)
        while call == "push" and question.head not in asked:
            time.sleep(0.001)
        return question

    link.before = wait  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as helper:
        done = sync_round(enrolled, link, helper)

    assert done.pushed == 9
    assert len(set(asked)) == len(asked) == 4  # three frames and the end, nothing read twice
    assert [id(each) for each in link.prepared] == [id(each) for each in sent[1:]]  # what is sent is what was packed


def test_what_a_helper_read_in_vain_is_not_sent(
    enrolled: Node, link: DirectLink, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_many(enrolled, world, 2, 2)
    monkeypatch.setattr(push, "AHEAD_FROM", 1)
    link.limits = Limits(changes=2)

    def cut(call: str, answer: Any) -> Any:
        """The line breaks after headquarters has done the work."""
        if call == "push" and link.calls.count("push") == 1:
            raise LinkDown(())
        return answer

    link.after = cut  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as helper:
        with pytest.raises(LinkDown):
            sync_round(enrolled, link, helper)
        assert sync_round(enrolled, link, helper).pushed == 2
