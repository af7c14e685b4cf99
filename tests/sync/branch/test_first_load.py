"""A new node takes a snapshot over: everything, once, resumed wherever it was cut, and the feed goes on behind it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import text

from stores.acts import timers
from stores.changes import digest, loading, unarmed
from stores.changes import snapshot as snapshots
from stores.changes.commit import Deed, Edit, commit
from stores.changes.snapshot import About
from stores.node import Node
from stores.storage import checkpoints, state
from stores.storage.credentials import Credential
from sync import arrival, keys
from sync.branch import first_load, pull
from sync.branch.disputes import LogDisputed
from sync.branch.round import sync_round
from sync.hub import shipping
from sync.protocol import Limits, NotYours, Snapshot
from sync.wire.link import LinkDown
from sync.wire.squeezing import unsqueezed
from tests.sync.nodes import STORES, DirectLink, World, read, waiter_of, write

GUESTS = 40


def _image(*statements: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as made:
        for statement in statements:
            made.execute(statement)
        made.commit()
        return made.serialize()


TOLD = """INSERT INTO about VALUES ('{"store":"bund","at":1,"epoch":"","applied":0,"hlc":0,"plugins":{}}')"""
SPYING = _image(
    "CREATE TABLE about (told)", TOLD, "CREATE TABLE types (key, name)", "CREATE VIEW more AS SELECT * FROM types"
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, hub: Node) -> None:
    """Let few rows be many, and pieces be tiny."""
    monkeypatch.setattr(pull, "SNAPSHOT_ROWS", 3)
    monkeypatch.setattr(snapshots, "FIRST_ROWS", 2)
    monkeypatch.setattr(snapshots, "PIECE_ROWS", 8)


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


def beside(node: Node) -> list[str]:
    """Return what a load has left: tables, and the note of how far it has come."""
    with node.database.read() as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE name LIKE 'loading.%'")).scalars()
        return [*tables, *(["under way"] if loading.is_under_way(connection) else [])]


def departments(world: World, hub: Node) -> None:
    """Give each store more departments than a piece has room for; no store holds another's."""
    record = hub.catalog.records["core.department"]
    for store in STORES:
        edits = [Edit(record, world.id(), store, "create", {"name": f"部 {n}", "active": 1}) for n in range(10)]
        with hub.database.write() as connection:
            commit(connection, hub, Deed(hub.new_id(), "core.department.add", waiter_of("hq"), hub.now()), edits)


def stores_in(data: bytes) -> set[str]:
    with closing(sqlite3.connect(":memory:")) as image:
        image.deserialize(unsqueezed(data))
        return {store for (store,) in image.execute("SELECT DISTINCT _store FROM core_department")}


def test_a_new_node_takes_everything_over_and_goes_on_by_the_feed(
    small: None, world: World, hub: Node, full: list[str], fresh: Node
) -> None:
    link = link_of(hub)

    done = sync_round(fresh, link)

    assert link.calls.count("snapshot") > 2
    assert link.calls.count("pull") == 2, "one page that told how much there is, and one behind the snapshot"
    assert done.pulled >= 27
    assert same(hub, fresh)
    assert beside(fresh) == []
    write(hub, full[0], store="bund", name="改")
    sync_round(fresh, link)
    assert read(fresh, full[0])["name"] == "改"
    write(fresh, full[0], tea="普洱")
    sync_round(fresh, link)
    assert same(hub, fresh)


def test_it_is_resumed_where_it_was_cut_also_by_another_process(
    small: None, world: World, hub: Node, full: list[str], fresh: Node
) -> None:
    pieces: list[Any] = []

    def cut(call: str, question: Any) -> Any:
        if call == "snapshot":
            pieces.append(question.after)
            if len(pieces) > 3:
                raise LinkDown.of("link-cut", "the connection was cut", "连接中断")
        return question

    with pytest.raises(LinkDown):
        sync_round(fresh, link_of(hub, before=cut))
    assert not any(read(fresh, guest) for guest in full), "nothing of it is seen until all of it is"
    other = world.node("bund", str(fresh.database.url))

    whole = link_of(hub)
    whole.before = lambda call, question: pieces.append(question.after) or question if call == "snapshot" else question
    sync_round(other, whole)

    (first, *asked), (cut_at, *rest) = pieces[:3], pieces[3:]
    assert first is None
    assert rest[0] == cut_at not in asked
    assert not {None, *asked} & set(rest), "what had arrived before is not fetched again"
    assert same(hub, other)
    other.database.close()


def test_what_moves_on_while_pieces_come_is_brought_by_the_feed(
    small: None, world: World, hub: Node, full: list[str], fresh: Node
) -> None:
    moves = iter([full[0], full[1]])
    new = world.id()

    def edit(call: str, question: Any) -> Any:
        if call == "snapshot" and question.after:
            if guest := next(moves, None):
                write(hub, guest, name="改", store=read(hub, guest)["_store"])
            elif not read(hub, new):
                write(hub, new, "create", store="bund", name="新")
        return question

    sync_round(fresh, link_of(hub, before=edit))

    assert next(moves, None) is None
    assert read(fresh, full[0])["name"] == "改"
    assert read(fresh, new)
    assert same(hub, fresh)


def test_the_next_piece_is_on_its_way_while_this_one_is_written(
    small: None, hub: Node, full: list[str], fresh: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[Any, Event] = defaultdict(Event)
    add, met = loading.add, list[bool]()

    def waits(node: Node, piece: loading.Piece, known: loading.Under | None) -> loading.Under | None:
        met.append(asked[piece.after].wait(5 if len(met) < 2 else 0))
        return add(node, piece, known)

    def note(call: str, question: Any) -> Any:
        if call == "snapshot":
            asked[question.after].set()
        return question

    monkeypatch.setattr(loading, "add", waits)
    sync_round(fresh, link_of(hub, before=note))

    assert met[:2] == [True, True]
    assert same(hub, fresh)


def test_a_piece_that_arrives_altered_is_fetched_again_and_no_other(
    small: None, hub: Node, full: list[str], fresh: Node
) -> None:
    spoilt: list[Any] = []

    def spoil(call: str, answer: Any) -> Any:
        if call == "snapshot" and len(link.calls) > 4 and not spoilt:
            spoilt.append(answer.after)  # what is not what was sent says nothing of where the next one begins
            elsewhere = (*answer.after[:2], "ffffffff")
            return replace(answer, data=answer.data[:-1] + bytes([answer.data[-1] ^ 1]), after=elsewhere)
        return answer

    link = link_of(hub, after=spoil)
    asked: list[Any] = []
    link.before = lambda call, question: asked.append(question.after) or question if call == "snapshot" else question
    sync_round(fresh, link)

    assert spoilt
    assert [asked.count(after) for after in dict.fromkeys(asked)].count(2) == 1
    assert len(asked) == len(set(asked)) + 1
    assert same(hub, fresh)


@pytest.mark.parametrize("rubbish", [b"SQLite format 3\0 but no more" * 10, b"", _image("CREATE TABLE t (a)"), SPYING])
def test_what_is_no_snapshot_is_refused_and_the_feed_is_used(
    small: None, monkeypatch: pytest.MonkeyPatch, hub: Node, full: list[str], fresh: Node, rubbish: bytes
) -> None:
    monkeypatch.setattr(snapshots, "piece", lambda *_: (rubbish, None))

    sync_round(fresh, link_of(hub))

    assert same(hub, fresh)
    assert beside(fresh) == []


def test_a_headquarters_that_never_comes_to_an_end_fills_no_disk(
    small: None, hub: Node, full: list[str], fresh: Node
) -> None:
    first: list[Any] = []

    def repeat(call: str, answer: Any) -> Any:
        if call == "snapshot":
            first.append(answer)
            return first[0]
        return answer

    sync_round(fresh, link_of(hub, after=repeat))

    assert len(first) < 4
    assert same(hub, fresh)
    assert beside(fresh) == []


def test_a_snapshot_that_becomes_another_is_begun_anew(
    small: None, monkeypatch: pytest.MonkeyPatch, hub: Node, full: list[str], fresh: Node
) -> None:
    asked: list[Any] = []
    about = snapshots.about

    def upgraded(*args: Any) -> About:
        told = about(*args)
        return told if len(asked) < 3 else replace(told, plugins=told.plugins | {"tea_house": ("9.9.9", "another")})

    monkeypatch.setattr(snapshots, "about", upgraded)
    link = link_of(hub)
    link.before = lambda call, question: asked.append(question.after) or question if call == "snapshot" else question
    sync_round(fresh, link)

    assert asked.count(None) == 2, "the rows of two versions are not mixed"
    assert same(hub, fresh)
    assert beside(fresh) == []


def test_headquarters_that_no_longer_knows_the_place_is_asked_for_another_snapshot(
    small: None, hub: Node, full: list[str], fresh: Node
) -> None:
    asked: list[Any] = []

    def forget(call: str, answer: Any) -> Any:
        if call == "snapshot":
            asked.append(answer.after)
            return replace(answer, restart=True) if len(asked) == 3 else answer
        return answer

    sync_round(fresh, link_of(hub, after=forget))

    assert asked[0] == asked[3], "from the beginning"
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


def test_no_store_gets_the_snapshot_of_another(world: World, hub: Node) -> None:
    departments(world, hub)
    with hub.database.read() as connection:
        epoch = keys.hub(connection).epoch
    mine = shipping.snapshot(hub, Credential("bund", "bund"), Snapshot("bund.1", epoch))
    at = loading.opened(unsqueezed(mine.data), mine.seal, mine.after).about.at

    theirs = shipping.snapshot(hub, Credential("jingan", "jingan"), Snapshot("jingan.1", epoch, at, mine.seal))

    assert stores_in(mine.data) == {"bund", "hq"}
    assert stores_in(theirs.data) == {"jingan", "hq"}
    with pytest.raises(NotYours):
        shipping.snapshot(hub, Credential("jingan", "jingan"), Snapshot("bund.1", epoch, at, mine.seal))
    assert shipping.snapshot(hub, Credential("bund", "bund"), Snapshot("bund.1", "another epoch")).restart
    assert shipping.snapshot(hub, Credential("bund", "bund"), Snapshot("bund.1", epoch, at + 1_000)).restart


def test_a_node_that_is_given_to_another_store_meanwhile_begins_anew(
    small: None, world: World, hub: Node, fresh: Node
) -> None:
    """Else it would hold some of what both stores hold."""
    departments(world, hub)
    asked: list[Any] = []
    link = link_of(hub)

    def move(call: str, question: Any) -> Any:
        if call == "snapshot":
            asked.append(question.after)
            if len(asked) == 2:
                link.caller = Credential("bund", "jingan")
        return question

    link.before = move
    sync_round(fresh, link)

    assert asked.count(None) == 2
    with fresh.database.read() as connection:
        held = connection.execute(text("SELECT DISTINCT _store FROM core_department")).scalars().all()
    assert sorted(held) == ["hq", "jingan"]


def test_a_load_of_a_past_that_headquarters_has_forgotten_is_begun_anew(
    small: None, hub: Node, full: list[str], fresh: Node
) -> None:
    asked: list[Any] = []

    def cut(call: str, question: Any) -> Any:
        if call == "snapshot":
            asked.append(question)
            if len(asked) == 3:
                raise LinkDown.of("link-cut", "the connection was cut", "连接中断")
        return question

    with pytest.raises(LinkDown):
        sync_round(fresh, link_of(hub, before=cut))
    with hub.database.write() as connection:
        keys.begin_epoch(connection, bytes, 0)

    sync_round(fresh, link_of(hub, before=cut))

    _, gone_on, _, anew, *rest = asked
    assert (anew.at, anew.after, anew.epoch) == (0, None, rest[0].epoch)
    assert anew.epoch != gone_on.epoch
    assert same(hub, fresh)


def test_a_load_that_is_not_gone_on_with_leaves_nothing_behind(
    small: None, monkeypatch: pytest.MonkeyPatch, hub: Node, full: list[str], fresh: Node
) -> None:
    def cut(call: str, question: Any) -> Any:
        if call == "snapshot" and question.after:
            raise LinkDown.of("link-cut", "the connection was cut", "连接中断")
        return question

    with pytest.raises(LinkDown):
        sync_round(fresh, link_of(hub, before=cut))
    assert beside(fresh) != []
    monkeypatch.setattr(pull, "SNAPSHOT_ROWS", 1_000)

    sync_round(fresh, link_of(hub))

    assert same(hub, fresh)
    assert beside(fresh) == []


def test_timers_that_a_power_cut_left_unarmed_are_armed_at_start(
    small: None, monkeypatch: pytest.MonkeyPatch, hub: Node, full: list[str], fresh: Node
) -> None:
    sync_round(fresh, link_of(hub))
    armed: list[tuple[str, str]] = []
    monkeypatch.setattr(unarmed.take, "__defaults__", (7,))
    monkeypatch.setattr(arrival, "arm", lambda _connection, _node, touched: armed.extend(touched))
    with fresh.database.write() as connection:
        state.put(connection, unarmed.UNARMED, '[["tea_house.gone",""],["tea_house.guest",""]]')

    first_load.finish(fresh)

    assert armed == [("tea_house.guest", id_) for id_ in sorted(full) if read(fresh, id_)]
    with fresh.database.read() as connection:
        assert not unarmed.are_left(connection)


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
