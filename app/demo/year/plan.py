"""Reads config/year/PLUGIN.yaml: who works there, what is there from the start, who comes when and what becomes of it.

A plan names records, actions, fields and posts of its plugin. All of them are looked up when it is read: a plan that
no longer fits its plugin is refused with the place in the file, it does not fill a database with something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from core.host.catalog import Catalog
from core.language.definition import EVERYONE, SYSTEM, RecordType
from core.language.source import YamlNode, load_yaml
from core.model.duration import Duration
from core.model.errors import NodeError, Problem, Text, suggest

DAYS = 7


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _span(value: object) -> object:
    """Read ``5m`` or ``[5m, 2h]`` as the shortest and the longest wait."""
    texts = value if isinstance(value, list) else [value, value]
    return [Duration.parse(str(text)).timedelta for text in texts]


def _hours(value: object) -> object:
    """Read ``{"19:00-20:45": 3}`` as begin, end and how many of all come then."""
    if not isinstance(value, dict):
        return value
    rows = []
    for text, weight in value.items():
        begin, _, end = str(text).partition("-")
        rows.append((time.fromisoformat(begin), time.fromisoformat(end), float(weight)))
    return rows


Span = Annotated[tuple[timedelta, timedelta], BeforeValidator(_span)]
Hours = Annotated[list[tuple[time, time, float]], BeforeValidator(_hours)]


class StepPlan(_Part):
    """What is done with a record: ``after`` how long, ``share`` of the time; otherwise what ``otherwise`` says.

    ``on: $self.day`` counts the wait from the morning of a day that the record names, not from the step before.

    ``by`` is a post; ``$self.field`` is the person whom the record names, ``$post.field`` somebody of the post that it
    names. ``tries``: how often values are drawn anew when the action is refused; a last refusal ends the way.
    """

    do: str
    by: str
    after: Span = (timedelta(0), timedelta(0))
    on: str = Field(default="", pattern=r"^(\$self\.\w+)?$")
    share: float = Field(default=1, ge=0, le=1)
    with_: dict[str, Any] = Field(default={}, alias="with")
    tries: int = Field(default=1, ge=1, le=20)
    then: list[StepPlan] = []
    otherwise: list[StepPlan] = []


class ArrivalPlan(StepPlan):
    """What comes in again and again: ``a_day`` on an average day at size m, more or less by day of the ``week``."""

    a_day: float = Field(gt=0)
    week: list[float] = Field(default=[1.0] * DAYS, min_length=DAYS, max_length=DAYS)
    hours: Hours = [(time(9), time(18), 1.0)]


class MakePlan(_Part):
    """What is there from the first morning."""

    do: str
    by: str
    times: int = Field(default=1, ge=1)
    with_: dict[str, Any] = Field(default={}, alias="with")
    then: list[StepPlan] = []


class YearPlan(_Part):
    """The year of one kind of business."""

    plugin: str
    people: dict[str, int] = {}
    words: dict[str, list[Any]] = {}
    make: list[MakePlan] = []
    arrivals: dict[str, ArrivalPlan] = {}
    answers: dict[str, list[StepPlan]] = Field(default={}, description="record: what is done with each that appears")


@dataclass(frozen=True, slots=True)
class Named:
    """A step with its way through the file, for messages."""

    step: StepPlan | MakePlan
    record: str  # whose action it is
    path: tuple[str | int, ...]
    new: bool


def read_plan(path: Path, catalog: Catalog) -> YearPlan:
    """Return the plan in a file; raise NodeError with every name that its plugin does not have."""
    root = load_yaml(path)
    try:
        plan = YearPlan.model_validate(_spelled_out(root.plain()))
    except ValidationError as error:
        raise NodeError(tuple(_misshapen(root, each["loc"], each["msg"]) for each in error.errors())) from None
    problems = [problem for named in steps_of(plan) for problem in _strangers(plan, named, catalog, root)]
    roles = {**catalog.plugin("core").roles, **catalog.plugin(plan.plugin).roles}
    problems += [_unknown("role", role, roles, root, ("people", role)) for role in plan.people if role not in roles]
    if problems:
        raise NodeError(tuple(problems))
    return plan


def _spelled_out(plan: object) -> object:
    """Put the steps of ``ways`` in the place of their names, wherever steps stand."""
    if not isinstance(plan, dict):
        return plan
    ways = plan.get("ways") or {}

    def steps(written: object) -> object:
        if isinstance(written, str):
            return steps(ways.get(written, written))
        if not isinstance(written, list):
            return written
        found = [steps(each) if isinstance(each, str) else [step(each)] for each in written]
        return [each for some in found for each in (some if isinstance(some, list) else [some])]

    def step(written: object) -> object:
        if not isinstance(written, dict):
            return written
        return {key: steps(value) if key in {"then", "otherwise"} else value for key, value in written.items()}

    listed = {key: [step(each) for each in plan[key]] for key in ("make",) if isinstance(plan.get(key), list)}
    arrivals = {name: step(each) for name, each in (plan.get("arrivals") or {}).items()}
    answers = {name: steps(each) for name, each in (plan.get("answers") or {}).items()}
    return (
        {key: each for key, each in plan.items() if key != "ways"} | listed | {"arrivals": arrivals, "answers": answers}
    )


def steps_of(plan: YearPlan) -> Iterator[Named]:
    """Yield every step of a plan."""
    for index, make in enumerate(plan.make):
        record = make.do.partition(".")[0]
        yield Named(make, record, ("make", index), new=True)
        yield from _below(make.then, record, ("make", index, "then"))
    for name, arrival in plan.arrivals.items():
        record = arrival.do.partition(".")[0]
        yield Named(arrival, record, ("arrivals", name), new=True)
        yield from _below(arrival.then, record, ("arrivals", name, "then"))
    for record, steps in plan.answers.items():
        yield from _below(steps, record, ("answers", record))


def _below(steps: list[StepPlan], record: str, path: tuple[str | int, ...]) -> Iterator[Named]:
    for index, step in enumerate(steps):
        new = "." in step.do
        yield Named(step, step.do.partition(".")[0] if new else record, (*path, index), new=new)
        yield from _below(step.then, step.do.partition(".")[0] if new else record, (*path, index, "then"))
        yield from _below(step.otherwise, record, (*path, index, "otherwise"))


def _strangers(plan: YearPlan, named: Named, catalog: Catalog, root: YamlNode) -> Iterator[Problem]:
    """Yield what a step names and the plugin does not have."""
    step, here = named.step, named.path
    known = {each.name: each for each in _records(plan.plugin, catalog)}
    record = known.get(named.record)
    if record is None:
        yield _unknown("record", named.record, known, root, here)
        return
    action = record.actions.get(step.do.rpartition(".")[2])
    if action is None or action.new is not named.new:
        fitting = [name for name, each in record.actions.items() if each.new is named.new]
        yield _unknown("action", step.do.rpartition(".")[2], fitting, root, (*here, "do"))
        return
    asked = {ask.name for ask in action.ask}
    for name in step.with_.keys() - asked:
        yield _unknown("input", name, asked, root, (*here, "with", name))
    may = {*action.by, SYSTEM, *(role for outcome in action.outcomes for role in outcome.confirm)}  # who signs, too
    if not step.by.startswith("$") and EVERYONE not in action.by and step.by not in may:
        yield _unknown("post that may", step.by, may, root, (*here, "by"))


def _records(plugin: str, catalog: Catalog) -> Iterator[RecordType]:
    yield from (record for record in catalog.records.values() if record.plugin in {plugin, "core"})


def _unknown(what: str, word: str, words: Any, root: YamlNode, path: tuple[str | int, ...]) -> Problem:
    text = Text(f"the plugin has no {what} `{word}`", f"插件没有 {what} `{word}`")
    return Problem("plan-does-not-fit", text, fix=suggest(word, list(words)), place=root.key_place(path))


def _misshapen(root: YamlNode, path: Mapping[int, Any] | tuple[Any, ...], said: str) -> Problem:
    return Problem("bad-plan", Text(said, f"格式有误：{said}"), place=root.place(tuple(path)))
