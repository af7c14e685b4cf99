"""Reports: what is counted, by what it is grouped, what is worked out from it, and who may see it."""

from __future__ import annotations

from typing import Literal

from core.language.compile.records import subject_of
from core.language.compile.values import condition, formula
from core.language.compile.views import known_path
from core.language.compile.workshop import Workshop
from core.language.expressions import STANDARD_NAMES, Aggregate, Expression, names_in
from core.language.manifest.reports import FigureShape, ReportShape
from core.language.report import Figure, Report, ReportRead
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.kinds import DATETIME, DECIMAL, Kind, record_kind

_NUMBERS = ("int", "decimal")
_TIMES = ("date", "datetime")
_KINDS = {"count": _NUMBERS, "sum": _NUMBERS, "avg": _NUMBERS, "min": _NUMBERS + _TIMES, "max": _NUMBERS + _TIMES}


def compile_reports(shop: Workshop) -> dict[str, Report]:
    """Return the reports."""
    return {name: _report(shop, name, shape) for name, shape in shop.manifest.reports.items()}


def _report(shop: Workshop, name: str, shape: ReportShape) -> Report:
    path = ("reports", name)
    period, every = next(iter(shape.every.items()))
    subject, found, names = None, None, dict[str, Kind]()
    if every is not None:
        here = (*path, "every", period)
        subject = subject_of(shop, every, here)
        if subject is not None:
            names = {every.for_: record_kind(subject)}
            found = condition(shop, every.where, (*here, "where"), shop.scope(names, empty=["me"]))
    figures = _figures(shop, shape, path, subject)
    due = None if shape.due is None else formula(shop, shape.due, (*path, "due"), shop.scope(), expect=DATETIME)
    label = shop.label(shape.label, path, needed=True)
    read = _read(shop, shape, path, names)
    cite = tuple(shape.cite)
    tell = _tell(shop, shape, path)
    return Report(name, label, shop.root.key_place(path), period, figures, subject, found, due, tell, read, cite)


def _tell(shop: Workshop, shape: ReportShape, path: KeyPath) -> tuple[str, ...]:
    """Return the roles that are told when the report is due; who is told must be able to read it."""
    for index, role in enumerate(shape.tell):
        here = (*path, "tell", index)
        if shop.known_role(role, here) and shape.read is not None and role not in shape.read:
            shop.fault("told-unread", f"{role} may not read this report", f"岗位 {role} 无权查看此报表", here)
    if shape.tell and shape.due is None:
        shop.key_fault("no-due", "`tell` needs a `due`", "写了 `tell` 须同时写 `due`", (*path, "tell"))
    if shape.due is not None and not shape.tell:
        fix = Text("name them under `tell`", "请在 `tell` 中写明岗位")
        shop.warn(
            "tells-nobody", "nobody is told when this report is due", "此报表到期时不通知任何人", (*path, "due"), fix
        )
    return tuple(shape.tell)


def _figures(shop: Workshop, shape: ReportShape, path: KeyPath, subject: str | None) -> dict[str, Figure]:
    """Return the figures in the order written; a value may use those above it."""
    found: dict[str, Figure] = {}
    for name, one in shape.figures.items():
        here = (*path, "figures", name)
        if name in STANDARD_NAMES or name == "null":
            shop.key_fault("reserved-name", f"`{name}` has a meaning in rules", f"`{name}` 在规则中另有含义", here)
        hows = [how for how in _KINDS if getattr(one, how) is not None]
        if len(hows) + (one.value is not None) != 1:
            shop.key_fault(
                "bad-figure",
                "a figure is one of count, sum, avg, min, max, or a value",
                "指标须为 count、sum、avg、min、max 或 value 之一",
                here,
            )
        elif one.value is not None:
            found[name] = _worked_out(shop, name, one, here, found)
        elif figure := _counted(shop, name, one, hows[0], here, subject):
            found[name] = figure
    return found


def _counted(
    shop: Workshop, name: str, one: FigureShape, how: str, path: KeyPath, subject: str | None
) -> Figure | None:
    raw = {how: getattr(one, how)} | ({"where": one.where} if one.where is not None else {})
    query = formula(shop, raw, path, shop.scope())
    if not isinstance(query, Aggregate):
        return None
    if query.kind.name not in _KINDS[how]:
        fitting = Text("a number or a time", "数字或时间") if how in ("min", "max") else Text("a number", "数字")
        shop.fault("wrong-kind", f"`{how}` needs {fitting.en}", f"`{how}` 需要{fitting.zh}", (*path, how))
    group = _group(shop, query, one.by, (*path, "by"), subject) if one.by is not None else None
    label, place = shop.label(one.label, path, needed=False), shop.root.key_place(path)
    return Figure(name, label, place, query, group, unit=one.unit or _unit(shop, query), cite=tuple(one.cite))


def _unit(shop: Workshop, query: Aggregate) -> Literal["CNY"] | None:
    """Return the unit of a total that says none: that of amounts of money is yuan."""
    spec = shop.reach.drafts[query.record].specs.get(query.field or "")
    return "CNY" if query.how != "count" and spec is not None and spec.type == "money" else None


def _group(shop: Workshop, query: Aggregate, by: str, path: KeyPath, subject: str | None) -> Expression | None:
    """Return by what a figure is grouped: a field of the counted record, or one that a ref of it leads to."""
    draft = shop.reach.drafts[query.record]
    if not known_path(shop, draft, by, path, timers=False):
        return None
    found = formula(shop, f"={query.name}.{by}", path, shop.scope({query.name: record_kind(draft.key)}, own=query.name))
    if not isinstance(found, Expression):
        return None
    shop.wheres.append(found)
    wrong = found.kind.record != subject if subject else found.kind.name in ("list", "map", "any")
    if wrong:
        shop.fault(
            "wrong-kind",
            f"the rows are {subject}, `{by}` is something else" if subject else f"`{by}` is no single value",
            f"报表各行为 {subject}，`{by}` 不是" if subject else f"`{by}` 不是单一值",
            path,
        )
    return found


def _worked_out(shop: Workshop, name: str, one: FigureShape, path: KeyPath, above: dict[str, Figure]) -> Figure:
    for key in ("where", "by"):
        if getattr(one, key) is not None:
            shop.key_fault("needless-key", f"a value has no `{key}`", f"`value` 不带 `{key}`", (*path, key))
    names = {each: figure.query.kind if figure.query else DECIMAL for each, figure in above.items()}
    value = formula(shop, one.value, (*path, "value"), shop.scope(names), expect=DECIMAL)
    used = names_in(value) & above.keys()
    parts = used.union(*(above[each].parts for each in used))
    label, place = shop.label(one.label, path, needed=False), shop.root.key_place(path)
    return Figure(name, label, place, value=value, parts=frozenset(parts), unit=one.unit, cite=tuple(one.cite))


def _read(shop: Workshop, shape: ReportShape, path: KeyPath, names: dict[str, Kind]) -> dict[str, ReportRead] | None:
    if shape.read is None:
        return None
    found = {}
    for role, rule in shape.read.items():
        here = (*path, "read", role)
        shop.known_role(role, here)
        for index, figure in enumerate(rule.hide):
            known = Text("figure of the report", "报表指标")
            shop.known(figure, shape.figures, known, (*here, "hide", index), "unknown-figure")
        if rule.where is not None and not names:
            shop.key_fault(
                "no-rows",
                "there are no rows to choose from: `every` has no `for`",
                "没有可筛选的行：`every` 未写 `for`",
                (*here, "where"),
            )
        test = condition(shop, rule.where, (*here, "where"), shop.scope(names))
        found[role] = ReportRead(test, frozenset(rule.hide), tuple(rule.cite))
    return found
