"""Values as their fields keep them: money to the fen, a record as the reference to it."""

from __future__ import annotations

from core.language.definition import RecordType
from core.language.expressions import Row
from core.model.errors import ActionRefused
from core.model.fields import BadValue


def fitting(record: RecordType, name: str, value: object) -> object:
    """Return a value as its field keeps it; ActionRefused when it does not fit."""
    value, field = plain(value), record.fields.get(name)
    if value is None or field is None:
        return value
    try:
        return field.spec.value(field.spec.cell(value))
    except BadValue as bad:
        raise ActionRefused((bad.problem(name),)) from bad


def plain(value: object) -> object:
    """A record used as a value is a reference to it."""
    return value.id if isinstance(value, Row) else value
