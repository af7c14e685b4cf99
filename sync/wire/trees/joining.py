"""Messages of beginnings as trees and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sync.protocol import HARD_BYTES_MAX, Enrol, EnrolAnswer, Message, Refill, RefillAnswer, Snapshot, SnapshotAnswer
from sync.wire.columns import read_rows, rows_tree
from sync.wire.reading import Part, blob, flag, hexadecimal, integer, name, text
from sync.wire.trees.parts import HASH_CHARS_MAX, TOKEN_CHARS_MAX, plain, read_place


def _read_enrol(tree: dict[str, object]) -> Enrol:
    part = Part(tree, "enrol", tuple(Enrol.__dataclass_fields__))
    return Enrol(
        code=part.get("code", text, TOKEN_CHARS_MAX),
        node=part.get("node", name),
        store=part.get("store", name),
        token=part.get("token", text, TOKEN_CHARS_MAX),
        protocol=part.get("protocol", integer),
    )


def _read_enrol_answer(tree: dict[str, object]) -> EnrolAnswer:
    part = Part(tree, "enrol", tuple(EnrolAnswer.__dataclass_fields__))
    return EnrolAnswer(
        node=part.get("node", name),
        store=part.get("store", name),
        hub=part.get("hub", name),
        epoch=part.get("epoch", name),
        key=part.get("key", hexadecimal, 64),
        time=part.get("time", integer),
    )


def _snapshot_tree(message: Snapshot | SnapshotAnswer) -> dict[str, object]:
    return {**plain(message), "after": list(message.after) if message.after else None}


def _read_snapshot(tree: dict[str, object]) -> Snapshot:
    part = Part(tree, "snapshot", tuple(Snapshot.__dataclass_fields__))
    return Snapshot(
        origin=part.get("origin", name),
        epoch=part.get("epoch", text, HASH_CHARS_MAX),
        at=part.get("at", integer),
        seal=part.get("seal", text, TOKEN_CHARS_MAX),
        after=part.get("after", read_place),
    )


def _read_snapshot_answer(tree: dict[str, object]) -> SnapshotAnswer:
    part = Part(tree, "snapshot", tuple(SnapshotAnswer.__dataclass_fields__))
    return SnapshotAnswer(
        data=part.get("data", blob, HARD_BYTES_MAX),
        digest=part.get("digest", text, HASH_CHARS_MAX),
        at=part.get("at", integer),
        seal=part.get("seal", text, TOKEN_CHARS_MAX),
        after=part.get("after", read_place),
        restart=part.get("restart", flag),
    )


def _refill_tree(refill: Refill) -> dict[str, object]:
    return {**plain(refill), "rows": rows_tree(refill.rows)}


def _read_refill(tree: dict[str, object]) -> Refill:
    part = Part(tree, "refill", tuple(Refill.__dataclass_fields__))
    return Refill(
        origin=part.get("origin", name),
        epoch=part.get("epoch", text, HASH_CHARS_MAX),
        rows=part.get("rows", lambda value, _: read_rows(value)),
    )


def _read_refill_answer(tree: dict[str, object]) -> RefillAnswer:
    part = Part(tree, "refill", tuple(RefillAnswer.__dataclass_fields__))
    return RefillAnswer(part.get("taken", integer), part.get("shown", integer))


NAMES: dict[type[Any], str] = {
    Enrol: "enrol",
    EnrolAnswer: "enrol-answer",
    Snapshot: "snapshot",
    SnapshotAnswer: "snapshot-answer",
    Refill: "refill",
    RefillAnswer: "refill-answer",
}
WRITERS: dict[type[Any], Callable[[Any], dict[str, object]]] = {
    Refill: _refill_tree,
    Snapshot: _snapshot_tree,
    SnapshotAnswer: _snapshot_tree,
}
READERS: dict[type[Any], Callable[[dict[str, object]], Message]] = {
    Enrol: _read_enrol,
    EnrolAnswer: _read_enrol_answer,
    Snapshot: _read_snapshot,
    SnapshotAnswer: _read_snapshot_answer,
    Refill: _read_refill,
    RefillAnswer: _read_refill_answer,
}
