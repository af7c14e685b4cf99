"""What the shapes of plugin.yaml are made of: the strict model, names, bilingual text, values."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema


class Shape(BaseModel):
    """A mapping in plugin.yaml: unknown keys are refused, and no value is quietly turned into another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TextShape(Shape):
    """One sentence in both languages of the house."""

    en: str = Field(min_length=1, description="English")
    zh: str = Field(min_length=1, description="Chinese")


class StateShape(TextShape):
    """A state: its name, and whether a record in it is over with, or as it should be."""

    over: bool = Field(
        default=False,
        description="Nobody waits for a next step although an action may still start from here: a released booking "
        "that can be seated again. Grey, and no work in hand. A state that no action leads on from is over by itself",
    )
    steady: bool = Field(
        default=False,
        description="How things are to be, for as long as nothing happens: a room in service, a customer one has, an "
        "agreement in force. No work in hand, though actions start from here",
    )


def _listed(value: object) -> object:
    """Let one name stand for a list of one."""
    return value if isinstance(value, list) or value is None else [value]


def _named(value: object) -> object:
    """Let ``warn``-style single maps stand for a list of one map."""
    return [value] if isinstance(value, dict) else value


_ONE_OR_MORE = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Title = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=80)
]  # a scenario may be NC-S15
"""A name a person gives: lower case, digits and underscores."""

Names = Annotated[list[str], BeforeValidator(_listed), WithJsonSchema(_ONE_OR_MORE)]
"""One name or a list of names."""

Cites = Annotated[
    list[str],
    BeforeValidator(_listed),
    WithJsonSchema(_ONE_OR_MORE | {"description": "Rule numbers of the rule book that this carries out, e.g. [NC-40]"}),
]

Rule = Annotated[
    str | bool,
    WithJsonSchema(
        {"type": ["string", "boolean"], "description": "An expression that is true or false; never starts with `=`"}
    ),
]

_AGGREGATE = {
    "type": "object",
    "properties": {
        **{
            how: {"type": "string", "description": "record, or record.field"}
            for how in ("count", "sum", "avg", "min", "max", "one")
        },
        "where": {
            "type": ["string", "boolean"],
            "description": "Which of them; the record's own name is the one looked at",
        },
    },
}
_CASES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "when": {"type": ["string", "boolean"]},
            "is": {"description": "The value when this row is the first that fits"},
        },
    },
}

Value = Annotated[
    Any,
    WithJsonSchema(
        {
            "description": "A literal; text that starts with `=` is an expression; a list of {when, is} takes the "
            "first row that fits; {count|sum|avg|min|max|one: record.field, where: …} looks at other records",
            "anyOf": [
                {"type": ["string", "number", "boolean", "null"]},
                _AGGREGATE,
                _CASES,
                {"type": "array"},
                {"type": "object"},
            ],
        }
    ),
]
"""What the compiler reads itself: a literal, an expression, first-match rows or an aggregate."""

OneOrMore = BeforeValidator(_named)


class Cited(Shape):
    """Anything that can carry out a rule of the rule book."""

    cite: Cites = Field(default=[], description="Rule numbers of the rule book that this carries out")
