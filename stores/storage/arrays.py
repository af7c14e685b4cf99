"""Many values as one parameter: an array as PostgreSQL reads it.

The driver makes arrays too, but looks at each value several times in Python, which costs more than the look-up.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.model.values import Cell

_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"'})


def array(values: Sequence[Cell]) -> str:
    """Return the literal of an array of texts, or of whole numbers; None is NULL."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return _texts(values)  # type: ignore[arg-type]  # so they are
    if kinds == {int}:
        return f"{{{','.join(map(str, values))}}}"
    return f"{{{','.join(map(_item, values))}}}"


def _texts(values: Sequence[str]) -> str:
    if "\\" in (joined := "".join(values)) or '"' in joined:
        values = [value.translate(_ESCAPED) for value in values]
    return '{"' + '","'.join(values) + '"}'


def _item(value: Cell) -> str:
    if value is None:
        return "NULL"
    return f'"{value.translate(_ESCAPED)}"' if isinstance(value, str) else str(value)
