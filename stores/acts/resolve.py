"""Deciding a conflict: the deed that closes it also writes the value that is to stand into the record."""

from __future__ import annotations

from typing import cast

from core.language.definition import RecordType
from core.model.errors import ActionRefused, Text
from core.model.fields import BadValue
from core.model.values import Cell
from stores import rows
from stores.acts.work import Work
from stores.changes import conflicts
from stores.changes.commit import Edit
from stores.changes.older import name_now

RESOLVE = ("core.conflict", "resolve")


def decide(work: Work) -> list[Edit]:
    """Return the edit that carries out what the person decided; none when what stands is to stay.

    ``keep`` is ``current`` (what stands), ``other`` (the value that did not come through) or ``value`` (a new one,
    entered as text). Only conflicts about a field have another value to put in place.
    """
    values = work.draft.values
    keep = values.get("keep")
    if keep is None:
        raise ActionRefused.of("required", "say what is to stand", "请选择要保留的值", field="keep")
    if keep == "current":
        return []
    if values.get("field") is None:
        raise ActionRefused.of(
            "nothing-to-put",
            "this conflict has no other value: act on the record itself",
            "此冲突没有可替换的值，请直接操作该记录",
            field="keep",
            fix=Text("keep what stands here, then open the record", "请先维持现值，再打开记录处理"),
        )
    record = work.node.catalog.records.get(str(values["record_type"]))
    if record is None:
        raise ActionRefused.of("no-such-plugin", "the plugin of this record is not loaded", "该记录所属插件未加载")
    target = rows.get(work.connection, work.node, record, str(values["record_id"]))
    name = name_now(work.node.catalog, record, str(values["field"]))
    if name not in record.fields or not record.fields[name].stored:
        raise ActionRefused.of("no-such-field", f"there is no field `{name}` any more", f"字段 `{name}` 已不存在")
    return [Edit(record, target.id, str(target.values["store"]), "update", {name: _cell(work, record, name)})]


def _cell(work: Work, record: RecordType, name: str) -> Cell:
    values = work.draft.values
    spec = record.fields[name].spec
    if values["keep"] == "other":
        text = values["theirs"] if values["outcome"] == "current" else values["mine"]
        return conflicts.cell_of(cast("str | None", text), integer=spec.kind.column == "integer")
    try:
        value = spec.parse(values["value"], work.node.zone)
    except BadValue as bad:
        raise ActionRefused.of("bad-value", bad.what.en, bad.what.zh, fix=bad.fix, field="value") from None
    return None if value is None else spec.cell(value)
