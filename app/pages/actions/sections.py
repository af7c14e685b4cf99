"""The sections of a record type, as a plugin's form view has them: on its page, in forms, and on paper.

A section with a ``when`` is there only while that holds: on a page by what stands in the record, in a form by what has
been typed so far. What is in no section comes last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from app.pages.actions import inputs
from app.pages.frame.desk import Desk
from app.pages.frame.forms import Form
from core.language.definition import Action, RecordType
from core.language.expressions import Formula, Row, holds
from core.model.values import BadValue
from stores import rows
from stores.world import NodeWorld

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its heading (perhaps none), the names of its fields, and when it is there."""

    label: str
    fields: tuple[str, ...]
    when: Formula | None = None


def sections_of(desk: Desk, record: RecordType, view: Mapping[str, object] | None = None) -> list[Section]:
    """Return the sections of a view, by default of the plugin's form view for a record type; none without one."""
    views = desk.catalog.plugin(record.plugin).views.values()
    forms = (each for each in views if each.get("kind") == "form" and each.get("of") == record.key)
    found: Any = (view or next(forms, {})).get("sections", ())
    return [
        Section(desk.say(each["label"]) if each.get("label") else "", tuple(each["fields"]), each.get("when"))
        for each in found
    ]


def arranged(sections: Iterable[Section], things: Mapping[str, Thing]) -> Iterator[tuple[Section, list[Thing]]]:
    """Yield the sections with what belongs in them, by field; what is in none comes last, empty sections never."""
    left = dict(things)
    for section in sections:
        inside = [left.pop(name) for name in section.fields if name in left]
        if inside:
            yield section, inside
    if left:
        yield Section("", tuple(left)), list(left.values())


def holding(desk: Desk, record: RecordType, sections: Sequence[Section], record_id: str) -> dict[int, bool]:
    """Return of each section, by its ``id()``, whether it is there for the record as it stands."""
    if all(section.when is None for section in sections):
        return {}
    with desk.node.database.read() as connection:
        row = rows.get(connection, desk.node, record, record_id)
        world = NodeWorld(connection, desk.node, record.plugin, str(row.values["store"]))
        env = world.env(row, desk.node.now(), desk.actor)
        return {id(section): holds(section.when, env) for section in sections}


def there_in_form(
    desk: Desk, record: RecordType, action: Action, sections: Sequence[Section], id: str | None, form: Form
) -> list[bool]:
    """Return of each section whether it is there for what has been typed so far.

    What cannot be read yet, because it is half typed, counts as empty.
    """
    if all(section.when is None for section in sections):
        return [True] * len(sections)
    with desk.node.database.read() as connection:
        row = rows.get(connection, desk.node, record, id) if id else _new(desk, record)
        world = NodeWorld(connection, desk.node, record.plugin, str(row.values["store"]))
        typed = {**row.values, **_typed(desk, action, form)}
        draft = Row(record.key, row.id, typed)
        world.put(draft)
        env = world.env(draft, desk.node.now(), desk.actor, old=row)
        return [holds(section.when, env) for section in sections]


def _new(desk: Desk, record: RecordType) -> Row:
    empty: dict[str, object] = {name: None for name, field in record.fields.items() if field.stored}
    return Row(
        record.key, "new", {**empty, "store": desk.actor.store, "state": None, "number": None, "written_at": None}
    )


def _typed(desk: Desk, action: Action, form: Form) -> dict[str, object]:
    found: dict[str, object] = {}
    for ask in action.ask:
        if ask.field is None or not inputs.was_sent(ask.spec, ask.name, form):
            continue
        try:
            found[ask.field] = ask.spec.parse(inputs.gather(ask.spec, ask.name, form), desk.node.zone)
        except BadValue:
            found[ask.field] = None
    return found
