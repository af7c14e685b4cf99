"""Which lines of a node's logs prove nothing to a headquarters with another order, through rebirths and pieces."""

from __future__ import annotations

from stores.changes import log, proofs
from stores.node import Node
from stores.storage import checkpoints, identity
from tests.sync.nodes import World, write


def lines(node: Node, origin: str, after: int = 0) -> list[int]:
    """Return of each line of a log that is sent after one what it is believed to have seen."""
    with node.database.read() as connection:
        page = log.entries_after(connection, origin, after, 100)
        return [each.base_hs for each in proofs.believed(page, proofs.unproven(connection, page))]


GUEST = World().id()


def branch() -> Node:
    """Return a branch that has seen its guest at place 7 and written three lines about him."""
    node = World().node("bund")
    write(node, GUEST, "create", name="李")
    with node.database.write() as connection:
        connection.execute(node.tables["tea_house.guest"].update().values(_hs=7))
    for name in ("王", "赵"):
        write(node, GUEST, name=name)
    return node


def test_lines_written_before_and_while_everything_is_read_again_prove_nothing() -> None:
    node = branch()
    with node.database.write() as connection:
        proofs.begin(connection, "bund", "bund.1")
        assert proofs.is_open(connection)
    write(node, GUEST, name="钱")
    with node.database.write() as connection:
        proofs.settle(connection)
        assert not proofs.is_open(connection)

    write(node, GUEST, name="孙")

    assert lines(node, "bund.1") == [0, 0, 0, 0, 7]
    assert lines(node, "bund.1", after=2) == [0, 0, 7]
    assert lines(node, "bund.1", after=4) == [7]


def test_lines_that_are_moved_prove_as_little_in_the_new_log_and_later_ones_prove_what_they_say() -> None:
    node = branch()
    with node.database.write() as connection:
        proofs.begin(connection, "bund", "bund.1")
        proofs.settle(connection)
    write(node, GUEST, name="钱")
    with node.database.write() as connection:
        node.identity = identity.reincarnate(connection)
        log.move(connection, "bund.1", 1, "bund.2")
        proofs.move(connection, "bund.1", 1, "bund.2")

    assert lines(node, "bund.1") == [0]
    assert lines(node, "bund.2") == [0, 0, 7]


def test_who_is_reborn_while_it_reads_everything_again_goes_on_proving_nothing() -> None:
    node = branch()
    with node.database.write() as connection:
        proofs.begin(connection, "bund", "bund.1")
        node.identity = identity.reincarnate(connection)
        log.move(connection, "bund.1", 3, "bund.2")
        proofs.move(connection, "bund.1", 3, "bund.2")
        assert proofs.is_open(connection)
    write(node, GUEST, name="钱")
    with node.database.write() as connection:
        proofs.settle(connection)
        assert checkpoints.heads(connection).keys() == {"bund.1", "bund.2"}
    write(node, GUEST, name="孙")

    assert lines(node, "bund.1") == [0, 0, 0]
    assert lines(node, "bund.2") == [0, 7]


def test_mostly_there_is_nothing_to_doubt() -> None:
    node = branch()
    with node.database.read() as connection:
        page = log.entries_after(connection, "bund.1", 0, 100)
        assert proofs.unproven(connection, page) == 0
        assert proofs.believed(page, 0) is page
        assert proofs.believed(list(page), 0)[2].base_hs == 7
