"""Messages as trees of plain values, and back, strictly: a part that is missing, unknown or wrong is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar, cast

from stores.changes.buckets import Sum
from stores.changes.feed import Within
from sync import carriage
from sync.columns import entries_tree, read_entries, read_rows, rows_tree
from sync.packing import Column
from sync.protocol import (
    HARD_BYTES_MAX,
    HARD_CHANGES_MAX,
    PATHS_MAX,
    PIECE_BYTES,
    Close,
    CloseAnswer,
    Compare,
    CompareAnswer,
    Enrol,
    EnrolAnswer,
    Head,
    Hello,
    HelloAnswer,
    Limits,
    Message,
    Pull,
    PullAnswer,
    Push,
    PushAnswer,
    Refill,
    RefillAnswer,
    Refusal,
    Repair,
    RepairAnswer,
    Report,
    SignedReceipt,
    Snapshot,
    SnapshotAnswer,
    Standing,
)
from sync.reading import Part, bad, blob, flag, hexadecimal, integer, integers, listing, mapping, name, text, texts

M = TypeVar("M", bound=Message)

TOKEN_CHARS_MAX = 400
SENTENCE_CHARS_MAX = 4_000
PLUGINS_MAX = 1_000
HASH_CHARS_MAX = 128


def to_tree(message: Message) -> dict[str, object]:
    """Return the message as a tree, its name under ``is``."""
    kind = type(message)
    return {"is": NAMES[kind], **_WRITERS.get(kind, _plain)(message)}


def from_tree(tree: object, kind: type[M]) -> M:
    """Return the message of ``kind`` that ``tree`` says; raises FrameError when it says another, or badly."""
    values = dict(mapping(tree, "message"))
    if values.pop("is", None) != NAMES[kind]:
        raise bad("message", f"'{NAMES[kind]}' is expected here", f"此处应为 '{NAMES[kind]}'")
    return cast(M, _READERS[kind](values))


def _plain(message: Any) -> dict[str, object]:
    return {key: getattr(message, key) for key in message.__dataclass_fields__}


def _head_tree(head: Head) -> list[object]:
    return [head.seq, head.hash]


def _read_head(value: object, where: str) -> Head:
    seq, digest = listing(value, where, 2)
    return Head(integer(seq, where), text(digest, where, HASH_CHARS_MAX))


def _hello_tree(hello: Hello) -> dict[str, object]:
    report = {**_plain(hello.report), "plugins": dict(hello.report.plugins)}
    return {**_plain(hello), "head": _head_tree(hello.head), "schema": dict(hello.schema), "report": report}


def _read_hello(tree: dict[str, object]) -> Hello:
    part = Part(tree, "hello", tuple(Hello.__dataclass_fields__))
    return Hello(
        node=part.get("node", name),
        incarnation=part.get("incarnation", integer),
        store=part.get("store", name),
        head=part.get("head", _read_head),
        acked=part.get("acked", integer),
        checkpoint=part.get("checkpoint", integer),
        epoch=part.get("epoch", text, HASH_CHARS_MAX),
        schema=part.get("schema", _read_schema),
        wall=part.get("wall", integer),
        mono=part.get("mono", integer),
        boot=part.get("boot", text, HASH_CHARS_MAX),
        report=part.get("report", _read_report),
        seal=part.get("seal", text, HASH_CHARS_MAX),
        protocol=part.get("protocol", integer),
    )


def _read_report(value: object, where: str) -> Report:
    part = Part(value, where, tuple(Report.__dataclass_fields__))
    return Report(
        software=part.get("software", text, HASH_CHARS_MAX),
        plugins=part.get("plugins", _read_schema),
        waiting=part.get("waiting", integer),
        oldest=part.get("oldest", text, HASH_CHARS_MAX),
        quarantined=part.get("quarantined", integer),
    )


def _read_schema(value: object, where: str) -> dict[str, str]:
    found = mapping(value, where)
    if len(found) > PLUGINS_MAX:
        raise bad(where, f"more than {PLUGINS_MAX} plugins", f"插件超过 {PLUGINS_MAX} 个")
    return {name(plugin, where): name(digest, where) for plugin, digest in found.items()}


def _hello_answer_tree(answer: HelloAnswer) -> dict[str, object]:
    limits = [answer.limits.changes, answer.limits.bytes, answer.limits.rows]
    return {**_plain(answer), "standing": answer.standing.value, "head": _head_tree(answer.head), "limits": limits,
            "skew": list(answer.skew)}  # fmt: skip


def _read_hello_answer(tree: dict[str, object]) -> HelloAnswer:
    part = Part(tree, "hello", tuple(HelloAnswer.__dataclass_fields__))
    return HelloAnswer(
        standing=part.get("standing", _read_standing),
        head=part.get("head", _read_head),
        epoch=part.get("epoch", name),
        time=part.get("time", integer),
        checkpoint=part.get("checkpoint", integer),
        limits=part.get("limits", _read_limits),
        skew=tuple(name(plugin, "skew") for plugin in part.get("skew", listing)),
        compacted=part.get("compacted", integer),
        written_until=part.get("written_until", text, HASH_CHARS_MAX),
        lost_after=part.get("lost_after", _read_place),
        protocol=part.get("protocol", integer),
    )


def _read_place(value: object, where: str) -> int | None:
    return None if value is None else integer(value, where)


def _read_limits(value: object, where: str) -> Limits:
    changes, size, rows = listing(value, where, 3)
    return Limits(
        integer(changes, where, 1, HARD_CHANGES_MAX),
        integer(size, where, 1, HARD_BYTES_MAX),
        integer(rows, where, 1, HARD_CHANGES_MAX),
    )


def _read_standing(value: object, where: str) -> Standing:
    try:
        return Standing(text(value, where))
    except ValueError as error:
        raise bad(where, "an unknown word", "未知的词") from error


def _push_tree(push: Push) -> dict[str, object]:
    return {"origin": push.origin, "after": _head_tree(push.after), "entries": entries_tree(push.after, push.entries)}


def _read_push(tree: dict[str, object]) -> Push:
    part = Part(tree, "push", ("origin", "after", "entries"))
    origin, after = part.get("origin", name), part.get("after", _read_head)
    return Push(origin, after, part.get("entries", lambda value, _: read_entries(value, origin, after)))


def _receipt_tree(receipt: SignedReceipt | None) -> dict[str, object] | None:
    return None if receipt is None else {**_plain(receipt), "head": _head_tree(receipt.head)}


def _read_receipt(value: object, where: str) -> SignedReceipt | None:
    if value is None:
        return None
    part = Part(value, where, tuple(SignedReceipt.__dataclass_fields__))
    return SignedReceipt(
        origin=part.get("origin", name),
        head=part.get("head", _read_head),
        epoch=part.get("epoch", name),
        time=part.get("time", integer),
        signature=part.get("signature", hexadecimal, 128),
    )


def _push_answer_tree(answer: PushAnswer) -> dict[str, object]:
    return {**_plain(answer), "standing": answer.standing.value, "head": _head_tree(answer.head),
            "receipt": _receipt_tree(answer.receipt)}  # fmt: skip


def _read_push_answer(tree: dict[str, object]) -> PushAnswer:
    part = Part(tree, "push", tuple(PushAnswer.__dataclass_fields__))
    return PushAnswer(
        standing=part.get("standing", _read_standing),
        head=part.get("head", _read_head),
        receipt=part.get("receipt", _read_receipt),
        conflicts=part.get("conflicts", integer),
        quarantined=part.get("quarantined", integer),
    )


def _read_pull(tree: dict[str, object]) -> Pull:
    part = Part(tree, "pull", tuple(Pull.__dataclass_fields__))
    return Pull(
        origin=part.get("origin", name),
        after=part.get("after", integer),
        epoch=part.get("epoch", text, HASH_CHARS_MAX),
        rows=part.get("rows", integer, 1, HARD_CHANGES_MAX),
        seal=part.get("seal", text, HASH_CHARS_MAX),
        within=part.get("within", _read_within),
    )


def _pull_tree(pull: Pull) -> dict[str, object]:
    return {**_plain(pull), "within": list(pull.within) if pull.within else None}


def _read_within(value: object, where: str) -> Within | None:
    if value is None:
        return None
    place, type_, id_ = listing(value, where, 3)
    return integer(place, where), name(type_, where), text(id_, where, TOKEN_CHARS_MAX)


def _pull_answer_tree(answer: PullAnswer) -> dict[str, object]:
    return {**_plain(answer), "rows": rows_tree(answer.rows), "versions": dict(answer.versions),
            "within": list(answer.within) if answer.within else None}  # fmt: skip


def _read_pull_answer(tree: dict[str, object]) -> PullAnswer:
    part = Part(tree, "pull", tuple(PullAnswer.__dataclass_fields__))
    return PullAnswer(
        rows=part.get("rows", lambda value, _: read_rows(value)),
        upto=part.get("upto", integer),
        more=part.get("more", flag),
        epoch=part.get("epoch", name),
        acked=part.get("acked", integer),
        hlc=part.get("hlc", integer),
        time=part.get("time", integer),
        restart=part.get("restart", flag),
        versions=part.get("versions", _read_schema),
        seal=part.get("seal", text, HASH_CHARS_MAX),
        within=part.get("within", _read_within),
    )


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


def _compare_tree(compare: Compare) -> dict[str, object]:
    return {**_plain(compare), "head": _head_tree(compare.head), "paths": [list(path) for path in compare.paths]}


def _read_compare(tree: dict[str, object]) -> Compare:
    part = Part(tree, "compare", tuple(Compare.__dataclass_fields__))
    return Compare(
        origin=part.get("origin", name),
        epoch=part.get("epoch", text, HASH_CHARS_MAX),
        after=part.get("after", integer),
        head=part.get("head", _read_head),
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
    return {**_plain(repair), "rows": rows_tree(repair.rows), "missing": [list(key) for key in repair.missing]}


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
    return {**_plain(answer), "rows": rows_tree(answer.rows), "gone": [list(key) for key in answer.gone]}


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


def _read_snapshot(tree: dict[str, object]) -> Snapshot:
    part = Part(tree, "snapshot", tuple(Snapshot.__dataclass_fields__))
    return Snapshot(
        origin=part.get("origin", name),
        epoch=part.get("epoch", text, HASH_CHARS_MAX),
        name=part.get("name", text, TOKEN_CHARS_MAX),
        offset=part.get("offset", integer),
    )


def _read_snapshot_answer(tree: dict[str, object]) -> SnapshotAnswer:
    part = Part(tree, "snapshot", tuple(SnapshotAnswer.__dataclass_fields__))
    return SnapshotAnswer(
        name=part.get("name", text, TOKEN_CHARS_MAX),
        size=part.get("size", integer),
        digest=part.get("digest", text, HASH_CHARS_MAX),
        seal=part.get("seal", text, TOKEN_CHARS_MAX),
        offset=part.get("offset", integer),
        data=part.get("data", blob, PIECE_BYTES),
        restart=part.get("restart", flag),
    )


def _refill_tree(refill: Refill) -> dict[str, object]:
    return {**_plain(refill), "rows": rows_tree(refill.rows)}


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


def _close_tree(close: Close) -> dict[str, object]:
    return {**_plain(close), "head": _head_tree(close.head)}


def _read_close(tree: dict[str, object]) -> Close:
    part = Part(tree, "close", tuple(Close.__dataclass_fields__))
    return Close(
        origin=part.get("origin", name),
        day=part.get("day", _read_day),
        after=part.get("after", integer),
        head=part.get("head", _read_head),
    )


def _read_day(value: object, where: str) -> str:
    day = name(value, where)
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise bad(where, "a date is needed", "应为日期") from error
    return day


def _read_close_answer(tree: dict[str, object]) -> CloseAnswer:
    part = Part(tree, "close", tuple(CloseAnswer.__dataclass_fields__))
    return CloseAnswer(
        records=part.get("records", integer),
        waiting=part.get("waiting", integer),
        epoch=part.get("epoch", name),
        time=part.get("time", integer),
        signature=part.get("signature", hexadecimal, 128),
    )


def _read_refusal(tree: dict[str, object]) -> Refusal:
    part = Part(tree, "refusal", tuple(Refusal.__dataclass_fields__))
    return Refusal(
        code=part.get("code", name),
        en=part.get("en", text, SENTENCE_CHARS_MAX),
        zh=part.get("zh", text, SENTENCE_CHARS_MAX),
        retry_after_s=part.get("retry_after_s", _read_seconds),
    )


def _read_seconds(value: object, where: str) -> int | None:
    return None if value is None else integer(value, where, 0, 86_400)


NAMES: dict[type[Any], str] = {
    Hello: "hello",
    HelloAnswer: "hello-answer",
    Push: "push",
    PushAnswer: "push-answer",
    Pull: "pull",
    PullAnswer: "pull-answer",
    Enrol: "enrol",
    EnrolAnswer: "enrol-answer",
    Compare: "compare",
    CompareAnswer: "compare-answer",
    Repair: "repair",
    RepairAnswer: "repair-answer",
    **carriage.NAMES,
    Snapshot: "snapshot",
    SnapshotAnswer: "snapshot-answer",
    Refill: "refill",
    RefillAnswer: "refill-answer",
    Close: "close",
    CloseAnswer: "close-answer",
    Refusal: "refusal",
}
_WRITERS: dict[type[Any], Callable[[Any], dict[str, object]]] = {
    Hello: _hello_tree,
    HelloAnswer: _hello_answer_tree,
    Push: _push_tree,
    PushAnswer: _push_answer_tree,
    Pull: _pull_tree,
    PullAnswer: _pull_answer_tree,
    Compare: _compare_tree,
    CompareAnswer: _compare_answer_tree,
    Repair: _repair_tree,
    RepairAnswer: _repair_answer_tree,
    Refill: _refill_tree,
    Close: _close_tree,
    **carriage.WRITERS,
}
_READERS: dict[type[Any], Callable[[dict[str, object]], Message]] = {
    Hello: _read_hello,
    HelloAnswer: _read_hello_answer,
    Push: _read_push,
    PushAnswer: _read_push_answer,
    Pull: _read_pull,
    PullAnswer: _read_pull_answer,
    Enrol: _read_enrol,
    EnrolAnswer: _read_enrol_answer,
    Compare: _read_compare,
    CompareAnswer: _read_compare_answer,
    Repair: _read_repair,
    RepairAnswer: _read_repair_answer,
    **carriage.READERS,
    Snapshot: _read_snapshot,
    SnapshotAnswer: _read_snapshot_answer,
    Refill: _read_refill,
    RefillAnswer: _read_refill_answer,
    Close: _read_close,
    CloseAnswer: _read_close_answer,
    Refusal: _read_refusal,
}
