"""An old backup is put back, or a copied disk runs in two places: nothing is lost and no number is used twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from stores.changes import log
from stores.node import Node
from stores.storage import checkpoints, identity
from sync.branch import rebirth
from sync.branch.disputes import LogDisputed
from sync.branch.round import hello_of, sync_round
from tests.sync.nodes import DirectLink, World, read, write


def copy_of(node: Node, world: World) -> Node:
    """Return another PC with the same disk."""
    twin = world.node(node.identity.node)
    twin.database.load(node.database.image())
    with twin.database.read() as connection:
        known = identity.load(connection)
    assert known is not None
    twin.identity = known
    return twin


def guests(node: Node, ids: list[str]) -> list[object]:
    return [read(node, id_).get("name") for id_ in ids]


def notices(hub: Node) -> list[str]:
    table = hub.table(hub.catalog.records["core.notice"])
    with hub.database.read() as connection:
        return list(connection.execute(select(table.c.name).order_by(table.c.sent_at)).scalars())


def logs(node: Node) -> dict[str, int]:
    with node.database.read() as connection:
        assert [log.verify(connection, origin) for origin in checkpoints.heads(connection)] == [None] * len(
            checkpoints.heads(connection)
        )
        return {origin: seq for origin, (seq, _) in checkpoints.heads(connection).items()}


@pytest.fixture
def ids(world: World) -> list[str]:
    return [world.id() for _ in range(6)]


@pytest.fixture
def backup(hub: Node, bund: Node, link: DirectLink, world: World, ids: list[str]) -> Node:
    """The Bund's disk as it was after two guests; two more have come and reached headquarters since."""
    write(bund, ids[0], "create", name="李")
    write(bund, ids[1], "create", name="王")
    sync_round(bund, link)
    old = copy_of(bund, world)
    write(bund, ids[2], "create", name="赵")
    write(bund, ids[3], "create", name="钱")
    sync_round(bund, link)
    return old


def test_a_branch_put_back_from_a_backup_gets_its_later_work_back(
    hub: Node, backup: Node, link: DirectLink, ids: list[str]
) -> None:
    sync_round(backup, link)

    assert guests(backup, ids[:4]) == ["李", "王", "赵", "钱"]
    assert logs(backup) == {"bund.1": 2}
    assert backup.identity.origin == "bund.2"


def test_what_it_wrote_before_it_called_home_goes_on_under_its_next_name(
    hub: Node, backup: Node, link: DirectLink, ids: list[str]
) -> None:
    write(backup, ids[4], "create", name="孙")
    write(backup, ids[0], name="李四")

    done = sync_round(backup, link)

    assert done.pushed == 2
    assert guests(hub, ids[:5]) == guests(backup, ids[:5]) == ["李四", "王", "赵", "钱", "孙"]
    assert logs(hub) == {"bund.1": 4, "bund.2": 2} | {k: v for k, v in logs(hub).items() if k.startswith("hq")}
    assert logs(backup) == {"bund.1": 2, "bund.2": 2}


def test_each_moved_line_says_where_it_stood(hub: Node, backup: Node, link: DirectLink, ids: list[str]) -> None:
    write(backup, ids[4], "create", name="孙")

    sync_round(backup, link)

    with hub.database.read() as connection:
        (line,) = log.history(connection, "tea_house.guest", ids[4])
    assert (line.origin, line.seq, (line.facts or {})["was"]) == ("bund.2", 1, "bund.1:3")


def test_a_copy_that_wrote_more_than_headquarters_has_is_found_out_too(
    hub: Node, backup: Node, link: DirectLink, world: World, ids: list[str]
) -> None:
    for guest in ids[4:]:
        write(backup, guest, "create", name="孙")
    write(backup, ids[0], name="李四")  # five lines here, four at headquarters: only the hashes tell

    sync_round(backup, link)

    assert guests(hub, ids) == ["李四", "王", "赵", "钱", "孙", "孙"]
    assert logs(backup) == {"bund.1": 2, "bund.2": 3}


def test_the_next_round_is_an_ordinary_one(backup: Node, link: DirectLink, ids: list[str]) -> None:
    sync_round(backup, link)
    link.calls.clear()
    write(backup, ids[4], "create", name="孙")

    sync_round(backup, link)

    assert link.calls == ["hello", "push", "pull"]
    assert backup.identity.origin == "bund.2"


def test_work_that_never_left_the_backup_is_sent_like_any_other(
    hub: Node, bund: Node, link: DirectLink, world: World, ids: list[str]
) -> None:
    write(bund, ids[0], "create", name="李")
    restored = copy_of(bund, world)  # the PC died before its first call

    sync_round(restored, link)

    assert guests(hub, ids[:1]) == ["李"]
    assert restored.identity.origin == "bund.1"


def test_headquarters_is_told_once_of_a_node_that_came_back(
    hub: Node, backup: Node, link: DirectLink, ids: list[str]
) -> None:
    for guest in ids[4:]:
        write(backup, guest, "create", name="孙")
        sync_round(backup, link)

    assert notices(hub) == ["core.node_reborn"]


def test_a_copied_disk_that_runs_in_two_places_loses_nothing_and_is_reported_once_a_day(
    hub: Node, bund: Node, backup: Node, link: DirectLink, world: World, ids: list[str]
) -> None:
    write(backup, ids[4], "create", name="孙")
    sync_round(backup, link)
    for name in ("李一", "李二"):
        write(bund, ids[5], "create" if name == "李一" else "update", name=name)
        sync_round(bund, link)

    assert notices(hub) == ["core.node_reborn", "core.node_cloned"]
    world.wait(24 * 3600)
    write(bund, ids[5], name="李三")
    sync_round(bund, link)
    sync_round(backup, link)

    assert notices(hub).count("core.node_cloned") == 2
    assert guests(hub, ids) == guests(backup, ids) == guests(bund, ids) == ["李", "王", "赵", "钱", "孙", "李三"]


def test_a_power_cut_in_the_middle_leaves_the_node_as_it_was(
    hub: Node, backup: Node, link: DirectLink, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(backup, ids[4], "create", name="孙")
    whole: Callable[..., Any] = checkpoints.ack

    def cut(*_args: object) -> int:
        raise OSError("power cut")

    monkeypatch.setattr(checkpoints, "ack", cut)
    with pytest.raises(OSError, match="power cut"):
        rebirth.start_anew(backup, link, hello_of(backup))
    assert backup.identity.origin == "bund.1"
    assert logs(backup) == {"bund.1": 3}

    monkeypatch.setattr(checkpoints, "ack", whole)
    sync_round(backup, link)
    assert guests(hub, ids[:5]) == ["李", "王", "赵", "钱", "孙"]


def test_two_logs_that_have_not_parted_are_left_alone(backup: Node, bund: Node, link: DirectLink) -> None:
    assert rebirth.start_anew(bund, link, hello_of(bund)) is None
    assert bund.identity.origin == "bund.1"


def test_a_log_in_dispute_after_all_keeps_nothing_from_coming_down(
    hub: Node, backup: Node, link: DirectLink, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebirth, "start_anew", lambda *_: None)

    with pytest.raises(LogDisputed):
        sync_round(backup, link)

    assert guests(backup, ids[:4]) == ["李", "王", "赵", "钱"]


def test_copies_that_took_the_next_names_are_passed_in_one_round(
    hub: Node, bund: Node, backup: Node, link: DirectLink, world: World, ids: list[str]
) -> None:
    twins = [backup, *(copy_of(backup, world) for _ in range(2))]

    for twin, guest in zip(twins, [ids[4], ids[5], world.id()], strict=True):
        write(twin, guest, "create", name="孙")
        write(twin, ids[0], name=f"李{guest[-4:]}")
        done = sync_round(twin, link)
        assert done.pushed == 2

    assert [twin.identity.origin for twin in twins] == ["bund.2", "bund.3", "bund.4"]
    assert guests(hub, ids[4:6]) == ["孙", "孙"]


def test_what_headquarters_holds_in_the_place_of_ours_is_not_taken_for_ours(
    hub: Node, bund: Node, backup: Node, link: DirectLink, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(bund, ids[0], name="李四")
    sync_round(bund, link)
    write(backup, ids[0], name="李五")
    monkeypatch.setattr(rebirth, "start_anew", lambda *_: None)

    with pytest.raises(LogDisputed):
        sync_round(backup, link)

    assert guests(backup, ids[:1]) == ["李五"], "what was just typed stays on the page until it is merged"
    assert hello_of(backup).acked == 2


def reborn(node: Node) -> None:
    """Let a node go on under its next name from line 1, as after a quarrel that headquarters has forgotten since."""
    with node.database.write() as connection:
        before, born = node.identity.origin, identity.reincarnate(connection)
        log.move(connection, before, 1, born.origin)
    node.identity = born


@pytest.mark.parametrize("moved_first", [True, False])
def test_what_a_copy_sends_under_the_old_name_beside_its_moved_lines_is_done_once(
    hub: Node, bund: Node, link: DirectLink, world: World, ids: list[str], *, moved_first: bool
) -> None:
    write(bund, ids[0], "create", name="李")
    sync_round(bund, link)
    write(bund, ids[0], visits=1)
    write(bund, ids[1], "create", name="王")
    twin = copy_of(bund, world)
    reborn(bund)
    write(bund, ids[0], visits=3)

    for node in (bund, twin, bund) if moved_first else (twin, bund, twin):
        sync_round(node, link)

    assert read(hub, ids[0])["visits"] == read(bund, ids[0])["visits"] == read(twin, ids[0])["visits"] == 3
    assert {name: seq for name, seq in logs(hub).items() if name.startswith("bund")} == {"bund.1": 3, "bund.2": 3}
