"""Reports as somebody may see them: the figures, per store at headquarters, per row, and the records behind each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import ColumnElement, false, or_

from core.language.calendar import Period
from core.language.definition import SYSTEM, Plugin
from core.language.expressions import holds
from core.language.report import Figure, Report, ReportRead
from core.model.errors import Forbidden, NodeError, NotFound, Problem, Text, suggest
from core.model.scope import HEADQUARTERS
from stores import rows
from stores.actor import Actor
from stores.acts.messages import value_or_none
from stores.acts.permission import acting_roles
from stores.node import Node
from stores.reads.breakdown import RowLine, row_lines
from stores.reads.reading import Reading
from stores.reads.records import Page, query
from stores.reads.sight import known_roles
from stores.reads.stores import stores_of
from stores.reads.tally import behind, in_row, period_of, tally
from stores.world import NodeWorld

Json = dict[str, Any]


def show_report(
    node: Node, actor: Actor, plugin: Plugin, report: Report, day: date | None = None, store: str | None = None
) -> Json:
    """Return a report for the period that ``day`` (default: the business day) is in.

    ``total`` is of all stores asked, ``stores`` of each of them when there is more than one, ``rows`` of each row, the
    greatest first, with the figures counted ``by`` what it is. A store's people get their store; people of headquarters
    every store of the business, or ``store``. Who may see only some rows gets no totals: they would tell the others'.
    Labels are Texts; figures that are not whole numbers are text. Raises Forbidden.
    """
    rules = _rules_now(node, actor, plugin, report)
    with node.database.survey() as connection:
        reading = Reading(connection, node, actor)
        world = reading.world(plugin.name, store or actor.store)
        period = _period(world, report, day)
        stores = _stores(reading, plugin, store)
        found = tally(world, report, period, stores, actor)
        hidden, bound = _hidden(report, rules), all(rule.where is not None for rule in rules)
        answer = _head(world, report, period, hidden)
        lines, answer["more"] = row_lines(reading, found, rules, hidden)
        answer["rows"] = [_row_line(node, report, line, hidden) for line in lines]
        answer["total"] = None if bound else _line(node, report, found.line(stores), hidden)
        apart = [] if bound or len(stores) < 2 else [(each, found.line([each])) for each in stores]
        answer["stores"] = [{"store": each, "figures": _line(node, report, line, hidden)} for each, line in apart]
        answer["not_configured"] = sorted(name for name in found.blank if name not in hidden)
    return answer


def trend(
    node: Node, actor: Actor, plugin: Plugin, report: Report, figure: str, day: date | None, periods: int
) -> list[Json]:
    """Return one figure of a report over the period that ``day`` is in and those before it, the earliest first.

    Of each ``start`` and ``end``, the ``total``, and the figure of every store when there is more than one. Nothing
    else of the report is counted. Who may see only some rows gets no figures. Raises Forbidden and NotFound.
    """
    rules = _rules_now(node, actor, plugin, report)
    with node.database.survey() as connection:
        reading = Reading(connection, node, actor)
        _known(report, figure, _hidden(report, rules))
        world, stores = reading.world(plugin.name, actor.store), _stores(reading, plugin, None)
        bound, part = all(rule.where is not None for rule in rules), _only(report, figure)
        found, period = list[Json](), _period(world, report, day)
        for _ in range(periods):
            counted = tally(world, part, period, stores, actor)
            lines = {each: counted.line([each])[figure] for each in stores} if len(stores) > 1 and not bound else {}
            shown = {store: _plain(node, report.figures[figure], value) for store, value in lines.items()}
            total = None if bound else _plain(node, report.figures[figure], counted.line(stores)[figure])
            found.insert(0, {"start": period.start, "end": period.end, "stores": shown, "total": total})
            period = _period(world, report, period.start - timedelta(days=1))
    return found


def _only(report: Report, figure: str) -> Report:
    """Return a report of one figure and what it is worked out from, without rows."""
    wanted = {figure} | report.figures[figure].parts
    figures = {name: replace(one, group=None) for name, one in report.figures.items() if name in wanted}
    return replace(report, figures=figures)


def records_behind(  # noqa: PLR0913 - each says which of the records
    node: Node,
    actor: Actor,
    plugin: Plugin,
    report: Report,
    figure: str,
    day: date | None = None,
    store: str | None = None,
    row: str | None = None,
    *,
    limit: int = 50,
    cursor: str | None = None,
    total: bool = False,
) -> Page:
    """Return a page of the records a figure counts, as far as the actor may see them, masks applied.

    ``row`` is the key of one row. Raises NotFound for a figure that counts nothing itself, with those it is made of.
    """
    rules = _rules_now(node, actor, plugin, report)
    one = _counted(report, figure, _hidden(report, rules))
    if all(rule.where is not None for rule in rules):
        _check_row(node, actor, plugin, report, rules, row)
    assert one.query is not None, "`_counted` has seen to it"

    def wanted(reading: Reading) -> list[ColumnElement[bool]]:
        world = reading.world(plugin.name, store or actor.store)
        period, stores = _period(world, report, day), _stores(reading, plugin, store)
        parts = behind(world, one, period, stores, actor)
        found = [
            test if row is None else test & in_row(one, env, world, _cell(one, row or None)) for env, test in parts
        ]
        return [or_(*found) if found else false()]

    return query(
        node, actor, node.catalog.records[one.query.record], limit=limit, cursor=cursor, total=total, also=wanted
    )


def listed(node: Node, actor: Actor, plugin: Plugin, day: date | None = None) -> list[Json]:
    """Return the reports of a plugin that the actor may see, each with its period and when it is due."""
    found = []
    for report in plugin.reports.values():
        try:
            found.append(head(node, actor, plugin, report, day))
        except Forbidden:  # not his to see
            continue
    return found


def head(node: Node, actor: Actor, plugin: Plugin, report: Report, day: date | None = None) -> Json:
    """Return what a report is for the period that ``day`` is in: when it is due and which figures it shows. No figure
    is counted. Raises Forbidden."""
    with node.database.read() as connection:
        reading = Reading(connection, node, actor)
        rules = _rules(reading, plugin, report)
        world = reading.world(plugin.name, actor.store)
        return _head(world, report, _period(world, report, day), _hidden(report, rules))


def _rules_now(node: Node, actor: Actor, plugin: Plugin, report: Report) -> list[ReportRead]:
    """Return the read rules that apply to the reader as of now: a replica may still hold a post that was taken away."""
    with node.database.read() as connection:
        return _rules(Reading(connection, node, actor), plugin, report)


def _rules(reading: Reading, plugin: Plugin, report: Report) -> list[ReportRead]:
    """Return the read rules that apply to the reader; raise Forbidden when none does."""
    actor = reading.actor
    held = acting_roles(reading.world(plugin.name, actor.store), actor)
    if actor.id == SYSTEM or (report.read is None and held & known_roles(reading.node.catalog, plugin.name)):
        return [ReportRead()]
    rules = [rule for role, rule in (report.read or {}).items() if role in held]
    if not rules:
        label = report.label
        raise Forbidden.of("no-read-role", f"your roles do not include `{label.en}`", f"您的岗位无权查看“{label.zh}”")
    return rules


def _hidden(report: Report, rules: Sequence[ReportRead]) -> frozenset[str]:
    """Return the figures that every rule hides, and what would give them away."""
    hidden = frozenset.intersection(*(rule.hide for rule in rules))
    return frozenset(n for n, figure in report.figures.items() if n in hidden or figure.parts & hidden)


def _stores(reading: Reading, plugin: Plugin, store: str | None) -> list[str]:
    """Return whose figures are asked for; raise NotFound for a store that is none of the reader's business."""
    actor = reading.actor
    if actor.store != HEADQUARTERS and actor.id != SYSTEM:
        if store not in (None, actor.store):
            raise NotFound.of("other-store", f"you do not work in store `{store}`", f"您不属于门店 `{store}`")
        return [actor.store]
    if store is not None:
        return [store]
    return stores_of(reading.connection, reading.node, plugin)


def _period(world: NodeWorld, report: Report, day: date | None) -> Period:
    return period_of(world, report, day or world.calendar().business_date(world.node.now()))


def _head(world: NodeWorld, report: Report, period: Period, hidden: Collection[str]) -> Json:
    env = world.env(None, world.node.now(), _NOBODY, period=period)
    due = value_or_none(report.due, env) if report.due is not None else None
    return {
        "report": report.name,
        "label": report.label,
        "period": {"name": period.name, "start": period.start.isoformat(), "end": period.end.isoformat()},
        "due": due.astimezone(world.node.zone).isoformat() if isinstance(due, datetime) else None,
        "figures": [_described(figure) for name, figure in report.figures.items() if name not in hidden],
    }


def _described(figure: Figure) -> Json:
    told: Json = {"name": figure.name, "label": figure.label, "unit": figure.unit}
    if figure.query is not None:
        return told | {"of": figure.query.record, "rows": figure.group is not None}
    return told | {"from": sorted(figure.parts)}


def _row_line(node: Node, report: Report, line: RowLine, hidden: Collection[str]) -> Json:
    return {"row": line.key, "name": line.name, "by": line.by, "figures": _line(node, report, line.figures, hidden)}


def _line(node: Node, report: Report, line: Mapping[str, object], hidden: Collection[str]) -> Json:
    return {name: _plain(node, report.figures[name], value) for name, value in line.items() if name not in hidden}


def _plain(node: Node, figure: Figure, value: object) -> object:
    """Return a figure as JSON: whole numbers as they are, others as text, ratios to four digits."""
    if isinstance(value, Decimal):
        step = Decimal("0.0001") if figure.unit == "percent" else Decimal("0.01")
        return str(value.quantize(step, rounding=ROUND_HALF_UP))
    if isinstance(value, datetime):
        return value.astimezone(node.zone).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _known(report: Report, name: str, hidden: Collection[str]) -> Figure:
    figure = report.figures.get(name)
    if figure is None or name in hidden:
        what = Text(f"the report has no figure `{name}`", f"报表没有指标 `{name}`")
        raise NotFound((Problem("no-such-figure", what, fix=suggest(name, report.figures)),))
    return figure


def _counted(report: Report, name: str, hidden: Collection[str]) -> Figure:
    figure = _known(report, name, hidden)
    if figure.query is None:
        made_of = [each for each in report.figures if each in figure.parts]
        what = Text(f"`{name}` is worked out from other figures", f"`{name}` 由其他指标计算得出")
        fix = Text("open: " + ", ".join(made_of), "请查看：" + "、".join(made_of))
        raise NotFound((Problem("no-records-behind", what, fix=fix),))
    return figure


def _check_row(
    node: Node, actor: Actor, plugin: Plugin, report: Report, rules: Sequence[ReportRead], row: str | None
) -> None:
    """Let who is bound to rows open only those."""
    with node.database.read() as connection:
        reading = Reading(connection, node, actor)
        assert report.subject is not None, "`where` of a read rule needs rows"
        subject = rows.load(connection, node, node.catalog.records[report.subject], row) if row else None
        env = None
        if subject is not None:
            own = node.catalog.records[report.subject].name
            env = reading.env(plugin.name, str(subject.values["store"])).having(**{own: subject})
        if env is None or not any(holds(rule.where, env) for rule in rules):
            raise Forbidden.of("not-your-row", "this row is not yours to open", "您无权查看该行明细")


def _cell(figure: Figure, row: str | None) -> object:
    """Return the key of a row as the database holds it."""
    kind = figure.group.kind.name if figure.group is not None else ""
    if row is None or kind not in ("int", "decimal", "bool"):
        return row
    try:
        return int(row)
    except ValueError:
        raise NodeError.of("bad-parameter", "`row` must be a number", "`row` 须为数字", field="row") from None


_NOBODY = Actor(SYSTEM, HEADQUARTERS, frozenset(), "system")
