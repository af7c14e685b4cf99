"""First pass over the records: their fields' types, so that rules may speak of any record in any order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from core.language.compile.reach import RecordDraft
from core.language.compile.typed import spec_of
from core.language.compile.workshop import Workshop, state_of
from core.language.definition import RecordType
from core.language.manifest.records import ActionShape, FieldShape, RecordShape
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.fields import FieldSpec

Origin = Literal["record", "ledger", "scorecard"]
OWN_FIELDS = frozenset({"id", "store", "state", "number", "written_at"})
RESERVED = frozenset(
    {"self", "old", "ask", "me", "now", "today", "period", "settings", "store", "item", "index", "null"}
)

ADDRESSES = frozenset({"guidance"})  # /api/PLUGIN/… where a record's list would stand


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A record to compile: its shape, where it stands in the YAML, and what it was made from."""

    name: str
    shape: RecordShape
    path: KeyPath
    draft: RecordDraft
    origin: Origin = "record"
    target: RecordType | None = None  # set when it adds to a record of another plugin


def draft_records(shop: Workshop, shapes: dict[str, tuple[RecordShape, KeyPath, Origin]]) -> list[Blueprint]:
    """Enter all records into the workshop's reach and return what is to be compiled."""
    plans = []
    for name, (shape, path, origin) in shapes.items():
        if name in RESERVED:
            shop.key_fault("reserved-name", f"`{name}` has a meaning in rules", f"`{name}` 在规则中另有含义", path)
        if name in ADDRESSES:
            what = (f"every plugin has an address `{name}` of its own", f"每个插件自带地址 `{name}`")
            shop.key_fault("reserved-name", *what, path)
        target = shop.reach.targets.get(name) if origin == "record" else None
        draft = shop.reach.drafts[target.key] if target else RecordDraft(f"{shop.owner}.{name}", {}, {})
        shop.reach.take(name, draft)
        plans.append(Blueprint(name, shape, path, draft, origin, target))
    for plan in plans:
        _draft(shop, plan)
    for plan in plans:
        _share_options(shop, plan)
    shop.reach.refresh()
    return plans


def _draft(shop: Workshop, plan: Blueprint) -> None:
    draft, shape = plan.draft, plan.shape
    clash = set(draft.specs) if plan.target else set()
    for name, field in shape.fields.items():
        path = (*plan.path, "fields", name)
        if name in OWN_FIELDS:
            shop.key_fault("reserved-name", f"every record has `{name}` of its own", f"每条记录自带 `{name}`", path)
            continue
        if name in clash and _widens(field, draft.specs[name]):
            more = spec_of(shop, field, path, required=False)
            options = {**(more.options or {} if more else {}), **(draft.specs[name].options or {})}
            draft.specs[name] = replace(draft.specs[name], options=options)
            continue
        if name in clash:
            shop.key_fault(
                "changes-others-field",
                f"{plan.name} already has a field `{name}`",
                f"{plan.name} 已有字段 `{name}`",
                path,
                Text("choose another name", "请换一个名称"),
            )
            continue
        draft.specs[name] = spec_of(shop, field, path, required=field.required) or FieldSpec("text")
        if field.value is not None:
            draft.computed.add(name)
        if field.default is not None:
            draft.defaulted.add(name)
        if field.required:
            draft.present.add(name)
    draft.states |= {name: state_of(state) for name, state in shape.states.items()}
    draft.numbered |= shape.number is not None
    draft.timers |= set(shape.timers)
    draft.actions |= {n: _asked(action) for n, action in shape.actions.items() if not opens(plan, n, action)}


def opens(plan: Blueprint, name: str, action: ActionShape) -> bool:
    """Say whether an addition only lets more roles do an action that is there: it says ``by`` and nothing else."""
    known = plan.target is not None and name in plan.target.actions
    return known and action.by is not None and action.model_fields_set <= {"by", "cite"}


def _widens(field: FieldShape, spec: FieldSpec) -> bool:
    """Say whether an addition only brings more options to an enum that is there."""
    more = field.type == spec.type == "enum" and isinstance(field.of, dict)
    return more and field.model_fields_set <= {"type", "of", "cite"}


def _asked(action: ActionShape) -> frozenset[str]:
    names: set[str] = set()
    for item in action.ask:
        names |= {item} if isinstance(item, str) else set(item) if isinstance(item, dict) else set()
    return frozenset(names)


def _share_options(shop: Workshop, plan: Blueprint) -> None:
    """Give enums that say ``of: account.tier`` the options of that field."""
    for name, field in plan.shape.fields.items():
        spec = plan.draft.specs.get(name)
        if spec and spec.type == "enum" and isinstance(field.of, str):
            plan.draft.specs[name] = replace(
                spec, options=shared_options(shop, field.of, plan.name, (*plan.path, "fields", name, "of"))
            )


def shared_options(shop: Workshop, of: str, own: str, path: KeyPath) -> dict[str, Text]:
    """Return the options of the enum ``record.field``, or of ``field`` of the same record."""
    record, _, field = of.rpartition(".")
    draft = shop.reach.drafts.get(record or own)
    spec = draft.specs.get(field) if draft else None
    if spec is None or spec.type != "enum" or spec.options is None:
        enums = [
            f"{name}.{key}"
            for name in shop.reach.local_names()
            for key, one in shop.reach.drafts[name].specs.items()
            if one.type == "enum"
        ]
        shop.known(of, enums, Text("enum", "枚举"), path, "unknown-field")
        return {}
    return dict(spec.options)
