"""Samples: named example records. Every name and literal in them is checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.language.compile.reach import RecordDraft
from core.language.compile.workshop import ZONE, Workshop
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.fields import FieldSpec
from core.model.values import BadValue

# What a sample or a `given` record may say beside its fields.
_ALWAYS = ("state", "store", "number", "id")
_OF_STAFF = ("on_duty", "away")

Given = Mapping[str, Iterable[str]]  # record -> names of the records a scenario begins with


def compile_samples(shop: Workshop) -> dict[str, dict[str, dict[str, object]]]:
    """Return the samples as written; every name and literal in them is checked."""
    for record, rows in shop.manifest.samples.items():
        path = ("samples", record)
        if not shop.known(record, shop.reach.local_names(), Text("record", "记录"), path, "unknown-record"):
            continue
        for name, values in rows.items():
            check_values(shop, shop.reach.drafts[record], values, (*path, name), {})
    return {record: dict(rows) for record, rows in shop.manifest.samples.items()}


def check_values(shop: Workshop, draft: RecordDraft, values: Mapping[str, object], path: KeyPath, given: Given) -> None:
    """Check the values of a record that is simply there: a sample, or one a scenario begins with."""
    extra = (*_ALWAYS, *(_OF_STAFF if draft.key == "core.staff" else ()))
    for name, raw in values.items():
        here = (*path, name)
        if name in extra and name not in draft.specs:
            if name == "state":
                shop.known(
                    str(raw), draft.states, Text(f"state of {draft.name}", f"{draft.name} 状态"), here, "unknown-state"
                )
            continue
        if name in draft.computed:
            shop.key_fault(
                "sets-computed", f"`{name}` is computed and cannot be set", f"`{name}` 为计算字段，不能写入", here
            )
        elif shop.known(
            name, draft.stored, Text(f"field of {draft.name}", f"{draft.name} 字段"), here, "unknown-field"
        ):
            _check_literal(shop, draft.specs[name], raw, here, given)


def _check_literal(shop: Workshop, spec: FieldSpec, raw: object, path: KeyPath, given: Given) -> None:
    if isinstance(raw, str) and raw.startswith("="):
        return
    if spec.type == "ref":
        record, _, name = str(raw).rpartition(".")
        target = shop.reach.drafts[spec.to or ""].name
        names = [*shop.manifest.samples.get(target, {}), *given.get(target, ())]
        if raw is not None and record in ("", target):
            shop.known(name, names, Text(f"sample of {target}", f"{target} 样例"), path, "unknown-sample")
        return
    try:
        spec.parse(raw, ZONE)
    except BadValue as bad:
        shop.fault(bad.code, bad.what.en, bad.what.zh, path, bad.fix)


def check_settings(shop: Workshop, values: Mapping[str, object], path: KeyPath, *, refused: bool = False) -> None:
    """Check settings a scenario changes; where it expects a value to be ``refused``, only that they exist."""
    for name, raw in values.items():
        known = shop.known(name, shop.settings, Text("setting", "设置"), (*path, name), "unknown-setting")
        if known and not refused:
            _check_literal(shop, shop.settings[name], raw, (*path, name), {})
