"""Scorecards: weighted items per subject and period; each becomes a record type that keeps marks and results."""

from __future__ import annotations

from typing import Any

from core.language.compile.values import formula, where
from core.language.compile.workshop import Workshop
from core.language.definition import Scorecard, ScoreItem
from core.language.expressions import NameScope
from core.language.manifest.records import RecordShape
from core.language.manifest.sections import ItemShape, ScorecardShape
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.kinds import DECIMAL, record_kind

_FIELDS: dict[str, tuple[str, str]] = {
    "subject": ("Subject", "考核对象"),
    "period": ("Period begins", "考核期开始"),
    "items": ("Items", "各项得分"),
    "total": ("Total", "总分"),
    "band": ("Band", "等级"),
}


def compile_scorecards(shop: Workshop) -> dict[str, Scorecard]:
    """Return the scorecards."""
    found: dict[str, Scorecard] = {}
    for name, shape in shop.manifest.scorecards.items():
        if card := _scorecard(shop, name, shape):
            found[name] = card
    return found


def mark_field(item: str) -> str:
    """Return the field that keeps the mark a person gives for an item."""
    return f"mark_{item}"


def scorecard_record(name: str, shape: ScorecardShape) -> tuple[RecordShape, KeyPath]:
    """Return the record a scorecard is: what a plugin would have had to write itself.

    One is made for every subject at the start of the period. ``subject`` can also be read under the name
    of its record type (``self.staff``). Marks are entered by ``mark``; ``close`` works out the
    figures and keeps them.
    """
    period, every = next(iter(shape.every.items()))
    manual = {item: one for item, one in shape.items.items() if one.by is not None}
    fields: dict[str, Any] = {
        "subject": {"type": "ref", "to": every.for_, "required": True},
        "period": {"type": "date", "required": True},
        **{mark_field(item): {"type": "decimal", "digits": shape.digits, "min": 0, "max": 100} for item in manual},
        "items": {"type": "map"},
        "total": {"type": "decimal", "digits": shape.digits},
        "band": {"type": "text"},
    }
    if every.for_ not in fields:
        fields[every.for_] = {
            "type": "ref",
            "to": every.for_,
            "value": "=self.subject",
            "label": _text(_FIELDS["subject"]),
        }
    for field, one in fields.items():
        if "label" not in one:
            one["label"] = _text(_FIELDS[field]) if field in _FIELDS else _mark_label(field, manual)
    record: dict[str, Any] = {
        "label": shape.label.model_dump() if shape.label else {"en": name, "zh": name},
        "fields": fields,
        "states": {"open": {"en": "Open", "zh": "考核中"}, "closed": {"en": "Closed", "zh": "已结算"}},
        "by": "system",
        "actions": _actions(manual),
        "exclusive": {
            "one_card": {
                "key": ["subject", "period"],
                "message": {"en": "This card exists already", "zh": "该考核表已存在"},
            }
        },
        "every": {
            period: {
                **every.model_dump(by_alias=True),
                "with": {**every.with_, "subject": f"={every.for_}", "period": "=period.start"},
            }
        },
        "cite": shape.cite,
    }
    if shape.read is not None:
        record["read"] = {role: rule.model_dump(by_alias=True) for role, rule in shape.read.items()}
    if shape.sync is not None:
        record["sync"] = shape.sync.model_dump(by_alias=True)
    return RecordShape.model_validate(record), ("scorecards", name)


def _actions(manual: dict[str, ItemShape]) -> dict[str, Any]:
    """``mark`` asks for every mark; where the roles differ, a check keeps each mark to its own role."""
    roles = sorted({one.by for one in manual.values() if one.by})
    actions: dict[str, Any] = {
        "open": {"label": {"en": "Open", "zh": "开始考核"}, "from": "new", "to": "open", "ask": ["subject", "period"]},
        "close": {"label": {"en": "Close", "zh": "结算"}, "from": "open", "to": "closed", "by": ["system", *roles]},
    }
    if manual:
        actions["mark"] = {
            "label": {"en": "Mark", "zh": "评分"},
            "from": "open",
            "by": roles,
            "ask": [mark_field(item) for item in manual],
        }
    if len(roles) > 1:
        actions["mark"]["checks"] = {
            f"{item}_by_its_role": _own_role(item, one.by or "") for item, one in manual.items()
        }
    return actions


def _own_role(item: str, role: str) -> dict[str, Any]:
    mark = mark_field(item)
    return {
        "rule": f'self.{mark} == old.{mark} or holds_role(me, "{role}")',
        "message": {"en": f"Only {role} marks this item", "zh": f"该项只能由 {role} 评分"},
    }


def _scorecard(shop: Workshop, name: str, shape: ScorecardShape) -> Scorecard | None:
    path = ("scorecards", name)
    label = shop.label(shape.label, path, needed=True)
    period, every = next(iter(shape.every.items()))
    draft = shop.reach.drafts.get(every.for_)
    if draft is None:
        return None  # reported with the record
    names = {every.for_: record_kind(draft.key)}
    found = where(shop, every.where, (*path, "every", period, "where"), shop.scope(names, own=every.for_, empty=["me"]))
    scope = shop.scope(names, empty=["me"])
    items = {item: _item(shop, item, one, (*path, "items", item), scope) for item, one in shape.items.items()}
    place = shop.root.key_place(path)
    return Scorecard(
        name, label, place, period, draft.key, found, items, dict(shape.bands), shape.digits, tuple(shape.cite)
    )


def _item(shop: Workshop, name: str, shape: ItemShape, path: KeyPath, scope: NameScope) -> ScoreItem:
    weight = value = target = None
    if shape.weight is not None:
        weight = formula(shop, shape.weight, (*path, "weight"), scope, expect=DECIMAL)
    if shape.value is not None:
        value = formula(shop, shape.value, (*path, "value"), scope, expect=DECIMAL)
    if shape.target is not None:
        target = formula(shop, shape.target, (*path, "target"), scope, expect=DECIMAL)
    if (shape.by is None) == (shape.value is None):
        shop.key_fault(
            "item-needs-value",
            f"`{name}` has a `value` or a role that marks it (`by`)",
            f"`{name}` 须有 `value` 或评分岗位 `by` 之一",
            path,
            Text("write one of the two", "请写其中之一"),
        )
    if shape.by is not None:
        shop.known_role(shape.by, (*path, "by"))
    return ScoreItem(
        name,
        shop.label(shape.label, path, needed=False),
        weight,
        value,
        target,
        shape.by,
        shape.empty,
        tuple(shape.cite),
    )


def _mark_label(field: str, manual: dict[str, ItemShape]) -> dict[str, str]:
    item = field.removeprefix("mark_")
    label = manual[item].label
    return label.model_dump() if label else {"en": item, "zh": item}


def _text(pair: tuple[str, str]) -> dict[str, str]:
    return {"en": pair[0], "zh": pair[1]}
