"""What a person entered for an action, parsed and completed, or every problem with it, field by field."""

from __future__ import annotations

from collections.abc import Mapping

from core.language.definition import Action, Ask, RecordType
from core.language.expressions import Env, Row
from core.model.contents import hashes_in
from core.model.errors import Problem, Text, suggest
from core.model.fields import BadValue
from stores import contents, rows
from stores.acts.fitting import fitting
from stores.acts.messages import value_or_none
from stores.world import NodeWorld


def parse(world: NodeWorld, action: Action, entered: Mapping[str, object]) -> tuple[dict[str, object], list[Problem]]:
    """Return the parsed inputs by name and the problems. An input that was not sent is not in the result."""
    given = [ask for ask in action.ask if ask.name in entered]
    problems = _unknown(action, entered) if len(given) < len(entered) else []
    values: dict[str, object] = {}
    zone = world.node.zone
    for ask in given:
        name = ask.name
        try:
            values[name] = ask.spec.parse(entered[name], zone)
        except BadValue as bad:
            problems.append(Problem("bad-value", bad.what, fix=bad.fix, field=name))
            continue
        if ask.spec.to is not None:
            problems += _dangling(world, ask, values[name])
    return values, problems


def take_uploads(world: NodeWorld, action: Action, draft: Row, asked: Mapping[str, object]) -> list[Problem]:
    """Say of every content that was given that the record names it; return a problem for each nobody has uploaded."""
    problems = []
    for ask in action.uploads:
        if ask.name not in asked:
            continue
        for digest in hashes_in(str(asked[ask.name])):
            if contents.find(world.connection, digest) is None:
                what = Text("this file is not on this node", "本机没有此文件")
                problems.append(Problem("no-such-content", what, fix=Text("upload it", "请上传"), field=ask.name))
            else:
                contents.name(world.connection, digest, draft.type, draft.id, world.node.now())
    return problems


def required(record: RecordType, action: Action, draft: Row, asked: Mapping[str, object]) -> list[Problem]:
    """Return a problem for each required input that is empty; for a new record, for each required field."""
    wanted = [ask for ask in action.ask if ask.spec.required]
    empty = {
        ask.name: ask.label
        for ask in wanted
        if _missing(ask, draft, asked) and (action.new or ask.name in asked or not ask.field)
    }
    if action.new:
        for name, field in record.stored.items():
            if field.spec.required and draft.values.get(name) is None:
                empty.setdefault(name, field.label)
    return [
        Problem(
            "required",
            Text(f"{label.en} is required", f"{label.zh}为必填项"),
            fix=Text("fill it in", "请填写"),
            field=name,
        )
        for name, label in empty.items()
    ]


def fill_defaults(record: RecordType, draft: Row, env: Env) -> None:
    """Give a new record its defaults, in the order the fields are declared; an empty default stays empty."""
    for name, field in record.stored.items():
        if draft.values.get(name) is None:
            value = value_or_none(field.default, env) if field.default is not None else None
            draft.values[name] = fitting(record, name, value)


def _missing(ask: Ask, draft: Row, asked: Mapping[str, object]) -> bool:
    return (draft.values.get(ask.field) if ask.field else asked.get(ask.name)) is None


def _dangling(world: NodeWorld, ask: Ask, value: object) -> list[Problem]:
    if ask.spec.type != "ref" or value is None or ask.spec.to is None:
        return []
    found = world.row(ask.spec.to, str(value))
    if found is not None and rows.alive(found):
        return []
    label = world.node.catalog.records[ask.spec.to].label
    what = Text(f"there is no {label.en} `{value}` on this node", f"本机没有{label.zh} `{value}`")
    return [Problem("no-such-record", what, fix=Text("choose one from the list", "请从列表中选择"), field=ask.name)]


def _unknown(action: Action, entered: Mapping[str, object]) -> list[Problem]:
    names = [ask.name for ask in action.ask]
    return [
        Problem(
            "unknown-input",
            Text(f"this action does not ask for `{name}`", f"此操作没有输入项 `{name}`"),
            fix=suggest(name, names) or Text("leave it out", "请去掉该项"),
            field=name,
        )
        for name in entered
        if name not in names
    ]
