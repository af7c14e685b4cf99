"""A new node takes a snapshot over: everything, once, resumed wherever it was cut, and the feed goes on behind it."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import text

from stores.acts import timers
from stores.changes import digest
from stores.changes import snapshot as snapshots
from stores.changes.snapshot import About
from stores.node import Node
from stores.storage import checkpoints, state
from stores.storage.credentials import Credential
from sync import arrival, keys
from sync.branch import first_load, pull
from sync.branch.push import LogDisputed
from sync.branch.round import sync_round
from sync.hub import shipping
from sync.protocol import Limits, NotYours, Snapshot, SnapshotAnswer
from sync.wire.link import LinkDown
from tests.sync.nodes import DirectLink, World, read, write

GUESTS = 40


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hub: Node) -> None:
    """Let few rows be many, and pieces be tiny; what may vanish lies in a folder of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(pull, "SNAPSHOT_ROWS", 3)
    monkeypatch.setattr(shipping, "PIECE_BYTES", 8_000)


@pytest.fixture
def full(world: World, hub: Node) -> list[str]:
    """A headquarters that holds guests of the Bund, of its own, and of another store."""
    made = []
    for n in range(GUESTS):
        store = ("bund", "hq", "jingan")[n % 3]
        made.append(world.id())
        write(hub, made[-1], "create", store=store, name=f"客 {n}", visits=n)
    return made


@pytest.fixture
def fresh(world: World, tmp_path: Path) -> Iterator[Node]:
    """A PC on which nothing has ever been."""
    node = world.node("bund", f"sqlite:///{tmp_path / 'bund.db'}")
    with node.database.write() as connection:
        connection.execute(text("DELETE FROM core_staff"))
    yield node
    node.database.close()


def link_of(hub: Node, **more: Any) -> DirectLink:
    return DirectLink(hub, Credential("bund", "bund"), limits=Limits(rows=5), **more)


def same(hub: Node, node: Node) -> bool:
    with hub.database.read() as there, node.database.read() as here:
        return digest.digests(here, node, "bund") == digest.digests(there, hub, "bund") != []


def test_a_new_node_takes_everything_over_and_goes_on_by_the_feed(
    small: None, world: World, hub: Node, full: list[str], fresh: Node
) -> None:
    link = link_of(hub)

    done = sync_round(fresh, link)

    assert link.calls.count("snapshot") > 2
    assert link.calls.count("pull") == 2, "one page that told how much there is, and one behind the snapshot"
    assert done.pulled >= 27
    assert same(hub, fresh)
    assert [file.name for file in Path(str(fresh.database.folder)).glob("bund.snapshot*")] == []
    write(hub, full[0], store="bund", name="改")
    sync_round(fresh, link)
    assert read(fresh, full[0])["name"] == "改"
    write(fresh, full[0], tea="普洱")
    sync_round(fresh, link)
    assert same(hub, fresh)


def test_it_is_resumed_where_it_was_cut_also_by_another_process(
    small: None, world: World, hub: Node, full: list[str], fresh: Node
) -> None:
    whole = link_of(hub)
    pieces: list[int] = []

    def cut(call: str, question: Any) -> Any:
        if call == "snapshot":
            pieces.append(question.offset)
            if len(pieces) > 3:
                raise LinkDown.of("link-cut", "the connection was cut", "连接中断")
        return question

    with pytest.raises(LinkDown):
        sync_round(fresh, link_of(hub, before=cut))
    assert not read(fresh, full[0])
    other = world.node("bund", str(fresh.database.url))

    whole.before = lambda call, question: pieces.append(question.offset) or question if call == "snapshot" else question
    sync_round(other, whole)

    asked, (cut_at, *rest) = pieces[:3], pieces[3:]
    assert asked == [0, 8_000, 16_000]
    assert rest[0] == cut_at == 24_000
    assert 0 not in rest, "what had arrived before is not fetched again"
    assert same(hub, other)
    other.database.close()


def test_the_next_piece_is_on_its_way_while_this_one_is_written(
    small: None, hub: Node, full: list[str], fresh: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[int, Event] = defaultdict(Event)
    add, met = first_load._Part.add, list[bool]()

    def waits(part: first_load._Part, answer: SnapshotAnswer) -> None:
        met.append(asked[answer.offset + len(answer.data)].wait(5 if answer.offset < 16_000 else 0))
        add(part, answer)

    def note(call: str, question: Any) -> Any:
        if call == "snapshot":
            asked[question.offset].set()
        return question

    monkeypatch.setattr(first_load._Part, "add", waits)
    sync_round(fresh, link_of(hub, before=note))

    assert met[:2] == [True, True]
    assert same(hub, fresh)


def test_a_file_that_arrives_altered_is_fetched_anew(small: None, hub: Node, full: list[str], fresh: Node) -> None:
    spoilt: list[int] = []

    def spoil(call: str, answer: Any) -> Any:
        if call == "snapshot" and answer.offset == 8_000 and not spoilt:
            spoilt.append(1)
            return replace(answer, data=bytes(len(answer.data)))
        return answer

    sync_round(fresh, link_of(hub, after=spoil))

    assert spoilt
    assert same(hub, fresh)


def test_what_is_no_snapshot_is_refused_and_the_feed_is_used(
    small: None, monkeypatch: pytest.MonkeyPatch, hub: Node, full: list[str], fresh: Node
) -> None:
    def rubbish(_node: Node, _store: str, _origin: str, _epoch: str, file: Path) -> About:
        file.write_bytes(b"SQLite format 3\0 but no more" * 10)
        return About(1, "", 0, 0, {})

    monkeypatch.setattr(snapshots, "make", rubbish)

    sync_round(fresh, link_of(hub))

    assert same(hub, fresh)


def test_a_node_that_has_something_goes_on_by_the_feed(small: None, hub: Node, full: list[str], fresh: Node) -> None:
    link = link_of(hub)
    sync_round(fresh, link)
    with fresh.database.write() as connection:
        checkpoints.restart_pull(connection, 0, checkpoints.epoch(connection))
    link.calls.clear()

    sync_round(fresh, link)

    assert "snapshot" not in link.calls
    assert same(hub, fresh)


def test_no_store_gets_the_snapshot_of_another(small: None, hub: Node, full: list[str], fresh: Node) -> None:
    with hub.database.read() as connection:
        epoch = keys.hub(connection).epoch
    mine = shipping.snapshot(hub, Credential("bund", "bund"), Snapshot("bund.1", epoch))

    theirs = shipping.snapshot(hub, Credential("jingan", "jingan"), Snapshot("jingan.1", epoch, mine.name, 8_000))

    assert (theirs.name != mine.name, theirs.offset) == (True, 0)
    with pytest.raises(NotYours):
        shipping.snapshot(hub, Credential("jingan", "jingan"), Snapshot("bund.1", epoch, mine.name))
    moved = Snapshot("bund.1", epoch, mine.name, 8_000)  # the same node, which stands in another store now
    assert shipping.snapshot(hub, Credential("bund", "jingan"), moved).name != mine.name
    assert shipping.snapshot(hub, Credential("bund", "bund"), Snapshot("bund.1", "another epoch")).restart


def test_headquarters_keeps_a_snapshot_until_it_has_been_taken_over(
    small: None, world: World, hub: Node, full: list[str], fresh: Node
) -> None:
    folder = shipping.folder_of(hub)
    with hub.database.read() as connection:
        asked = Snapshot("bund.1", keys.hub(connection).epoch)
    first = shipping.snapshot(hub, Credential("bund", "bund"), asked)
    again = shipping.snapshot(hub, Credential("bund", "bund"), asked)
    assert {file.stem for file in folder.iterdir()} == {again.name}, "one for each node"
    assert shipping.snapshot(hub, Credential("bund", "bund"), replace(asked, name=first.name)).name != first.name

    sync_round(fresh, link_of(hub))

    assert list(folder.iterdir()) == []


def test_timers_that_a_power_cut_left_unarmed_are_armed_at_start(
    small: None, monkeypatch: pytest.MonkeyPatch, hub: Node, full: list[str], fresh: Node
) -> None:
    sync_round(fresh, link_of(hub))
    armed: list[tuple[str, str]] = []
    monkeypatch.setattr(snapshots.next_unarmed, "__defaults__", (7,))
    monkeypatch.setattr(arrival, "arm", lambda _connection, _node, touched: armed.extend(touched))
    with fresh.database.write() as connection:
        state.put(connection, snapshots.UNARMED, '[["tea_house.gone",""],["tea_house.guest",""]]')

    first_load.finish(fresh)

    assert armed == [("tea_house.guest", id_) for id_ in sorted(full) if read(fresh, id_)]
    with fresh.database.read() as connection:
        assert not snapshots.has_unarmed(connection)


def test_timers_of_what_comes_down_at_first_have_fired_at_the_predecessor(
    monkeypatch: pytest.MonkeyPatch, world: World, hub: Node, fresh: Node
) -> None:
    """Notices would go out twice, and points be posted twice, when a new PC took the place of a dead one."""
    dead = world.node("bund")
    guest = world.id()
    write(dead, guest, "create", name="李")
    lived_until = world.time
    sync_round(dead, link_of(hub))
    world.wait(86_400)
    seen: list[tuple[Any, Any]] = []
    rearm = timers.rearm
    monkeypatch.setattr(
        timers, "rearm", lambda c, n, records, **more: (seen.append((records, more)), rearm(c, n, records, **more))[1]
    )

    with suppress(LogDisputed):
        sync_round(fresh, link_of(hub))
    sync_round(fresh, link_of(hub))
    write(hub, guest, name="改", store="bund")
    sync_round(fresh, link_of(hub))

    at_hub = [more for records, more in seen if records and more]
    assert {more["fired_until"] for more in at_hub} == {lived_until, None}
    first, *_, last = [more["fired_until"] for records, more in seen if ("tea_house.guest", guest) in records]
    assert (first, last) == (lived_until, None)
    dead.database.close()
