"""Log and rows by column: every way in which columns may not fit together is refused, none is guessed at."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from core.model.change import sealed
from sync.protocol import FrameError, Head
from sync.wire.columns import FACTS_DEPTH_MAX, entries_tree, read_entries, read_rows, rows_tree
from tests.sync.samples import ORIGIN, a_log, a_page

Tree = dict[str, Any]
Spoil = Callable[[Tree], object]


def a_tree() -> Tree:
    tree: Tree = json.loads(json.dumps(entries_tree(Head(), a_log(4, per_tx=2))))
    return tree


def test_shapes_are_written_once_and_values_by_column() -> None:
    tree = a_tree()

    assert len(tree["shapes"]) <= 2
    assert sorted({kind for _, kind, _ in tree["shapes"]}) == ["create", "update"]
    assert sum(len(columns[0]) for columns in tree["values"]) == tree["count"] == 4


def test_numbers_and_hashes_are_worked_out_from_the_head_the_piece_continues() -> None:
    log = a_log(9)
    head = Head(log[4].seq, log[4].hash)

    assert list(read_entries(entries_tree(head, log[5:]), ORIGIN, head)) == log[5:]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda tree: tree.update(count=5),
        lambda tree: tree.update(count=-1),
        lambda tree: tree.update(count=True),
        lambda tree: tree.update(more=1),
        lambda tree: tree.pop("actor"),
        lambda tree: tree["actor"].append("x"),
        lambda tree: tree["actor"].__setitem__(0, None),
        lambda tree: tree["pk"].__setitem__(0, "a\0"),
        lambda tree: tree["hlc"].__setitem__(0, 2**63),
        lambda tree: tree["hlc"].__setitem__(0, -1),
        lambda tree: tree["nth"].__setitem__(0, True),
        lambda tree: tree["shape"].__setitem__(0, 9),
        lambda tree: tree["shape"].__setitem__(0, -1),
        lambda tree: tree["shapes"].append(["a.b", "create", []]),
        lambda tree: tree["shapes"][0].__setitem__(1, "destroy"),
        lambda tree: tree["shapes"][0].__setitem__(0, ""),
        lambda tree: tree["shapes"][0].append("x"),
        lambda tree: tree["shapes"][0][2].__setitem__(1, tree["shapes"][0][2][0]),
        lambda tree: tree["values"].pop(),
        lambda tree: tree["values"][0].pop(),
        lambda tree: tree["values"][0][0].pop(),
        lambda tree: tree["values"][0][0].__setitem__(0, 1.5),
        lambda tree: tree["values"][0][0].__setitem__(0, [1]),
        lambda tree: tree["values"][0][0].__setitem__(0, 2**63),
        lambda tree: tree["values"][0][0].__setitem__(0, "\0"),
        lambda tree: tree["facts"].__setitem__(0, "[1]"),
        lambda tree: tree["facts"].__setitem__(0, "{"),
        lambda tree: tree["facts"].__setitem__(0, 7),
        lambda tree: tree["facts"].__setitem__(0, '{"a": NaN}'),
        lambda tree: tree["facts"].__setitem__(0, '{"a": "\\ud800"}'),
        lambda tree: tree["facts"].__setitem__(0, '{"a": ' + "[" * FACTS_DEPTH_MAX + "]" * FACTS_DEPTH_MAX + "}"),
        lambda tree: tree["facts"].__setitem__(0, '{"a": ' + "[" * 100_000),
        lambda tree: tree.update(hash="f" * 32),
        lambda tree: tree.update(hash=None),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(spoil: Spoil) -> None:
    tree = a_tree()
    spoil(tree)

    with pytest.raises(FrameError) as caught:
        read_entries(tree, ORIGIN, Head())

    assert caught.value.problems[0].what.zh


@pytest.mark.parametrize(
    "spoil",
    [
        lambda tree: tree["x"].__setitem__(1, '{"song": [1]}'),
        lambda tree: tree["x"].__setitem__(1, '{"song": 1.5}'),
        lambda tree: tree["x"].__setitem__(1, "song"),
        lambda tree: tree["by"].__setitem__(1, 7),
        lambda tree: tree["hs"].__setitem__(1, "7"),
        lambda tree: tree["shapes"][0].__setitem__(1, "create"),
        lambda tree: tree["shapes"].clear(),
    ],
)
def test_rows_that_do_not_fit_together_are_refused(spoil: Spoil) -> None:
    tree: Tree = json.loads(json.dumps(rows_tree(a_page(3))))
    spoil(tree)

    with pytest.raises(FrameError):
        read_rows(tree)


def test_facts_may_be_as_wide_as_they_like_and_no_deeper_than_they_need() -> None:
    tree = a_tree()
    wide = json.dumps({"items": [{"n": n, "note": "\\u 茶 \u2028"} for n in range(50)]})
    deep = '{"a": ' + "[" * (FACTS_DEPTH_MAX - 2) + "]" * (FACTS_DEPTH_MAX - 2) + "}"
    for facts in (wide, deep):
        tree["facts"][0] = facts
        with pytest.raises(FrameError) as caught:
            read_entries(tree, ORIGIN, Head())
        assert caught.value.problems[0].code == "frame-hash"  # the facts are fine, only no longer what was hashed


def test_a_delete_carries_no_fields_and_arrives_all_the_same() -> None:
    line = sealed(Head().hash, a_log(1)[0]._replace(kind="delete", body={}))

    assert read_entries(entries_tree(Head(), [line]), ORIGIN, Head()) == (line,)
