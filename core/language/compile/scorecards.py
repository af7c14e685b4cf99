"""Scorecards: weighted items per subject and period; each becomes a record type that keeps marks and results."""

from __future__ import annotations

from collections.abc import Iterable
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

_STATES = {
    "open": {"en": "Open", "zh": "考核中"},
    "locked": {"en": "Figures locked", "zh": "数据已锁定"},
    "closed": {"en": "Closed", "zh": "已结算"},
}
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


def mark_field(item: str, part: str | None = None) -> str:
    """Return the field that keeps the mark a person gives for an item, or for one part of it."""
    return f"mark_{item}" if part is None else f"mark_{item}_{part}"


def mark_fields(item: str, parts: Iterable[str]) -> tuple[str, ...]:
    """Return the fields that keep the marks for an item: one, or one for each of its parts."""
    return tuple(mark_field(item, part) for part in parts) or (mark_field(item),)


def scorecard_record(name: str, shape: ScorecardShape) -> tuple[RecordShape, KeyPath]:
    """Return the record a scorecard is: what a plugin would have had to write itself.

    One is made for every subject at the start of the period. ``subject`` can also be read under the name
    of its record type (``self.staff``). Marks are entered by ``mark``; ``close`` works out the
    figures and keeps them. With a ``lock`` the figures are kept from then on, and marks and closing come after it.
    """
    record = _record_of(name, shape)
    for key in ("fields", "states", "actions", "timers"):
        more = {name: one.model_dump(by_alias=True, exclude_unset=True) for name, one in getattr(shape, key).items()}
        record[key] = {**record[key], **more}
    if shape.read is not None:
        record["read"] = {role: rule.model_dump(by_alias=True) for role, rule in shape.read.items()}
    if shape.sync is not None:
        record["sync"] = shape.sync.model_dump(by_alias=True)
    return RecordShape.model_validate(record), ("scorecards", name)


def _record_of(name: str, shape: ScorecardShape) -> dict[str, Any]:
    period, every = next(iter(shape.every.items()))
    manual = {item: one for item, one in shape.items.items() if one.by is not None}
    locks = shape.lock is not None
    return {
        "label": shape.label.model_dump() if shape.label else {"en": name, "zh": name},
        "fields": _fields(shape, every.for_, manual),
        "states": {state: label for state, label in _STATES.items() if locks or state != "locked"},
        "by": "system",
        "actions": _actions(manual, "locked" if locks else "open"),
        "timers": {"lock": {"while": 'self.state == "open"', "due": shape.lock, "then": "lock"}} if locks else {},
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


def _fields(shape: ScorecardShape, subject: str, manual: dict[str, ItemShape]) -> dict[str, Any]:
    mark = {"type": "decimal", "digits": shape.digits, "min": 0, "max": 100}
    fields: dict[str, Any] = {
        "subject": {"type": "ref", "to": subject, "required": True, "label": _text(_FIELDS["subject"])},
        "period": {"type": "date", "required": True, "label": _text(_FIELDS["period"])},
    }
    for item, one in manual.items():
        fields |= {field: {**mark, "label": label} for field, label in _mark_labels(item, one).items()}
    fields |= {
        "items": {"type": "map", "label": _text(_FIELDS["items"])},
        "total": {"type": "decimal", "digits": shape.digits, "label": _text(_FIELDS["total"])},
        "band": {**_band_type(shape), "label": _text(_FIELDS["band"])},
    }
    if subject not in fields:
        by_name = {"type": "ref", "to": subject, "value": "=self.subject", "label": _text(_FIELDS["subject"])}
        fields[subject] = by_name
    return fields


def _band_type(shape: ScorecardShape) -> dict[str, Any]:
    """Return the type of a card's band: its bands by what people call them, where the plugin says so."""
    if not shape.band_labels:
        return {"type": "text"}
    labels = {name: label.model_dump() for name, label in shape.band_labels.items()}
    return {"type": "enum", "of": {name: labels.get(name, {"en": name, "zh": name}) for name in shape.bands}}


def _mark_labels(item: str, shape: ItemShape) -> dict[str, dict[str, str]]:
    own = shape.label.model_dump() if shape.label else {"en": item, "zh": item}
    if not shape.parts:
        return {mark_field(item): own}
    return {
        mark_field(item, part): {"en": f"{own['en']}: {label.en}", "zh": f"{own['zh']}：{label.zh}"}
        for part, label in shape.parts.items()
    }


def _actions(manual: dict[str, ItemShape], source: str) -> dict[str, Any]:
    """``mark`` asks for every mark; where the roles differ, a check keeps each mark to its own role."""
    roles = sorted({one.by for one in manual.values() if one.by})
    actions: dict[str, Any] = {
        "open": {"label": {"en": "Open", "zh": "开始考核"}, "from": "new", "to": "open", "ask": ["subject", "period"]},
        "close": {"label": {"en": "Close", "zh": "结算"}, "from": source, "to": "closed", "by": ["system", *roles]},
    }
    if source != "open":
        locking = {"en": "Lock the figures", "zh": "锁定数据"}
        actions["lock"] = {"label": locking, "from": "open", "to": source, "by": "system"}
    if manual:
        actions["mark"] = {
            "label": {"en": "Mark", "zh": "评分"},
            "from": sorted({"open", source}),
            "by": roles,
            "ask": [field for item, one in manual.items() for field in mark_fields(item, one.parts)],
        }
    if len(roles) > 1:
        actions["mark"]["checks"] = {
            f"{item}_by_its_role": _own_role(mark_fields(item, one.parts), one.by or "") for item, one in manual.items()
        }
    return actions


def _own_role(marks: Iterable[str], role: str) -> dict[str, Any]:
    untouched = " and ".join(f"self.{mark} == old.{mark}" for mark in marks)
    return {
        "rule": f'({untouched}) or holds_role(me, "{role}")',
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
    cap = None if shape.cap is None else formula(shop, shape.cap, (*path, "cap"), scope, expect=DECIMAL)
    cite, bands = tuple(shape.cite), dict(shape.bands)
    called = {
        band: shop.label(text, (*path, "band_labels", band), needed=True)
        for band, text in shape.band_labels.items()
        if shop.known(band, bands, Text("band", "等级"), (*path, "band_labels", band), "unknown-key")
    }
    return Scorecard(name, label, place, period, draft.key, found, items, bands, shape.digits, cap, cite, called)


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
    if shape.parts and shape.by is None:
        shop.key_fault(
            "parts-need-a-role",
            f"the parts of `{name}` are marked by nobody",
            f"`{name}` 的各部分没有评分岗位",
            (*path, "parts"),
            Text("write the role as `by`", "请用 `by` 写明评分岗位"),
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
        tuple(shape.parts),
        shape.empty,
        tuple(shape.cite),
    )


def _text(pair: tuple[str, str]) -> dict[str, str]:
    return {"en": pair[0], "zh": pair[1]}
