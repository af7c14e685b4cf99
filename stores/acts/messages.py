"""Messages of a business, filled with what they speak of."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, time
from typing import TYPE_CHECKING, Final, cast

from core.language.definition import RecordType
from core.language.expressions import EmptyValue, Env, Expression, Formula, Row
from core.language.expressions.tree import Call, FieldOf, walk
from core.model.errors import Language, Text
from core.model.fields import time_text

if TYPE_CHECKING:
    from stores.world import NodeWorld

MASKED: Final = "***"
_HIDDEN: Final = Text(MASKED, MASKED)
_PLACE = re.compile(r"\{([^{}]+)\}")


def filled(text: Text, fills: Mapping[str, Formula], env: Env, secret: Collection[str] = ()) -> Text:
    """Return a message with its ``{…}`` places filled in one pass: a name with braces in it fills nothing.

    What is empty shows as a dash; the places in ``secret`` are not for the reader to see.
    """
    if not fills:
        return text
    shown = {place: _HIDDEN if place in secret else _shown(formula, env) for place, formula in fills.items()}

    def say(words: str, language: Language) -> str:
        return _PLACE.sub(lambda found: shown[found[1]].say(language) if found[1] in shown else found[0], words)

    return Text(say(text.en, "en"), say(text.zh, "zh"))


def value_or_none(formula: Formula, env: Env) -> object:
    """Return a formula's value; what needs an empty field is empty itself."""
    try:
        return formula(env)
    except EmptyValue:
        return None


def labels_of(records: Mapping[str, RecordType], formula: Formula | None) -> Mapping[str, Text]:
    """Return what the keys that a formula gives are called: options of a field, states, names of empty fields."""
    if not isinstance(formula, Expression):
        return {}
    found: dict[str, Text] = {}
    for node in walk(formula.tree):
        if isinstance(node, Call) and node.name == "blank" and (record := records.get(node.args[0].kind.record or "")):
            found |= {name: field.label for name, field in record.fields.items()}
    tree = formula.tree
    if found or not isinstance(tree, FieldOf) or tree.record not in records:
        return found
    if tree.name == "state":
        return records[tree.record].states
    field = records[tree.record].fields.get(tree.name)
    if field is None:
        return {}
    spec = field.spec.item or field.spec
    return spec.options or labels_of(records, field.value)


def _shown(formula: Formula, env: Env) -> Text:
    """Return a value as both languages say it: keys by their labels, what is empty as a dash."""
    value = value_or_none(formula, env)
    keys = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    labels = labels_of(cast("NodeWorld", env.world).node.catalog.records, formula) if keys else {}
    if labels:
        told = [labels.get(str(each)) or Text(str(each), str(each)) for each in keys]
        return Text(", ".join(each.en for each in told), "、".join(each.zh for each in told))
    plain = _plainly(value, formula, env)
    return Text(plain, plain)


def _plainly(value: object, formula: Formula, env: Env) -> str:
    if isinstance(value, str) and formula.kind.name == "record" and formula.kind.record:
        value = env.world.row(formula.kind.record, value) or value
    if value is None:
        return "—"
    if isinstance(value, datetime):
        return value.astimezone(env.zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, time):
        return time_text(value)
    if isinstance(value, Row):
        return str(value.values.get("name") or value.values.get("number") or value.id)
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)
