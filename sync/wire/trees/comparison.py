"""Messages of a comparison as trees and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stores.changes.buckets import Sum
from sync.protocol import PATHS_MAX, Compare, CompareAnswer, Message, Repair, RepairAnswer
from sync.wire.columns import read_rows, rows_tree
from sync.wire.packing import Column
from sync.wire.reading import Part, bad, flag, hexadecimal, integer, integers, listing, name, text, texts
from sync.wire.trees.parts import HASH_CHARS_MAX, TOKEN_CHARS_MAX, head_tree, plain, read_head


def _compare_tree(compare: Compare) -> dict[str, object]:
    return {**plain(compare), "head": head_tree(compare.head), "paths": [list(path) for path in compare.paths]}


def _read_compare(tree: dict[str, object]) -> Compare:
    part = Part(tree, "compare", tuple(Compare.__dataclass_fields__))
    return Compare(
        origin=part.get("origin", name),
        epoch=part.get("epoch", text, HASH_CHARS_MAX),
        after=part.get("after", integer),
        head=part.get("head", read_head),
        paths=part.get("paths", _read_paths),
    )


def _read_paths(value: object, where: str) -> tuple[tuple[str, ...], ...]:
    paths = listing(value, where)
    if len(paths) > PATHS_MAX or any(len(listing(path, where)) > 3 for path in paths):
        raise bad(where, f"more than {PATHS_MAX} paths, or too long ones", f"路径超过 {PATHS_MAX} 条或过长")
    return tuple(tuple(text(step, where, TOKEN_CHARS_MAX) for step in listing(path, where)) for path in paths)


def _compare_answer_tree(answer: CompareAnswer) -> dict[str, object]:
    sums = [
        [Column(each.name for each in found), Column(each.count for each in found), [f"{s.total:032x}" for s in found]]
        for found in answer.sums
    ]
    return {"steady": answer.steady, "sums": sums}


def _read_compare_answer(tree: dict[str, object]) -> CompareAnswer:
    part = Part(tree, "compare", tuple(CompareAnswer.__dataclass_fields__))
    return CompareAnswer(part.get("steady", flag), part.get("sums", _read_sums))


def _read_sums(value: object, where: str) -> tuple[tuple[Sum, ...], ...]:
    found = []
    for each in listing(value, where):
        names, counts, totals = listing(each, where, 3)
        told = texts(listing(names, where), where)
        numbers = integers(listing(counts, where, len(told)), where)
        sums = [int(hexadecimal(total, where, 32), 16) for total in listing(totals, where, len(told))]
        found.append(tuple(Sum(*row) for row in zip(told, numbers, sums, strict=True)))
    return tuple(found)


def _repair_tree(repair: Repair) -> dict[str, object]:
    return {**plain(repair), "rows": rows_tree(repair.rows), "missing": [list(key) for key in repair.missing]}


def _read_repair(tree: dict[str, object]) -> Repair:
    part = Part(tree, "repair", tuple(Repair.__dataclass_fields__))
    return Repair(
        origin=part.get("origin", name),
        epoch=part.get("epoch", text, HASH_CHARS_MAX),
        after=part.get("after", integer),
        rows=part.get("rows", lambda value, _: read_rows(value)),
        missing=part.get("missing", _read_keys),
    )


def _read_keys(value: object, where: str) -> tuple[tuple[str, str], ...]:
    keys = [listing(key, where, 2) for key in listing(value, where)]
    return tuple((name(type_, where), text(id_, where, TOKEN_CHARS_MAX)) for type_, id_ in keys)


def _repair_answer_tree(answer: RepairAnswer) -> dict[str, object]:
    return {**plain(answer), "rows": rows_tree(answer.rows), "gone": [list(key) for key in answer.gone]}


def _read_repair_answer(tree: dict[str, object]) -> RepairAnswer:
    part = Part(tree, "repair", tuple(RepairAnswer.__dataclass_fields__))
    return RepairAnswer(
        rows=part.get("rows", lambda value, _: read_rows(value)),
        gone=part.get("gone", _read_keys),
        waiting=part.get("waiting", integer),
        incidents=part.get("incidents", integer),
        acked=part.get("acked", integer),
        hlc=part.get("hlc", integer),
    )


NAMES: dict[type[Any], str] = {
    Compare: "compare",
    CompareAnswer: "compare-answer",
    Repair: "repair",
    RepairAnswer: "repair-answer",
}
WRITERS: dict[type[Any], Callable[[Any], dict[str, object]]] = {
    Compare: _compare_tree,
    CompareAnswer: _compare_answer_tree,
    Repair: _repair_tree,
    RepairAnswer: _repair_answer_tree,
}
READERS: dict[type[Any], Callable[[dict[str, object]], Message]] = {
    Compare: _read_compare,
    CompareAnswer: _read_compare_answer,
    Repair: _read_repair,
    RepairAnswer: _read_repair_answer,
}
