"""Write what was done here: records and log together, or neither. One of the only two writers; the other is apply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from core.host.catalog import Catalog
from core.language.definition import RecordType
from core.model.change import Entry, sealed
from core.model.clock import iso
from core.model.errors import NodeError, Problem, Text
from core.model.merge import FieldStamp
from core.model.stamps import RowStamps
from core.model.values import LINE_CHARS_MAX, Cell
from stores.changes import held, log
from stores.changes.held import LIFE, Held
from stores.changes.log import Body
from stores.changes.merging import DECIDED, write_new
from stores.changes.merging import write as write_over
from stores.changes.older import version_of
from stores.node import Node
from stores.storage import bulk, counters, outbox
from stores.storage.counters import Counters
from stores.storage.system import NODE_STATE

EditKind = Literal["create", "update", "delete", "undelete"]
NOTICE = "core.notice"
UPSTREAM = "hub"  # the peer that hidden fields are hidden from


class TooLarge(NodeError):
    """One change holds more text than any node reads at once. Nothing was saved."""

    status = 413


class Edit(NamedTuple):
    """One record to write. ``values`` holds the cells that are to stand; what is not named stays as it is.

    ``state`` and ``number`` are names like any field. ``store`` is the record's own store. ``stamps`` are what values
    carry that were written before and are only entered again; that of a whole record stands under "".
    """

    record: RecordType
    id: str
    store: str
    kind: EditKind
    values: Mapping[str, Cell] = MappingProxyType({})
    stamps: Mapping[str, FieldStamp] = MappingProxyType({})


class Deed(NamedTuple):
    """What was done: one action, by somebody, at a moment (aware). ``facts`` is what else the log keeps of it."""

    tx: str
    action: str
    actor: str
    at: datetime
    facts: Mapping[str, object] | None = None


def commit(connection: Connection, node: Node, deed: Deed, edits: Sequence[Edit]) -> list[Entry]:
    """Write the edits of one deed and their log lines in the caller's write transaction; return the lines.

    The log is what headquarters is told. A record without its line would never leave the shop; a line without its
    record would announce an edit the shop itself does not have. One transaction rules out both. On the hub the
    deed also takes its place in the chain's order: one ``_hs`` for all it wrote.
    """
    if not edits:
        return []
    standing = counters.load(connection, node)
    entries = commit_on(connection, node, standing, deed, edits)
    counters.save(connection, standing)
    return entries


def commit_on(connection: Connection, node: Node, standing: Counters, deed: Deed, edits: Sequence[Edit]) -> list[Entry]:
    """Do what ``commit`` does, with counters that the caller has loaded and will save."""
    standing.hlc = node.clock.tick()
    stamp = FieldStamp(standing.next_hs() if node.is_hub else 0, standing.hlc, standing.origin)
    records = _records(connection, node, edits)
    shared = (deed.action, standing.hlc, iso(deed.at), iso(node.now()), node.mono(), node.boot, deed.actor)
    catalog, withheld = node.catalog, node.host.hears("entry_outgoing")
    lines: list[Entry] = []
    hidden: list[Body | None] = []
    for nth, edit in enumerate(edits, start=1):
        record, kept = records[edit.record.key][edit.id], None
        about = (edit.record.key, edit.id, edit.kind, record.hs, _body(edit, record), _facts(catalog, edit, deed))
        line = Entry(standing.origin, standing.seq + 1, deed.tx, nth, len(edits), *shared, record.store, *about)
        _work_in(record, edit, line, stamp)
        if withheld or edit.record.sync.hide:
            line, kept = _without_hidden(connection, node, edit.record, line)
        _check_size(line, edit.record)
        line = sealed(standing.hash, line)
        standing.seq, standing.hash = line.seq, line.hash
        lines.append(line)
        hidden.append(kept)
    for key, group in records.items():
        held.write(connection, node.tables[key], group.values())
    log.append(connection, lines, hidden)
    node.touched((line.type, line.pk) for line in lines)
    _post_notices(connection, node, lines)
    return lines


def _check_size(line: Entry, record: RecordType) -> None:
    """Refuse what could never be sent: it would stay in the log, and everything written later would wait behind it."""
    chars = sum([len(cell) for pair in line.body.values() for cell in pair if type(cell) is str])
    if chars > LINE_CHARS_MAX:
        what = Text(
            f"the texts of this {record.label.en}, old and new, are too long together: {chars} characters",
            f"该{record.label.zh}的新旧文本合计过长：{chars} 个字符",
        )
        fix = Text(f"shorten them to {LINE_CHARS_MAX} characters", f"请缩短至 {LINE_CHARS_MAX} 个字符以内")
        raise TooLarge((Problem("change-too-large", what, fix=fix),))


def _post_notices(connection: Connection, node: Node, lines: Sequence[Entry]) -> None:
    """Put new notices into the outbox, once for each channel that a plugin has."""
    new = [line.pk for line in lines if line.type == NOTICE and line.kind == "create"]
    if not new or not node.host.hears("channels"):
        return
    channels = sorted({channel for named in node.host.collect("channels") for channel in named})
    for pk in new:
        for channel in channels:
            outbox.put(connection, "notice", pk, node.now(), channel=channel)


def _records(connection: Connection, node: Node, edits: Sequence[Edit]) -> dict[str, dict[str, Held]]:
    """Return the records to write, by type and id: those that exist as they stand, the others new."""
    groups: dict[str, list[Edit]] = {}
    for edit in edits:
        groups.setdefault(edit.record.key, []).append(edit)
    records = {}
    for key, group in groups.items():
        old = [edit.id for edit in group if edit.kind != "create"]
        names = {name for edit in group for name in edit.values}
        table = node.tables[key]
        assert names <= bulk.column_set(table), f"{key} has no {names - bulk.column_set(table)}"
        records[key] = held.load(connection, table, old, names) if old else {}
        for edit in group:
            if edit.kind == "create":
                assert edit.id not in records[key], f"{key} {edit.id} is created twice"
                records[key][edit.id] = Held(edit.id, edit.store, fresh=True)
            assert edit.id in records[key], f"{key} {edit.id} is not on this node"
    return records


def _body(edit: Edit, record: Held) -> dict[str, tuple[Cell, Cell]]:
    """Return only what an edit changes, each cell with the one before."""
    body: dict[str, tuple[Cell, Cell]] = {}
    if edit.kind in ("delete", "undelete"):
        assert record.alive == (edit.kind == "delete"), (
            f"{edit.kind} of {edit.record.key} {edit.id}, life {record.life}"
        )
        body[LIFE] = (record.life, record.life + 1)
    for name, new in edit.values.items():
        old = record.cells.get(name)
        if old != new:
            body[name] = (old, new)
    return body


def _facts(catalog: Catalog, edit: Edit, deed: Deed) -> dict[str, object] | None:
    """Return what a line says beside the values, and under which version of the plugin."""
    return {**version_of(catalog, edit.record), **(deed.facts or {})} or None


def _work_in(record: Held, edit: Edit, line: Entry, stamp: FieldStamp) -> None:
    known = edit.record.fields.keys() | DECIDED
    if edit.kind == "create" and not edit.stamps:
        write_new(record, line.body, stamp, known)
    else:
        if edit.kind == "create":
            record.stamps = RowStamps(edit.stamps.get("", stamp))
        write_over(record, line.body, stamp, known)
        for name in line.body.keys() & edit.stamps.keys():
            record.stamps = record.stamps.with_((name,), edit.stamps[name])
    record.at, record.by = line.at, line.actor
    record.hs = stamp.hs or record.hs


def _without_hidden(connection: Connection, node: Node, record: RecordType, line: Entry) -> tuple[Entry, Body | None]:
    """Take the fields that never leave this node out of a line; it carries a keyed digest of them instead.

    The hash covers the line as it is sent, so anybody can check the chain; the digest covers the rest, so this node
    can prove that what it kept is what was written (docs/decisions/0004).
    """
    names = record.sync.hide.union(*_withheld(node, line)) if node.host.hears("entry_outgoing") else record.sync.hide
    if not names:
        return line, None
    kept = {name: cells for name, cells in line.body.items() if name in names}
    if not kept:
        return line, None
    digest = log.hidden_digest(_hiding_key(connection, node), line.pk, kept)
    sent = {name: cells for name, cells in line.body.items() if name not in names}
    return line._replace(body=sent, facts={**(line.facts or {}), log.HIDDEN: digest}), kept


def _withheld(node: Node, line: Entry) -> Sequence[Iterable[str]]:
    """Return the fields that plugins withhold. Asked now, not when sending: the hash is worked out now."""
    answers: Sequence[Iterable[str]] = node.host.hooks.entry_outgoing(entry=line, peer=UPSTREAM)
    return answers


def _hiding_key(connection: Connection, node: Node) -> str:
    key = log.hiding_key(connection)
    if key is None:
        key = (node.new_id() + node.new_id()).replace("-", "")[:64]
        bulk.insert(connection, NODE_STATE, ("key", "value"), [(log.HIDING_KEY, key)])
    return key
