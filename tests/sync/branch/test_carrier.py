"""Contents travel behind the records that name them: both ways, piece by piece, over any line, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from core.host.host import Host
from core.model.contents import PIECE_BYTES, reference
from core.model.errors import NodeError
from stores import contents
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import checkpoints
from stores.storage.credentials import Credential
from sync import keys
from sync.branch.carrier import LATER_S, carry
from sync.branch.round import sync_round
from sync.branch.worker import Worker
from sync.hub.contents import deliver, fetch, offer
from sync.protocol import PIECES_MAX, Deliver, Fetch, Offer, Offered
from sync.wire.link import AskedToWait, LinkDown
from tests.sync.nodes import DirectLink, World, waiter_of

BICYCLE = "bicycle_rental.bicycle"
PHOTO = b"\xff\xd8\xff" + Random(4).randbytes(5 * PIECE_BYTES)
ONE, TWO = "0190a0a0-0000-7000-8000-000000000001", "0190a0a0-0000-7000-8000-000000000002"


@pytest.fixture(scope="module")
def bicycles() -> Host:
    return Host([Path(__file__).parents[2] / "journeys"], entry_points=False, environment={})


@pytest.fixture
def hub(world: World, bicycles: Host, database_url: str) -> Iterator[Node]:
    node = world.hub(database_url, plugins=bicycles)
    yield node
    node.database.close()


@pytest.fixture
def bund(world: World, bicycles: Host) -> Iterator[Node]:
    node = world.node("bund", plugins=bicycles)
    yield node
    node.database.close()


def upload(node: Node, data: bytes = PHOTO) -> str:
    return contents.keep(node.database, data, node.now()).hash


def park(node: Node, pk: str, kind: str = "create", **cells: str) -> None:
    """Write a bicycle of the shop on the Bund."""
    record = node.catalog.records[BICYCLE]
    with node.database.write() as connection:
        edit = Edit(record, pk, "bund", kind, cells)  # type: ignore[arg-type]
        commit(connection, node, Deed(node.new_id(), f"{BICYCLE}.add", waiter_of(node.store), node.now()), [edit])


def carried(node: Node, link: Any, steps: int = 50) -> None:
    """Let the carrier work until it has nothing to do at once."""
    for _ in range(steps):
        if not carry(node, link):
            return
    raise AssertionError("the carrier does not come to an end")


def held(node: Node, digest: str) -> bytes | None:
    """Return a content that is whole on a node."""
    with node.database.read() as connection:
        found = contents.find(connection, digest)
        return b"".join(contents.read(connection, digest)) if found and found.whole else None


def test_a_photo_of_a_branch_follows_its_record_up_once(hub: Node, bund: Node, link: DirectLink) -> None:
    digest = upload(bund)
    park(bund, ONE, frame="F-1", photo=reference(digest, "单车.jpg"))
    carried(bund, link)
    assert "offer" not in link.calls, "the record comes first"

    sync_round(bund, link)
    carried(bund, link)

    assert held(hub, digest) == PHOTO
    with bund.database.read() as connection:
        assert contents.count_waiting(connection) == (0, 0)
    calls = len(link.calls)
    carried(bund, link)
    assert len(link.calls) == calls, "there is nothing left to ask for"


def test_a_photo_of_headquarters_comes_down_with_the_record_and_needs_no_one_to_look_at_it(
    hub: Node, bund: Node, link: DirectLink
) -> None:
    digest = upload(hub)
    park(hub, ONE, frame="F-1", damage=f'["{reference(digest, "a.jpg")}"]')

    sync_round(bund, link)
    assert held(bund, digest) is None
    carried(bund, link)

    assert held(bund, digest) == PHOTO


def test_what_the_record_named_before_it_was_sent_goes_up_too(hub: Node, bund: Node, link: DirectLink) -> None:
    first, second = upload(bund), upload(bund, b"better")
    park(bund, ONE, frame="F-1", photo=reference(first, "a.jpg"))
    park(bund, ONE, "update", photo=reference(second, "b.jpg"))

    sync_round(bund, link)
    carried(bund, link)

    assert (held(hub, first), held(hub, second)) == (PHOTO, b"better")


@pytest.mark.parametrize("seed", range(3))
def test_over_a_line_that_is_cut_all_the_time_everything_arrives_and_little_is_sent_twice(
    hub: Node, bund: Node, link: DirectLink, seed: int
) -> None:
    dice, sent = Random(seed), 0
    up, down = upload(bund), upload(hub, PHOTO[::-1])
    park(bund, ONE, frame="F-1", photo=reference(up, "a.jpg"))
    park(hub, TWO, frame="F-2", photo=reference(down, "b.jpg"))
    sync_round(bund, link)

    def cut(call: str, message: Any) -> Any:
        nonlocal sent
        if dice.random() < 0.4:
            raise LinkDown.of("link-cut", "the connection was cut", "连接中断")
        sent += len(message.pieces) if isinstance(message, Deliver) else 0
        return message

    link.before = link.after = cut
    for _ in range(200):
        try:
            if not carry(bund, link):
                break
        except LinkDown:
            continue

    assert held(hub, up) == PHOTO
    assert held(bund, down) == PHOTO[::-1]
    assert sent <= 2 * 6, "at most what an answer was lost for"


def test_a_line_that_cuts_every_large_message_carries_it_in_small_ones(
    world: World, hub: Node, bund: Node, link: DirectLink
) -> None:
    up, down = upload(bund), upload(hub, PHOTO[::-1])
    park(bund, ONE, frame="F-1", photo=reference(up, "a.jpg"))
    park(hub, TWO, frame="F-2", photo=reference(down, "b.jpg"))
    worker = Worker(bund, lambda: link, dice=bytes)

    def narrow(_: str, message: Any) -> Any:
        pieces = message.pieces if isinstance(message, Deliver) else getattr(message, "data", ())
        if len(pieces) > 1:
            raise LinkDown.of("link-cut", "the connection was cut", "连接中断")
        return message

    link.before = link.after = narrow
    worker.work()
    for _ in range(10):
        worker.carry()
        world.wait(LATER_S + 1)

    assert held(hub, up) == PHOTO
    assert held(bund, down) == PHOTO[::-1]


def test_a_headquarters_that_is_busy_makes_no_message_smaller(world: World, bund: Node, link: DirectLink) -> None:
    up = upload(bund)
    park(bund, ONE, frame="F-1", photo=reference(up, "a.jpg"))
    worker, sent, busy = Worker(bund, lambda: link, dice=bytes), list[int](), list(range(5))

    def crowded(_: str, message: Any) -> Any:
        if isinstance(message, Deliver):
            if busy:
                busy.pop()
                raise AskedToWait.of("hub-busy", "headquarters is busy", "总部繁忙")
            sent.append(len(message.pieces))
        return message

    link.before = crowded
    worker.work()
    for _ in range(12):
        worker.carry()

    assert not busy
    assert max(sent) == PIECES_MAX


def test_what_a_line_does_not_carry_at_all_rests_and_is_not_sent_again_and_again(
    world: World, bund: Node, link: DirectLink
) -> None:
    park(bund, ONE, frame="F-1", photo=reference(upload(bund), "a.jpg"))
    sync_round(bund, link)

    def shut(call: str, message: Any) -> Any:
        if call == "deliver":
            raise LinkDown.of("link-cut", "the connection was cut", "连接中断")
        return message

    link.before = shut
    with pytest.raises(LinkDown):
        carry(bund, link, 1)

    carried(bund, link)
    assert link.calls.count("deliver") == 1
    world.wait(LATER_S + 1)
    with pytest.raises(LinkDown):
        carry(bund, link, 1)


def test_one_that_headquarters_does_not_have_yet_is_asked_for_later_and_later(
    world: World, hub: Node, bund: Node, link: DirectLink
) -> None:
    digest = upload(bund)  # the bytes are in another shop, only the name has come to headquarters
    park(hub, ONE, frame="F-1", photo=reference("ab" * 32, "a.jpg"))
    sync_round(bund, link)
    carried(bund, link)
    asked = link.calls.count("fetch")
    carried(bund, link)
    assert link.calls.count("fetch") == asked == 1

    world.wait(LATER_S + 1)
    carried(bund, link)
    assert link.calls.count("fetch") == 2
    world.wait(LATER_S + 1)
    carried(bund, link)
    assert link.calls.count("fetch") == 2
    assert held(bund, digest) == PHOTO


def test_a_headquarters_of_another_epoch_is_offered_everything_again(hub: Node, bund: Node, link: DirectLink) -> None:
    digest = upload(bund)
    park(bund, ONE, frame="F-1", photo=reference(digest, "a.jpg"))
    sync_round(bund, link)
    carried(bund, link)
    with hub.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM piece")
        connection.exec_driver_sql("DELETE FROM content")
        keys.begin_epoch(connection, lambda n: b"\x07" * n, 0)

    sync_round(bund, link)
    carried(bund, link)

    assert held(hub, digest) == PHOTO


def test_an_altered_piece_is_refused_and_a_false_answer_is_not_kept(hub: Node, bund: Node, link: DirectLink) -> None:
    digest = upload(hub)
    park(hub, ONE, frame="F-1", photo=reference(digest, "a.jpg"))
    sync_round(bund, link)

    link.after = lambda call, answer: (
        answer if call != "fetch" else type(answer)(answer.size, answer.hashes, (b"?", *answer.data[1:]))
    )
    with pytest.raises(NodeError, match="altered"):
        carry(bund, link)
    link.after = lambda call, answer: (
        answer if call != "fetch" else type(answer)(answer.size, answer.hashes[::-1], answer.data)
    )
    with pytest.raises(NodeError, match="do not make up"):
        carry(bund, link)
    link.after = lambda _call, answer: answer
    carried(bund, link)
    assert held(bund, digest) == PHOTO


def test_a_store_gets_only_what_its_own_records_name_and_brings_only_what_they_may(
    hub: Node, bund: Node, link: DirectLink
) -> None:
    digest = upload(bund)
    park(bund, ONE, frame="F-1", photo=reference(digest, "a.jpg"))
    sync_round(bund, link)
    carried(bund, link)
    stranger, owner = Credential("jingan", "jingan"), Credential("bund", "bund")

    assert fetch(hub, owner, Fetch(digest, BICYCLE, ONE, 0, 4)).hashes
    assert not fetch(hub, stranger, Fetch(digest, BICYCLE, ONE, 0, 4)).hashes
    assert not fetch(hub, owner, Fetch(digest, BICYCLE, TWO, 0, 4)).hashes
    assert not fetch(hub, owner, Fetch(digest, "bicycle_rental.rental", ONE, 0, 4)).hashes
    assert not fetch(hub, owner, Fetch(digest, "no.such", ONE, 0, 4)).hashes
    mine = Offered("cd" * 32, 3, ("ef" * 32,), BICYCLE, ONE)
    assert offer(hub, stranger, Offer((mine,))).later == ("cd" * 32,)
    with pytest.raises(NodeError, match="do not make up"):
        offer(hub, owner, Offer((mine,)))
    with pytest.raises(NodeError, match="not offered"):
        deliver(hub, owner, Deliver("cd" * 32, ((0, b"abc"),)))


def test_looking_for_names_goes_on_where_it_stopped(
    hub: Node, bund: Node, link: DirectLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.changes.naming.LINES_MAX", 2)
    digests = [upload(bund, bytes([n]) * 9) for n in range(7)]
    for n, digest in enumerate(digests):
        park(bund, ONE[:-1] + str(n), frame=f"F-{n}", photo=reference(digest, "a.jpg"))
    down = upload(hub)
    for n in range(5):
        park(hub, TWO[:-2] + f"9{n}", frame=f"H-{n}", photo=reference(down, "a.jpg"))
    sync_round(bund, link)

    carried(bund, link)

    assert [held(hub, each) is not None for each in digests] == [True] * 7
    assert held(bund, down) == PHOTO
    with bund.database.read() as connection:
        assert checkpoints.named(connection, checkpoints.HUB)[0] == checkpoints.pulled(connection)
