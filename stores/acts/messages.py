"""Messages of a business, filled with what they speak of."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from core.language.expressions import EmptyValue, Env, Formula, Row
from core.model.errors import Text

MASKED: Final = "***"
_PLACE = re.compile(r"\{([^{}]+)\}")


def filled(text: Text, fills: Mapping[str, Formula], env: Env, secret: Collection[str] = ()) -> Text:
    """Return a message with its ``{…}`` places filled in one pass: a name with braces in it fills nothing.

    What is empty shows as a dash; the places in ``secret`` are not for the reader to see.
    """
    if not fills:
        return text
    shown = {place: MASKED if place in secret else _shown(formula, env) for place, formula in fills.items()}

    def say(words: str) -> str:
        return _PLACE.sub(lambda found: shown.get(found[1], found[0]), words)

    return Text(say(text.en), say(text.zh))


def value_or_none(formula: Formula, env: Env) -> object:
    """Return a formula's value; what needs an empty field is empty itself."""
    try:
        return formula(env)
    except EmptyValue:
        return None


def _shown(formula: Formula, env: Env) -> str:
    value = value_or_none(formula, env)
    if isinstance(value, str) and formula.kind.name == "record" and formula.kind.record:
        value = env.world.row(formula.kind.record, value) or value
    if value is None:
        return "—"
    if isinstance(value, datetime):
        return value.astimezone(env.zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, Row):
        return str(value.values.get("name") or value.values.get("number") or value.id)
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)
