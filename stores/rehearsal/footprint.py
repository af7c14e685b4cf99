"""What a scenario walks over: the record types, actions, outcomes, settings and notices that its play really used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import process_time
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.host.host import Host
from core.language.definition import EVERYONE, Plugin, Scenario
from core.language.mutants import Mutant
from core.language.yaml_tree import KeyPath
from core.model.errors import NodeError
from stores.acts.calls import Call, Receipt
from stores.rehearsal.play import Play
from stores.rehearsal.stage import Album, Stage
from stores.rehearsal.verdict import Missed
from stores.storage.system import LOG, TIMER

NOTICE = "core.notice"
_BOUNDS = ("min", "max")  # of a setting: looked at when it is set, not when it is read


@dataclass(frozen=True, slots=True)
class Footprint:
    """One scenario's way through a plugin: rather too much than too little stands in it."""

    scenario: str
    passed: bool
    types: frozenset[str]
    done: frozenset[tuple[str, str]]  # record type and action: carried out, or tried in vain
    refused: frozenset[tuple[str, str]]  # of these, what was refused to people or to a timer
    denied: bool  # whether anything at all was refused, to people or to a timer
    fields: frozenset[tuple[str, str]]  # record type and computed field, or report and figure, worked out at least once
    asked: frozenset[tuple[str, str]]  # of these, those that the database worked out
    roles: frozenset[str]  # held by the people who act or look
    outcomes: frozenset[tuple[str, str, int]]
    settings: frozenset[str]
    set: frozenset[str]  # settings given or changed, or refused to be
    notices: frozenset[str]
    reports: frozenset[str]  # read by a person
    words: str  # everything it expects, as one text
    firings: int
    seconds: float
    before: Footprint | None = None  # the same of what came before its first step

    def crosses(self, mutant: Mutant, plugin: Plugin) -> bool:
        """Return whether a mutant of the plugin could make a difference to the scenario."""
        path = mutant.path
        if len(path) < 2:
            return True
        name = str(path[1])
        match path[0]:
            case "settings":
                return name in (self.set if path[-1] in _BOUNDS else self.settings) or path[-1] == "excludes"
            case "notices":
                return f"{plugin.name}.{name}" in self.notices
            case "reports":
                return self._crosses_report(f"{plugin.name}.{name}", path[2:])
            case "dispatch":
                return name in self.words or any(key in self.types for key in _pickers(plugin, name))
            case "records" | "ledgers" | "scorecards":
                seen = self._crosses_record(record_key(plugin, name), path[2:])
                return seen and (self.denied or not _loosens(mutant))
        return True

    def asks(self, mutant: Mutant, plugin: Plugin) -> bool:
        """Return whether the database worked out the field that a mutant breaks: nobody saw how it came out."""
        section, name, *inside = (*mutant.path, "", "")
        return (
            section == "records"
            and inside[:1] == ["fields"]
            and ((record_key(plugin, str(name)), str(inside[1])) in self.asked)
        )

    def _crosses_report(self, key: str, inside: KeyPath) -> bool:
        if key in self.reports:
            return True
        asked = {figure for report, figure in self.fields if report == key}
        if not asked or inside[0] in ("read", "due"):
            return False
        return inside[0] != "figures" or str(inside[1]) in asked

    def _crosses_record(self, key: str, inside: KeyPath) -> bool:
        if len(inside) > 2 and inside[0] == "fields" and inside[2] == "value":
            return (key, str(inside[1])) in self.fields
        if len(inside) > 1 and inside[0] == "read":
            return key in self.types and inside[1] in self.roles
        if len(inside) < 2 or inside[0] != "actions":
            return key in self.types
        action, below = (key, str(inside[1])), inside[2:]
        row = below[1] if len(below) > 2 and below[0] == "outcomes" and below[2] != "when" else None
        if isinstance(row, int) and action not in self.refused and any(each[:2] == action for each in self.outcomes):
            return (*action, row) in self.outcomes  # which outcome was taken is known, and it was another
        return action in self.done


class _Watched(Play):
    """A play that notes which actions were tried, and which of them were refused."""

    def __init__(self, stage: Stage, scenario: Scenario) -> None:
        super().__init__(stage, scenario)
        self.before: Footprint | None = None
        self.tried: set[tuple[str, str]] = set()
        self.refused: set[tuple[str, str]] = set()

    def _begin(self) -> None:
        super()._begin()
        self.before = _seen(self, passed=True, seconds=0.0)

    def _perform(self, call: Call) -> Receipt:
        self.tried.add((call.record.key, call.action))
        try:
            return super()._perform(call)
        except NodeError:
            self.refused.add((call.record.key, call.action))
            raise


def footprint(host: Host, plugin: Plugin, scenario: Scenario, zone: ZoneInfo, album: Album) -> Footprint:
    """Play a scenario and return where it went; ``album`` keeps what it begins with, for later plays."""
    began = process_time()
    with Stage.opened(host, plugin, scenario.now, zone, scenario.store, album=album) as stage:
        play = _Watched(stage, scenario)
        try:
            passed = not list(play.misses())
        except (Missed, NodeError):
            passed = False
        return _seen(play, passed, process_time() - began)


def _seen(play: _Watched, passed: bool, seconds: float) -> Footprint:
    """Return the way up to here."""
    stage, scenario = play.stage, play.scenario
    lines = list(_logged(stage))
    tried = play.tried | stage.fired
    types = {key for key, _, _ in lines} | {key for key, _ in tried}
    types |= {stage.record(step.do[0]).key for step in scenario.steps if step.do}
    records = stage.node.catalog.records
    expected = [text for step in scenario.steps for text in step.then] + [text for text, _ in scenario.then]
    refused = play.refused | stage.refused
    return Footprint(
        scenario.name,
        passed,
        frozenset(types),
        frozenset({(key, action) for key, action, _ in lines} | tried),
        frozenset(refused),
        bool(refused) or _timer_failed(stage),
        frozenset(stage.fields_read),
        frozenset(stage.fields_asked),
        frozenset(_roles(stage.plugin, scenario)),
        frozenset((key, action, index) for key, action, index in lines if index is not None),
        frozenset(stage.settings_read),
        frozenset(_set(scenario)),
        frozenset(str(row.values["name"]) for row in stage.all_rows(records[NOTICE])),
        frozenset(f"{stage.plugin.name}.{step.reads}" for step in scenario.steps if step.reads),
        " ".join(expected),
        stage.firings,
        seconds,
        play.before,
    )


def _timer_failed(stage: Stage) -> bool:
    with stage.database.read() as connection:
        return connection.execute(select(TIMER.c.name).where(TIMER.c.fault.is_not(None)).limit(1)).first() is not None


def _roles(plugin: Plugin, scenario: Scenario) -> set[str]:
    """Return the posts of the people who act or look, those they may stand in for, and the one everybody has."""
    people = {scenario.as_, *(step.as_ for step in scenario.steps)} - {None}
    staff = plugin.samples.get("staff", {})
    roles = {str(role) for name in people for role in _listed(staff.get(str(name), {}).get("roles"))}
    given = {str(step.do[0]) for step in scenario.steps if step.do} & {"assignment", "staff"}
    every = set(plugin.roles) if given else {n for n, role in plugin.roles.items() if role.deputy in roles}
    return roles | every | {EVERYONE}


def _set(scenario: Scenario) -> Iterator[str]:
    yield from cast("Mapping[str, object]", scenario.given.get("settings") or {})
    for step in scenario.steps:
        yield from step.set


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _loosens(mutant: Mutant) -> bool:
    """Return whether a mutant only lets through what would be refused: it makes no difference where nothing is."""
    path, gone = mutant.path, mutant.node is None
    return path[-1] in ("by", "from", *(("required", "unique", "min", "max") if gone else ())) or (
        gone and len(path) > 2 and path[-2] in ("checks", "exclusive")
    )


def _logged(stage: Stage) -> Iterator[tuple[str, str, int | None]]:
    """Yield record type, action and outcome of every line of the log: of the record written and of the one acted on."""
    with stage.database.read() as connection:
        found = connection.execute(select(LOG.c.type, LOG.c.action, LOG.c.facts)).all()
    for type_, deed, facts in found:
        key, _, action = deed.rpartition(".")
        index = json.loads(facts or "{}").get("outcome")
        yield type_, action, None
        if key:
            yield key, action, index


def record_key(plugin: Plugin, name: str) -> str:
    """Return the qualified name of a record that the plugin has or adds to."""
    for key in plugin.additions:
        if key.rpartition(".")[2] == name:
            return key
    return f"{plugin.name}.{name}"


def _pickers(plugin: Plugin, policy: str) -> list[str]:
    """Return the record types whose actions choose by a dispatch policy."""
    return [
        record.key
        for record in plugin.records.values()
        for action in record.actions.values()
        for outcome in action.outcomes
        if policy in outcome.pick.values()
    ]
