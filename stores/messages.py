"""Messages of a business, filled with what they speak of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from core.language.expressions import EmptyValue, Env, Formula, Row
from core.model.errors import Text


def filled(text: Text, fills: Mapping[str, Formula], env: Env) -> Text:
    """Return a message with its ``{…}`` places filled; what is empty shows as a dash."""
    en, zh = text.en, text.zh
    for place, formula in fills.items():
        value = value_or_none(formula, env)
        shown = "—" if value is None else _shown(formula, value, env)
        en, zh = en.replace("{" + place + "}", shown), zh.replace("{" + place + "}", shown)
    return Text(en, zh)


def _shown(formula: Formula, value: object, env: Env) -> str:
    if isinstance(value, str) and formula.kind.name == "record" and formula.kind.record:
        value = env.world.row(formula.kind.record, value) or value
    if isinstance(value, datetime):
        return value.astimezone(env.zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, Row):
        return str(value.values.get("name") or value.values.get("number") or value.id)
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)


def value_or_none(formula: Formula, env: Env) -> object:
    """Return a formula's value; what needs an empty field is empty itself."""
    try:
        return formula(env)
    except EmptyValue:
        return None
