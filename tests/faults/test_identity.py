"""Nodes and headquarters that are not what they were: set back, copied, come twice, enrolled anew."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import select

from stores.changes import apply, log
from stores.changes.digest import digests
from stores.node import Node
from stores.storage import checkpoints, counters
from stores.storage.credentials import Credential
from sync import keys
from sync.branch import comparing
from sync.branch.disputes import LogDamaged
from sync.branch.round import hello_of, sync_round
from sync.hub import server
from sync.protocol import Pull, Standing
from sync.wire.link import LinkDown
from tests.sync.nodes import DirectLink, World, read, set_back, waiter_of, write


@dataclass
class Trio:
    """Headquarters and two branches in memory; ``settle`` lets both branches sync until nothing moves."""

    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.hub = self.world.hub()
        self.bund, self.jingan = self.world.node("bund"), self.world.node("jingan")

    def line(self, branch: Node, hub: Node | None = None) -> DirectLink:
        return DirectLink(hub or self.hub, Credential(branch.store, branch.store))

    def sync(self, branch: Node, hub: Node | None = None) -> None:
        sync_round(branch, self.line(branch, hub))

    def settle(self) -> None:
        for branch in (self.bund, self.jingan) * 2:
            self.sync(branch)

    def epoch(self) -> str:
        with self.hub.database.read() as connection:
            return keys.hub(connection).epoch

    def agree(self, branch: Node) -> None:
        """Hold the branch against headquarters; what only a headquarters that was put back had told goes first."""
        for _ in range(2):
            comparing.compare(branch, self.line(branch))
            self.settle()
        with self.hub.database.read() as one, branch.database.read() as other:
            assert digests(one, self.hub, branch.store) == digests(other, branch, branch.store)

    def notices(self) -> list[str]:
        table = self.hub.table(self.hub.catalog.records["core.notice"])
        with self.hub.database.read() as connection:
            return list(connection.execute(select(table.c.name)).scalars())


@pytest.fixture
def trio() -> Trio:
    return Trio()


def test_a_headquarters_that_is_set_back_without_being_told_is_found_out_by_who_has_seen_more(trio: Trio) -> None:
    guest, other = trio.world.id(), trio.world.id()
    write(trio.bund, guest, "create", name="李", visits=1)
    trio.settle()
    yesterday, before = trio.hub.database.image(), trio.epoch()
    write(trio.bund, guest, name="李四", visits=2)
    trio.settle()
    set_back(trio.hub, yesterday)  # a virtual machine set back; PostgreSQL that failed over behind its last commits
    for visits in range(10):  # it goes on and gives the same places out again, beyond what the Jing'an branch has seen
        write(trio.hub, other, "create" if not visits else "update", name=f"王{visits}")

    trio.sync(trio.jingan)

    assert trio.epoch() != before
    assert trio.notices() == ["core.hub_put_back"]
    trio.settle()
    assert read(trio.hub, guest)["visits"] == read(trio.jingan, guest)["visits"] == 2
    assert read(trio.jingan, other)["name"] == "王9"
    trio.agree(trio.bund)
    trio.agree(trio.jingan)


def test_a_headquarters_set_back_in_the_middle_of_a_round_is_found_out_in_the_same_round(trio: Trio) -> None:
    guest = trio.world.id()
    write(trio.hub, guest, "create", name="李")
    trio.settle()
    yesterday, before = trio.hub.database.image(), trio.epoch()
    write(trio.hub, guest, name="李四")
    trio.settle()

    calls: list[str] = []

    def happens(call: str, question: Any) -> Any:
        calls.append(call)
        if calls == ["hello", "pull"]:
            set_back(trio.hub, yesterday)
            for number in range(5):
                write(trio.hub, guest, name=f"王{number}")
        return question

    sync_round(trio.jingan, DirectLink(trio.hub, Credential("jingan", "jingan"), before=happens))

    assert trio.epoch() != before
    assert read(trio.jingan, guest)["name"] == "王4"


def test_a_seal_that_headquarters_never_gave_changes_nothing_for_anybody(trio: Trio) -> None:
    write(trio.hub, trio.world.id(), "create", name="李")
    trio.settle()
    before, caller = trio.epoch(), Credential("jingan", "jingan")
    honest = hello_of(trio.jingan)
    mark, _, signed = honest.seal.partition(".")

    for seal in ("", "x", f"{mark}.{'0' * 32}", f"other.{signed}", honest.seal.upper()):
        lie = replace(honest, seal=seal, checkpoint=honest.checkpoint + 1000)
        assert server.hello(trio.hub, caller, lie).checkpoint == 0
        server.pull(trio.hub, caller, Pull("jingan.1", honest.checkpoint, honest.epoch, seal=seal))

    assert trio.epoch() == before
    assert trio.notices() == []


def test_two_headquarters_alive_at_once_end_as_one_without_a_loss(trio: Trio) -> None:
    guest = trio.world.id()
    write(trio.bund, guest, "create", name="李", visits=1)
    trio.settle()
    second = trio.world.node("hq", upstream=None)
    set_back(second, trio.hub.database.image())  # the old PC was thought dead
    for visits in range(2, 6):
        write(trio.bund, guest, visits=visits)
        trio.sync(trio.bund, trio.hub if visits % 2 else second)  # the line ends now here, now there
        trio.sync(trio.jingan, second if visits % 2 else trio.hub)

    trio.settle()  # one of them is switched off

    assert (
        read(trio.hub, guest)["visits"] == read(trio.bund, guest)["visits"] == read(trio.jingan, guest)["visits"] == 5
    )
    trio.agree(trio.bund)
    trio.agree(trio.jingan)


def test_a_virtual_machine_set_back_while_the_program_runs_is_reborn_and_loses_nothing_it_has_sent(trio: Trio) -> None:
    guests = [trio.world.id() for _ in range(3)]
    write(trio.bund, guests[0], "create", name="李")
    trio.settle()
    before = trio.bund.database.image()
    write(trio.bund, guests[1], "create", name="王")
    trio.sync(trio.bund)

    set_back(trio.bund, before)  # clock, ids and everything in memory go on
    write(trio.bund, guests[2], "create", name="赵")
    trio.settle()

    assert [read(trio.hub, guest)["name"] for guest in guests] == ["李", "王", "赵"]
    assert [read(trio.bund, guest)["name"] for guest in guests] == ["李", "王", "赵"]
    with trio.hub.database.read() as connection:
        assert checkpoints.incarnations(connection, "bund") == [1, 2]
        assert [log.verify(connection, f"bund.{each}") for each in (1, 2)] == [None, None]


def test_a_disk_from_before_enrolment_joins_again_and_goes_on_under_its_next_name(trio: Trio) -> None:
    guests = [trio.world.id() for _ in range(2)]
    blank = trio.bund.database.image()  # before its first call
    write(trio.bund, guests[0], "create", name="李")
    trio.sync(trio.bund)

    set_back(trio.bund, blank)
    write(trio.bund, guests[1], "create", name="王")
    trio.settle()

    assert [read(trio.hub, guest)["name"] for guest in guests] == ["李", "王"]
    assert [read(trio.bund, guest)["name"] for guest in guests] == ["李", "王"]
    assert trio.bund.identity.origin == "bund.2"


def test_the_places_of_a_new_epoch_are_far_above_all_that_were_forgotten(trio: Trio) -> None:
    write(trio.hub, trio.world.id(), "create", name="李")
    trio.settle()
    yesterday = trio.hub.database.image()
    write(trio.hub, trio.world.id(), "create", name="王")
    trio.settle()
    set_back(trio.hub, yesterday)

    trio.sync(trio.jingan)

    with trio.hub.database.read() as connection:
        assert counters.hub_sequence(connection) > counters.LEAP


def restore(trio: Trio, image: bytes) -> None:
    """Put headquarters back as ``branchline restore`` does."""
    set_back(trio.hub, image)
    trio.world.wait(60)
    with trio.hub.database.write() as connection:
        keys.begin_epoch(connection, trio.world.dice.randbytes, int(trio.world.time.timestamp() * 1000))


def test_a_backup_that_is_put_back_twice_gives_no_place_out_twice(trio: Trio) -> None:
    guest = trio.world.id()
    write(trio.bund, guest, "create", name="李")
    trio.settle()
    yesterday = trio.hub.database.image()
    restore(trio, yesterday)
    restore(trio, trio.hub.database.image())  # places must not run ahead of the clock, or the next leap lands below
    write(trio.hub, guest, name="李四")
    trio.settle()
    restore(trio, yesterday)
    write(trio.hub, guest, name="李五")
    write(trio.jingan, guest, name="李六")  # has seen 李四, and nothing of 李五

    trio.settle()

    names = {read(node, guest)["name"] for node in (trio.hub, trio.bund, trio.jingan)}
    assert len(names) == 1
    table = trio.hub.tables["core.conflict"]
    with trio.hub.database.read() as connection:
        told = {each for row in connection.execute(select(table.c.mine, table.c.theirs)) for each in row}
    assert told >= {"李五", "李六"}


def test_a_headquarters_set_back_to_before_its_last_epoch_is_found_out(trio: Trio) -> None:
    guest, lost = trio.world.id(), trio.world.id()
    write(trio.bund, guest, "create", name="李")
    trio.settle()
    yesterday = trio.hub.database.image()
    restore(trio, yesterday)
    write(trio.hub, lost, "create", name="王")
    trio.settle()
    set_back(trio.hub, yesterday)  # and this time nobody tells it

    trio.settle()

    assert trio.notices().count("core.hub_put_back") == 1
    assert read(trio.hub, lost)["name"] == "王"
    trio.agree(trio.bund)
    trio.agree(trio.jingan)


def test_a_headquarters_that_has_forgotten_the_log_of_a_former_life_gets_it_again(trio: Trio) -> None:
    guests = [trio.world.id() for _ in range(4)]
    write(trio.bund, guests[0], "create", name="李")
    trio.settle()
    yesterday = trio.hub.database.image()
    write(trio.bund, guests[1], "create", name="王")
    trio.settle()
    backup = trio.bund.database.image()
    write(trio.bund, guests[2], "create", name="赵")
    trio.settle()
    set_back(trio.bund, backup)
    write(trio.bund, guests[3], "create", name="钱")
    trio.settle()
    assert trio.bund.identity.origin == "bund.2"

    restore(trio, yesterday)
    trio.settle()

    assert [read(trio.hub, guest).get("name") for guest in guests] == ["李", "王", "赵", "钱"]
    assert trio.notices().count("core.node_cloned") == 0
    with trio.hub.database.read() as connection:
        assert checkpoints.head(connection, "bund.1")[0] == 2
    trio.agree(trio.bund)
    trio.agree(trio.jingan)


def test_what_two_disks_have_lost_at_once_comes_back_from_the_rows_of_the_store_it_belongs_to(trio: Trio) -> None:
    guest = trio.world.id()
    write(trio.bund, trio.world.id(), "create", name="王")
    trio.settle()
    before, yesterday = trio.bund.database.image(), trio.hub.database.image()
    write(trio.bund, guest, "create", name="李", tea="龙井")
    trio.settle()
    set_back(trio.bund, before)
    trio.settle()  # the record is back as headquarters has it; the line is there alone

    restore(trio, yesterday)
    trio.settle()

    assert read(trio.hub, guest)["tea"] == read(trio.bund, guest)["tea"] == "龙井"
    trio.agree(trio.bund)


def test_a_former_log_that_is_damaged_holds_up_neither_the_present_one_nor_what_comes_down(trio: Trio) -> None:
    guests = [trio.world.id() for _ in range(4)]
    write(trio.bund, guests[0], "create", name="李")
    trio.settle()
    yesterday = trio.hub.database.image()
    write(trio.bund, guests[1], "create", name="王")
    trio.settle()
    backup = trio.bund.database.image()
    write(trio.bund, trio.world.id(), "create", name="孙")
    trio.settle()
    set_back(trio.bund, backup)
    write(trio.bund, guests[2], "create", name="赵")
    trio.settle()
    assert trio.bund.identity.origin == "bund.2"
    with trio.bund.database.write() as connection:
        connection.exec_driver_sql("UPDATE log SET facts = '{' WHERE origin = 'bund.1'")
    restore(trio, yesterday)
    write(trio.hub, guests[3], "create", name="钱")

    with pytest.raises(LogDamaged):
        trio.sync(trio.bund)

    assert read(trio.hub, guests[2])["name"] == "赵"
    assert read(trio.bund, guests[3])["name"] == "钱"


@pytest.mark.parametrize("longer", [0, 1])
def test_a_copy_that_wrote_other_lines_into_a_former_log_costs_the_other_nothing(trio: Trio, longer: int) -> None:
    guests = [trio.world.id() for _ in range(4)]
    write(trio.bund, guests[0], "create", name="李")
    trio.settle()
    yesterday, copied = trio.hub.database.image(), trio.bund.database.image()
    write(trio.bund, guests[1], "create", name="王")
    for visits in range(longer):  # ours is as long as the copy's, or longer: then headquarters cannot tell
        write(trio.bund, guests[1], visits=visits + 1)
    trio.settle()
    backup = trio.bund.database.image()
    write(trio.bund, guests[2], "create", name="赵")
    trio.settle()
    set_back(trio.bund, backup)
    write(trio.bund, guests[3], "create", name="钱")
    trio.settle()
    twin, other = trio.world.node("bund"), trio.world.id()
    set_back(twin, copied)
    write(twin, other, "create", name="孙")
    restore(trio, yesterday)
    sync_round(twin, trio.line(twin))  # the places of the former log are taken

    trio.settle()

    assert [read(trio.hub, guest).get("name") for guest in (*guests, other)] == ["李", "王", "赵", "钱", "孙"]


class TwoPasts:
    """Headquarters was put back to the morning, and then to noon: the Jing'an branch knows only the past in between.

    At noon the guest had been given the name 王 on the Bund; in between he got a favourite tea instead.
    """

    def __init__(self, trio: Trio) -> None:
        self.trio, self.guest = trio, trio.world.id()
        write(trio.bund, self.guest, "create", name="李", store="bund")
        trio.settle()
        morning = trio.hub.database.image()
        write(trio.bund, self.guest, name="王", store="bund")
        trio.sync(trio.bund)
        noon = trio.hub.database.image()
        restore(trio, morning)
        write(trio.hub, self.guest, tea="龙井", store="bund")
        trio.sync(trio.jingan)
        self.noon = noon

    def told(self) -> list[tuple[str, str]]:
        table = self.trio.hub.tables["core.conflict"]
        asked = select(table.c.mine, table.c.theirs).where(table.c.kind == "field", table.c.field == "name")
        with self.trio.hub.database.read() as connection:
            return [(mine, theirs) for mine, theirs in connection.execute(asked)]


def test_what_was_seen_in_a_past_that_headquarters_has_forgotten_proves_nothing_of_another(trio: Trio) -> None:
    between = TwoPasts(trio)
    restore(trio, between.noon)
    write(trio.jingan, between.guest, name="赵", store="bund")  # places of the afternoon are above those of noon

    trio.settle()

    assert between.told() == [("王", "赵")]
    assert read(trio.bund, between.guest)["name"] == read(trio.jingan, between.guest)["name"] == "赵"
    write(trio.jingan, between.guest, name="钱", store="bund")  # who has read everything again knows what he changes
    trio.settle()
    assert between.told() == [("王", "赵")]
    trio.agree(trio.jingan)


def test_who_writes_while_he_still_reads_a_headquarters_anew_proves_nothing_yet(trio: Trio) -> None:
    between = TwoPasts(trio)
    restore(trio, between.noon)

    for _ in range(2):
        with pytest.raises(LinkDown):
            sync_round(trio.jingan, DirectLink(trio.hub, Credential("jingan", "jingan"), before=_no_pull))
        write(trio.jingan, between.guest, name="赵", store="bund")

    trio.settle()

    assert between.told() == [("王", "赵")]


def test_a_line_that_proves_nothing_proves_nothing_under_the_next_name_of_its_node_either(trio: Trio) -> None:
    between = TwoPasts(trio)
    write(trio.jingan, trio.world.id(), "create", name="孙")
    copy = trio.jingan.database.image()
    trio.sync(trio.jingan)
    set_back(trio.jingan, copy)
    restore(trio, between.noon)
    twin = trio.world.node("jingan")
    set_back(twin, copy)
    write(twin, trio.world.id(), "create", name="周")
    sync_round(twin, trio.line(twin))
    write(trio.jingan, between.guest, name="赵", store="bund")

    trio.settle()

    assert trio.jingan.identity.origin == "jingan.2"
    assert between.told() == [("王", "赵")]


def test_a_line_that_proves_nothing_and_has_to_wait_proves_nothing_when_it_is_tried_again(trio: Trio) -> None:
    between = TwoPasts(trio)
    restore(trio, between.noon)
    write(trio.jingan, between.guest, name="赵", store="bund")
    _appoint(trio)
    trio.settle()
    assert between.told() == []

    _appoint(trio, "waiter")
    with trio.hub.database.write() as connection:
        apply.retry_all(connection, trio.hub)

    assert between.told() == [("王", "赵")]


def test_who_has_heard_of_an_epoch_and_read_nothing_of_it_finds_out_that_it_is_gone(trio: Trio) -> None:
    guest = trio.world.id()
    write(trio.bund, guest, "create", name="李", store="bund")
    trio.settle()
    restore(trio, trio.hub.database.image())
    trio.settle()
    morning = trio.hub.database.image()
    write(trio.hub, trio.world.id(), "create", name="王", tea="龙井")
    trio.sync(trio.jingan)
    restore(trio, trio.hub.database.image())
    with pytest.raises(LinkDown):
        sync_round(trio.jingan, DirectLink(trio.hub, Credential("jingan", "jingan"), before=_no_pull))

    set_back(trio.hub, morning)  # nobody tells it, and only Jing'an has seen the guest of noon
    trio.settle()

    assert trio.notices().count("core.hub_put_back") == 1
    table = trio.hub.tables["tea_house.guest"]
    with trio.hub.database.read() as connection:
        assert set(connection.execute(select(table.c.name)).scalars()) == {"李", "王"}
    trio.agree(trio.jingan)


def _no_pull(call: str, question: Any) -> Any:
    if call == "pull":
        raise LinkDown.of("link-cut", "the line is down", "断线")
    return question


def test_a_place_that_was_given_out_twice_before_anybody_noticed_proves_nothing(trio: Trio) -> None:
    guest = trio.world.id()
    write(trio.bund, guest, "create", name="李", store="bund")
    trio.settle()
    yesterday = trio.hub.database.image()
    write(trio.hub, guest, tea="龙井", store="bund")
    trio.settle()
    set_back(trio.hub, yesterday)
    write(trio.hub, guest, name="王", store="bund")
    write(trio.jingan, guest, name="赵", store="bund")  # at the same place it has seen the tea

    trio.settle()

    table = trio.hub.tables["core.conflict"]
    asked = select(table.c.mine, table.c.theirs).where(table.c.kind == "field", table.c.field == "name")
    with trio.hub.database.read() as connection:
        assert list(connection.execute(asked)) == [("王", "赵")]


def test_a_headquarters_that_is_put_back_after_the_hello_takes_nothing_before_another(trio: Trio) -> None:
    guest = trio.world.id()
    write(trio.bund, guest, "create", name="李", store="bund")
    trio.settle()
    morning, standing = trio.hub.database.image(), list[Standing]()
    write(trio.hub, guest, tea="龙井", store="bund")
    trio.settle()
    write(trio.jingan, guest, name="赵", store="bund")

    def happens(call: str, question: Any) -> Any:
        if call == "push" and not standing:
            restore(trio, morning)
        return question

    def note(call: str, answer: Any) -> Any:
        if call == "push":
            standing.append(answer.standing)
        return answer

    sync_round(trio.jingan, DirectLink(trio.hub, Credential("jingan", "jingan"), before=happens, after=note))

    assert standing == [Standing.ANEW, Standing.OK]
    trio.settle()
    assert read(trio.hub, guest)["tea"] == "龙井"
    assert read(trio.hub, guest)["name"] == "赵"
    trio.agree(trio.jingan)


def _appoint(trio: Trio, *posts: str) -> None:
    """Give the waiter of Jing'an other posts, at headquarters."""
    table = trio.hub.tables["core.staff"]
    waiter = table.update().where(table.c.id == waiter_of("jingan"))
    with trio.hub.database.write() as connection:
        connection.execute(waiter.values(roles=json.dumps(posts)))
