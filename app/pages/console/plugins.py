"""Plugins: which version runs where, what is wrong with them, their rule books, and whether their scenarios hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from app.background.rehearsals import Rehearsals, Run
from app.chain.branches import Branch, branches_of
from app.pages.console.overseer import ChiefForm, OverseerDesk
from app.pages.frame.desk import Desk
from app.pages.frame.drawing import page
from core.language.definition import Citation, Plugin
from core.language.rulebook import RuleRow, rule_rows
from core.model.errors import Problem

router = APIRouter(include_in_schema=False)
WIDE_MAX = 12  # branches that stand beside each other; the rest is told by number


@dataclass(frozen=True, slots=True)
class Business:
    """One plugin: what it has, and where it runs in which version."""

    name: str
    label: str
    version: str
    records: int
    rules: int
    scenarios: int
    warnings: list[str]
    there: list[tuple[str, str, bool]]  # branch, version, whether it differs
    more: int
    verdict: str
    tone: str


def rehearsals_of(request: Request) -> Rehearsals:
    """Return the node's runs of scenarios."""
    found: Rehearsals = request.app.state.rehearsals
    return found


Runs = Annotated[Rehearsals, Depends(rehearsals_of)]


@router.get("/console/plugins")
def plugins(desk: OverseerDesk, runs: Runs) -> Response:
    """Show every plugin of headquarters and the branches that run it; faults first."""
    branches = branches_of(desk.service, desk.catalog)
    here = desk.catalog.plugins
    elsewhere = sorted({v.plugin for b in branches for s in b.stations for v in s.versions} - here.keys() - {""})
    return page(
        desk,
        "console/plugins.html",
        title=desk.words.plugins,
        businesses=[_business(desk, plugin, branches, runs.last(plugin)) for plugin in here.values()],
        elsewhere=[(name, _there(desk, name, None, branches)) for name in elsewhere],
        faults=[
            (fault.plugin, fault.kept_version, _told(desk, fault.folder, fault.problems))
            for fault in desk.catalog.faults
        ],
        types="core.setting",
    )


@router.get("/console/plugins/{name}")
def rule_book(name: str, request: Request, desk: OverseerDesk, runs: Runs) -> Response:
    """Show a plugin's rule book: each rule, where the YAML carries it out, which scenario proves it."""
    plugin = desk.catalog.plugin(name)
    show = request.query_params.get("show", "")
    run = runs.last(plugin)
    failed = {verdict.scenario for verdict in run.verdicts if not verdict.passed} if run else set[str]()
    rows = [row for row in rule_rows(plugin) if show != "unproved" or row.unproved]
    return page(
        desk,
        "console/rules.html",
        title=desk.say(plugin.label),
        plugin=plugin,
        rules=[_rule(desk, plugin, row, failed) for row in rows],
        show=show,
        run=run,
        failures=_failures(desk, plugin, run),
        rulings=sum(1 for row in rule_rows(plugin) if row.unproved),
    )


@router.post("/console/plugins/{name}/rehearse")
def rehearse(name: str, desk: ChiefForm, runs: Runs) -> Response:
    """Play all scenarios of a plugin, in memory, beside the work of the node."""
    plugin = desk.catalog.plugin(name)
    runs.start(plugin)
    return RedirectResponse(f"/console/plugins/{plugin.name}", status_code=303)


def _business(desk: Desk, plugin: Plugin, branches: Sequence[Branch], run: Run | None) -> Business:
    there = _there(desk, plugin.name, plugin.version, branches)
    verdict, tone = _verdict(desk, plugin, run)
    return Business(
        plugin.name,
        desk.say(plugin.label),
        plugin.version,
        len(plugin.records),
        len(plugin.rules),
        len(plugin.scenarios),
        _told(desk, plugin.folder, plugin.warnings),
        there[:WIDE_MAX],
        max(0, len(there) - WIDE_MAX),
        verdict,
        tone,
    )


def _there(desk: Desk, name: str, here: str | None, branches: Sequence[Branch]) -> list[tuple[str, str, bool]]:
    """Return the branches that run a plugin, those with another version first."""
    found = [
        (desk.say(branch.placard.name), version.there, version.there != here)
        for branch in branches
        for version in dict.fromkeys(v for s in branch.stations for v in s.versions if v.plugin == name)
    ]
    return sorted(found, key=lambda each: (not each[2], each[0]))


def _verdict(desk: Desk, plugin: Plugin, run: Run | None) -> tuple[str, str]:
    w = desk.words
    if not plugin.scenarios:
        return "", "plain"
    if run is None:
        return w.not_played, "plain"
    if run.running:
        return w.of("playing", len(run.verdicts), run.total), "plain"
    return (w.of("some_failed", run.failed), "bad") if run.failed else (w.of("all_passed", run.total), "good")


def _rule(desk: Desk, plugin: Plugin, row: RuleRow, failed: set[str]) -> dict[str, Any]:
    files: dict[str, list[str]] = {}
    for place in row.places:
        files.setdefault(_file(plugin, place), []).append(place.where)
    return {
        "number": row.number,
        "mark": row.rule.mark if row.rule else "",
        "text": desk.say(row.rule.text) if row.rule else "",
        "places": list(files.items()),
        "proofs": [(name, name in failed) for name in row.proofs],
        "failed": bool(failed.intersection(row.proofs)),
        "for_people": row.for_people,
        "unproved": row.unproved,
    }


def _failures(desk: Desk, plugin: Plugin, run: Run | None) -> list[tuple[str, list[str]]]:
    return [
        (
            verdict.scenario,
            [f"{_short(plugin, miss.place.file)}:{miss.place.line} {desk.say(miss.what)}" for miss in verdict.misses],
        )
        for verdict in (run.verdicts if run else ())
        if not verdict.passed
    ]


def _told(desk: Desk, folder: Path | None, problems: Sequence[Problem]) -> list[str]:
    """Return problems as a plugin's writer reads them, with paths that begin in its folder."""
    return [problem.render(desk.language).replace(f"{folder}/", "") for problem in problems]


def _file(plugin: Plugin, place: Citation) -> str:
    return _short(plugin, place.place.file)


def _short(plugin: Plugin, file: str) -> str:
    """Return a file's path within its plugin: where it lies on this machine is nobody's business."""
    path = Path(file)
    return (path.relative_to(plugin.folder) if path.is_relative_to(plugin.folder) else Path(path.name)).as_posix()
