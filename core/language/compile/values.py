"""From what stands in the YAML to a formula: literals, ``=`` expressions, first-match rows, aggregates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import cast

from core.language.compile.workshop import ZONE, Workshop
from core.language.expressions import Aggregate, Case, Cases, Expression, Formula, How, Literal, NameScope
from core.language.expressions.compile import compile_condition, compile_expression
from core.language.expressions.fit import describe, fits
from core.language.manifest import TextShape
from core.language.source import KeyPath
from core.model.errors import DefinitionError, Text
from core.model.fields import FieldSpec
from core.model.kinds import BOOL, DECIMAL, INT, LIST, MAP, NULL, TEXT, Kind, record_kind
from core.model.values import BadValue

AGGREGATES = ("count", "sum", "avg", "min", "max", "one")
_LIKE_A_RULE = re.compile(r"(self|settings|ask|old|item|me|now|today)\b[.]?")  # with the sign before it forgotten
_FILL = re.compile(r"\{([^{}]+)\}")

Given = Sequence[Expression]


def formula(
    shop: Workshop,
    raw: object,
    path: KeyPath,
    scope: NameScope,
    *,
    spec: FieldSpec | None = None,
    expect: Kind | None = None,
    given: Given = (),
) -> Formula | None:
    """Return the formula of a value, or None when it has problems, which are noted.

    ``spec`` is the field it is for: literals are read by it. ``expect`` is the kind it must give.
    """
    expect = spec.static if spec else expect
    if isinstance(raw, str) and raw.startswith("="):
        text = raw[1:].lstrip()
        return expression(shop, text, path, scope, skip=len(raw) - len(text), expect=expect, given=given)
    if _is_cases(raw):
        return _cases(shop, cast("list[dict[str, object]]", raw), path, scope, spec=spec, expect=expect, given=given)
    if isinstance(raw, Mapping) and any(how in raw for how in AGGREGATES) and not (spec and spec.type == "map"):
        return _aggregate(shop, raw, path, scope, expect)
    return literal(shop, raw, path, spec, expect)


def expression(
    shop: Workshop,
    text: str,
    path: KeyPath,
    scope: NameScope,
    *,
    skip: int = 0,
    expect: Kind | None = None,
    given: Given = (),
) -> Formula | None:
    """Return the expression that stands at ``path``, ``skip`` characters in."""
    place = shop.root.text_place(path, skip)
    recipe = partial(compile_expression, place=place, scope=scope, functions=shop.functions, expect=expect, given=given)
    shop.recipes[place.path] = recipe
    try:
        found = recipe(text)
    except DefinitionError as error:
        shop.collect(error)
        return None
    shop.problems.extend(found.warnings)
    return found


def condition(shop: Workshop, raw: object, path: KeyPath, scope: NameScope, given: Given = ()) -> Formula | None:
    """Return the formula of ``when``, ``while`` or ``rule``; None when there is none or it has problems."""
    if raw is None:
        return None
    if isinstance(raw, bool):
        return Literal(raw, BOOL, shop.root.place(path))
    if not isinstance(raw, str):
        shop.fault("wrong-shape", "a condition is expected here", "此处应为条件", path)
        return None
    if raw.startswith("="):
        shop.fault(
            "needless-equals",
            "a condition is always an expression: it has no `=` in front",
            "条件总是表达式，前面不写 `=`",
            path,
            Text("remove the first `=`", "请删除开头的 `=`"),
        )
        return None
    place = shop.root.text_place(path)
    recipe = partial(compile_condition, place=place, scope=scope, functions=shop.functions, given=given)
    shop.recipes[place.path] = recipe
    try:
        found = recipe(raw)
    except DefinitionError as error:
        shop.collect(error)
        return None
    shop.problems.extend(found.warnings)
    return found


def where(shop: Workshop, raw: object, path: KeyPath, scope: NameScope) -> Formula | None:
    """Return a ``where``: a condition the database can answer (checked once all formulas are known)."""
    found = condition(shop, raw, path, scope)
    if isinstance(found, Expression):
        shop.wheres.append(found)
    return found


def fills(
    shop: Workshop, shape: TextShape | None, path: KeyPath, scope: NameScope, given: Given = ()
) -> dict[str, Formula]:
    """Return the formulas of the ``{self.field}`` places of a text, by what stands between the braces."""
    found: dict[str, Formula] = {}
    for language in ("en", "zh") if shape else ():
        text: str = getattr(shape, language)
        for match in _FILL.finditer(text):
            here = shop.root.text_place((*path, language), match.start(1))
            try:
                found[match[1]] = compile_expression(match[1], here, scope, shop.functions, given=given)
            except DefinitionError as error:
                shop.collect(error)
    return found


def literal(
    shop: Workshop, raw: object, path: KeyPath, spec: FieldSpec | None, expect: Kind | None = None
) -> Formula | None:
    """Return a literal, read by the type of its field."""
    place = shop.root.place(path)
    if raw is None:
        return Literal(None, NULL, place)
    if spec is None:
        kind = _literal_kind(raw)
        if expect is not None and not fits(kind, expect):
            _wrong_kind(shop, kind, expect, path)
            return None
        return Literal(raw, kind, place)
    if spec.type == "ref":  # no record has a name that a plugin could know
        shop.fault(
            "ref-literal",
            f"`{raw}` is a text, and a ref points to a record",
            f"`{raw}` 是文本，而 ref 须指向记录",
            path,
            Text(f"an expression begins with `=`: `={raw}`", f"表达式以 `=` 开头：`={raw}`"),
        )
        return None
    try:
        return Literal(spec.parse(raw, ZONE), spec.static, place)
    except BadValue as bad:
        meant = isinstance(raw, str) and _LIKE_A_RULE.match(raw.strip())
        expression = Text(f"an expression begins with `=`: `={raw}`", f"表达式以 `=` 开头：`={raw}`")
        fix = (
            expression
            if meant
            else bad.fix or Text("text that begins with `=` is an expression", "以 `=` 开头的文本是表达式")
        )
        shop.fault(bad.code, bad.what.en, bad.what.zh, path, fix)
        return None


def _is_cases(raw: object) -> bool:
    return (
        isinstance(raw, list)
        and bool(raw)
        and all(isinstance(row, Mapping) and row.keys() <= {"when", "is"} and row for row in raw)
        and any("when" in row or "is" in row for row in raw)
    )


def _cases(
    shop: Workshop,
    rows: list[dict[str, object]],
    path: KeyPath,
    scope: NameScope,
    *,
    spec: FieldSpec | None,
    expect: Kind | None,
    given: Given,
) -> Formula | None:
    cases: list[Case] = []
    for index, row in enumerate(rows):
        here = (*path, index)
        if "is" not in row:
            shop.fault("missing-key", "the key `is` is missing", "缺少键 `is`", here)
            continue
        raw_when = row.get("when")
        if raw_when is None and index < len(rows) - 1:
            shop.fault(
                "hides-later-rows",
                "a row without `when` hides the rows below it",
                "没有 `when` 的行会遮住其后各行",
                here,
                Text("move it to the end", "请移到最后"),
            )
        when = condition(shop, raw_when, (*here, "when"), scope, given)
        known = (*given, when) if isinstance(when, Expression) else given
        value = formula(shop, row["is"], (*here, "is"), scope, spec=spec, expect=expect, given=known)
        if value is not None and (when is not None or raw_when is None):
            cases.append(Case(when, value))
    if len(cases) < len(rows):
        return None
    kind = expect or next((case.is_.kind for case in cases if case.is_.kind != NULL), NULL)
    return Cases(tuple(cases), kind, shop.root.place(path))


def _aggregate(
    shop: Workshop, raw: Mapping[str, object], path: KeyPath, scope: NameScope, expect: Kind | None
) -> Formula | None:
    how = cast("How", next(key for key in AGGREGATES if key in raw))
    for key in raw.keys() - {how, "where"}:
        shop.key_fault(
            "unknown-key",
            f"unknown key `{key}` beside `{how}`",
            f"`{how}` 旁的键 `{key}` 未知",
            (*path, key),
            Text(f"write {{{how}: record.field, where: …}}", f"请写 {{{how}: 记录.字段, where: …}}"),
        )
    target = str(raw[how])
    name, _, part = target.partition(".")
    if not shop.known(name, shop.reach.local_names(), Text("record", "记录"), (*path, how), "unknown-record"):
        return None
    shape = shop.reach.shapes[name]
    kind = shape.kind_of(part) if part else record_kind(shape.key)
    if kind is None:
        shop.known(part, shape.fields, Text(f"field of {name}:", f"{name} 字段"), (*path, how), "unknown-field")
        return None
    if how in ("sum", "avg") and (not part or kind.name not in ("int", "decimal", "duration", "any")):
        shop.fault("wrong-kind", f"`{how}` needs a field that is a number", f"`{how}` 需要数字字段", (*path, how))
        return None
    if how in ("min", "max") and not part:
        shop.fault("wrong-kind", f"`{how}` needs a field: {name}.field", f"`{how}` 需要字段：{name}.字段", (*path, how))
        return None
    kind = {"count": INT, "avg": DECIMAL}.get(how, kind)
    if expect is not None and not fits(kind, expect):
        _wrong_kind(shop, kind, expect, (*path, how))
        return None
    inner = NameScope({**scope.names, name: record_kind(shape.key)}, scope.records, name, scope.empty, scope.known)
    raw_where = raw.get("where")
    found = where(shop, raw_where, (*path, "where"), inner)
    if raw_where is not None and found is None:
        return None
    wanted = found if isinstance(found, Expression) else None
    query = Aggregate(how, shape.key, name, part or None, wanted, kind, shop.root.place(path))
    shop.wheres.append(query)
    return query


def _wrong_kind(shop: Workshop, got: Kind, want: Kind, path: KeyPath) -> None:
    is_, needed = describe(got), describe(want)
    shop.fault("wrong-kind", f"this is {is_.en}, {needed.en} is needed", f"此处是{is_.zh}，应为{needed.zh}", path)


def _literal_kind(raw: object) -> Kind:
    if isinstance(raw, bool):
        return BOOL
    kinds: list[tuple[type, Kind]] = [(int, INT), (Decimal, DECIMAL), (str, TEXT), (list, LIST), (dict, MAP)]
    return next((kind for type_, kind in kinds if isinstance(raw, type_)), MAP)
