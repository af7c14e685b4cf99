"""The ``then`` of a scenario: expressions over everything that has a name, and both sides of what does not hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from core.language.compile.reach import reach_of
from core.language.expressions import STANDARD_NAMES, Env, Expression, NameScope, Records, RecordShape, Row
from core.language.expressions.compile import compile_expression
from core.language.expressions.tree import Compare, Logic, Node
from core.model.errors import NodeError, Place, Text
from core.model.kinds import ANY, MAP, Kind, record_kind
from stores.actor import SYSTEM_ACTOR
from stores.rehearsal.cast import Cast
from stores.rehearsal.verdict import Miss, because

_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass
class Expectations:
    """Looks at the stage with the eyes of a rule: named records, all records of a type, what somebody ``seen``."""

    cast: Cast

    @cached_property
    def _shapes(self) -> Mapping[str, RecordShape]:
        plugin = self.cast.stage.plugin
        reach = reach_of(self.cast.stage.node.catalog.plugins, [*plugin.requires, plugin.name])
        reach.refresh()
        return reach.shapes

    def miss(self, text: str, place: Place, seen: Mapping[str, object]) -> Miss | None:
        """Return what differed when ``text`` does not hold; None when it does. ``seen`` adds names of one step."""
        try:
            with self._env(text, seen) as (scope, env):
                expression = self._compiled(text, place, scope)
                if expression(env) is True:
                    return None
                return Miss(place, self._difference(expression, scope, env))
        except NodeError as error:
            return Miss(place, because(Text(f"`{text}` cannot be worked out", f"`{text}` 无法计算"), error))

    def value(self, text: str, place: Place) -> object:
        """Return what an expression gives."""
        with self._env(text, {}) as (scope, env):
            return self._compiled(text, place, scope)(env)

    def record(self, text: str, place: Place) -> Row | None:
        """Return the record an expression gives: ``b``, ``plan[0]``, ``b.room``."""
        value = self.value(text, place)
        return value if isinstance(value, Row) else None

    @contextmanager
    def _env(self, text: str, seen: Mapping[str, object]) -> Iterator[tuple[NameScope, Env]]:
        """Give the names a text mentions, and what they stand for just now."""
        stage = self.cast.stage
        values: dict[str, object] = dict(seen)
        kinds: dict[str, Kind] = dict.fromkeys(seen, ANY)
        for word in set(_WORD.findall(text)) - seen.keys():
            if word in self.cast.bound:
                type_, id = self.cast.bound[word]
                values[word], kinds[word] = stage.row(type_, id), record_kind(type_)
            elif record := self._record_called(word):
                named = self._named(record, text, word)
                values[word] = Records(stage.all_rows(stage.record(record)), named)
                parts = tuple((name, record_kind(record)) for name in named)
                kinds[word] = Kind("list", item=record_kind(record), parts=parts)
        scope = NameScope({**STANDARD_NAMES, "settings": MAP, **kinds}, self._shapes, None)
        with stage.world() as world:
            yield scope, world.env(None, stage.now, SYSTEM_ACTOR, **values)

    def _record_called(self, word: str) -> str | None:
        try:
            return self.cast.stage.record(word).key
        except NodeError:
            return None

    def _named(self, type_: str, text: str, word: str) -> Mapping[str, Row]:
        """Return the samples of a type by name, first putting those on the stage that the text mentions."""
        for name in re.findall(rf"\b{word}\.(\w+)", text):
            self.cast.look_up(name, type_)
        return self.cast.named_rows(type_)

    def _compiled(self, text: str, place: Place, scope: NameScope) -> Expression:
        return compile_expression(text, place, scope, self.cast.stage.node.catalog.functions)

    def _difference(self, expression: Expression, scope: NameScope, env: Env) -> Text:
        """Return the first part that does not hold, with the values of its sides."""
        part = _first_false(expression.tree, expression.text, lambda text: self._holds(text, scope, env))
        text = expression.text[part.start : part.end]
        if isinstance(part, Compare) and len(part.rest) == 1:
            right = part.rest[0][1]
            sides = [expression.text[side.start : side.end] for side in (part.first, right)]
            shown = [self._shown(side, scope, env) for side in sides]
            told = [f"{side} = {value}" for side, value in zip(sides, shown, strict=True) if side != value]
            return Text(f"expected `{text}`, but {', '.join(told)}", f"预期 `{text}`，实际 {'，'.join(told)}")
        return Text(f"expected `{text}`, which is not so", f"预期 `{text}`，实际不成立")

    def _holds(self, text: str, scope: NameScope, env: Env) -> bool:
        try:
            return compile_expression(text, None, scope, self.cast.stage.node.catalog.functions)(env) is True
        except NodeError:
            return False

    def _shown(self, text: str, scope: NameScope, env: Env) -> str:
        try:
            value = compile_expression(text, None, scope, self.cast.stage.node.catalog.functions)(env)
        except NodeError as error:
            return str(error)
        return self._said(value)

    def _said(self, value: object) -> str:
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime):
            return value.astimezone(self.cast.stage.zone).strftime("%Y-%m-%d %H:%M:%S")
        if isinstance(value, Row):
            return self._name_of(value)
        if isinstance(value, list | tuple):
            return "[" + ", ".join(self._said(each) for each in value) + "]"
        if isinstance(value, str):
            return self._name_of_id(value) or f'"{value}"'
        return str(value)

    def _name_of(self, row: Row) -> str:
        return self._name_of_id(row.id) or str(row.values.get("number") or row.id)

    def _name_of_id(self, id: str) -> str | None:
        for name, (_, bound) in self.cast.bound.items():
            if bound == id:
                return name
        for type_, samples in self.cast.samples.items():
            for name, known in samples.items():
                if known == id:
                    return f"{type_.rpartition('.')[2]}.{name}"
        return None


def _first_false(tree: Node, text: str, holds: Callable[[str], bool]) -> Node:
    """Return the first part of an ``and`` that does not hold, or the whole."""
    if isinstance(tree, Logic) and tree.op == "and":
        for part in tree.parts:
            if not holds(text[part.start : part.end]):
                return _first_false(part, text, holds)
    return tree
