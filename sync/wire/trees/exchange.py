"""Everyday messages as trees and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sync.protocol import (
    HARD_BYTES_MAX,
    HARD_CHANGES_MAX,
    Close,
    CloseAnswer,
    Hello,
    HelloAnswer,
    Limits,
    Message,
    Pull,
    PullAnswer,
    Push,
    PushAnswer,
    Report,
    SignedReceipt,
    Standing,
)
from sync.wire.columns import entries_tree, read_entries, read_rows, rows_tree
from sync.wire.reading import Part, bad, flag, hexadecimal, integer, listing, mapping, name, text
from sync.wire.trees.parts import HASH_CHARS_MAX, head_tree, plain, read_head, read_place

PLUGINS_MAX = 1_000


def _hello_tree(hello: Hello) -> dict[str, object]:
    report = {**plain(hello.report), "plugins": dict(hello.report.plugins)}
    return {**plain(hello), "head": head_tree(hello.head), "schema": dict(hello.schema), "report": report}


def _read_hello(tree: dict[str, object]) -> Hello:
    part = Part(tree, "hello", tuple(Hello.__dataclass_fields__))
    return Hello(
        node=part.get("node", name),
        incarnation=part.get("incarnation", integer),
        store=part.get("store", name),
        head=part.get("head", read_head),
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
        faults=part.get("faults", integer),
    )


def _read_schema(value: object, where: str) -> dict[str, str]:
    found = mapping(value, where)
    if len(found) > PLUGINS_MAX:
        raise bad(where, f"more than {PLUGINS_MAX} plugins", f"插件超过 {PLUGINS_MAX} 个")
    return {name(plugin, where): name(digest, where) for plugin, digest in found.items()}


def _hello_answer_tree(answer: HelloAnswer) -> dict[str, object]:
    limits = [answer.limits.changes, answer.limits.bytes, answer.limits.rows]
    return {**plain(answer), "standing": answer.standing.value, "head": head_tree(answer.head), "limits": limits,
            "skew": list(answer.skew)}  # fmt: skip


def _read_hello_answer(tree: dict[str, object]) -> HelloAnswer:
    part = Part(tree, "hello", tuple(HelloAnswer.__dataclass_fields__))
    return HelloAnswer(
        standing=part.get("standing", _read_standing),
        head=part.get("head", read_head),
        epoch=part.get("epoch", name),
        time=part.get("time", integer),
        checkpoint=part.get("checkpoint", integer),
        limits=part.get("limits", _read_limits),
        skew=tuple(name(plugin, "skew") for plugin in part.get("skew", listing)),
        compacted=part.get("compacted", integer),
        written_until=part.get("written_until", text, HASH_CHARS_MAX),
        lost_after=part.get("lost_after", _read_place),
        seal=part.get("seal", text, HASH_CHARS_MAX),
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
    return {**plain(push), "after": head_tree(push.after), "entries": entries_tree(push.after, push.entries)}


def _read_push(tree: dict[str, object]) -> Push:
    part = Part(tree, "push", tuple(Push.__dataclass_fields__))
    origin, after = part.get("origin", name), part.get("after", read_head)
    return Push(
        origin=origin,
        after=after,
        entries=part.get("entries", lambda value, _: read_entries(value, origin, after)),
        epoch=part.get("epoch", text, HASH_CHARS_MAX),
        checkpoint=part.get("checkpoint", integer),
        seal=part.get("seal", text, HASH_CHARS_MAX),
        unproven=part.get("unproven", integer),
    )


def _receipt_tree(receipt: SignedReceipt | None) -> dict[str, object] | None:
    return None if receipt is None else {**plain(receipt), "head": head_tree(receipt.head)}


def _read_receipt(value: object, where: str) -> SignedReceipt | None:
    if value is None:
        return None
    part = Part(value, where, tuple(SignedReceipt.__dataclass_fields__))
    return SignedReceipt(
        origin=part.get("origin", name),
        head=part.get("head", read_head),
        epoch=part.get("epoch", name),
        time=part.get("time", integer),
        signature=part.get("signature", hexadecimal, 128),
    )


def _push_answer_tree(answer: PushAnswer) -> dict[str, object]:
    return {**plain(answer), "standing": answer.standing.value, "head": head_tree(answer.head),
            "receipt": _receipt_tree(answer.receipt)}  # fmt: skip


def _read_push_answer(tree: dict[str, object]) -> PushAnswer:
    part = Part(tree, "push", tuple(PushAnswer.__dataclass_fields__))
    return PushAnswer(
        standing=part.get("standing", _read_standing),
        head=part.get("head", read_head),
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
        within=part.get("within", read_place),
    )


def _pull_tree(pull: Pull) -> dict[str, object]:
    return {**plain(pull), "within": list(pull.within) if pull.within else None}


def _pull_answer_tree(answer: PullAnswer) -> dict[str, object]:
    return {**plain(answer), "rows": rows_tree(answer.rows), "versions": dict(answer.versions),
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
        within=part.get("within", read_place),
    )


def _close_tree(close: Close) -> dict[str, object]:
    return {**plain(close), "head": head_tree(close.head)}


def _read_close(tree: dict[str, object]) -> Close:
    part = Part(tree, "close", tuple(Close.__dataclass_fields__))
    return Close(
        origin=part.get("origin", name),
        day=part.get("day", _read_day),
        after=part.get("after", integer),
        head=part.get("head", read_head),
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


NAMES: dict[type[Any], str] = {
    Hello: "hello",
    HelloAnswer: "hello-answer",
    Push: "push",
    PushAnswer: "push-answer",
    Pull: "pull",
    PullAnswer: "pull-answer",
    Close: "close",
    CloseAnswer: "close-answer",
}
WRITERS: dict[type[Any], Callable[[Any], dict[str, object]]] = {
    Hello: _hello_tree,
    HelloAnswer: _hello_answer_tree,
    Push: _push_tree,
    PushAnswer: _push_answer_tree,
    Pull: _pull_tree,
    PullAnswer: _pull_answer_tree,
    Close: _close_tree,
}
READERS: dict[type[Any], Callable[[dict[str, object]], Message]] = {
    Hello: _read_hello,
    HelloAnswer: _read_hello_answer,
    Push: _read_push,
    PushAnswer: _read_push_answer,
    Pull: _read_pull,
    PullAnswer: _read_pull_answer,
    Close: _read_close,
    CloseAnswer: _read_close_answer,
}
