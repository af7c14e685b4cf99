"""One scenario, step by step: the clock moves, somebody acts, and what is expected is looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from typing import cast

from core.language.definition import Action, RecordType, Scenario, Step
from core.model.errors import Forbidden, NodeError, NotFound, Problem, Text, suggest
from core.model.fields import BadValue
from core.model.scope import HEADQUARTERS
from stores.actor import Actor
from stores.acts import settling
from stores.acts.calls import Call, Receipt
from stores.reads import records
from stores.reads.reports import show_report
from stores.rehearsal.cast import STAFF, Cast
from stores.rehearsal.expect import Expectations
from stores.rehearsal.scoring import score
from stores.rehearsal.stage import Stage
from stores.rehearsal.verdict import Miss, Missed, because

REASON = "as the scenario says"  # why a step that expects a warning goes on in spite of it


class Play:
    """A scenario on a stage."""

    def __init__(self, stage: Stage, scenario: Scenario) -> None:
        self.stage, self.scenario = stage, scenario
        self.cast = Cast(stage)
        self.expectations = Expectations(self.cast)
        self.cast.formula = lambda text: self.expectations.value(text, scenario.place)

    def misses(self) -> Iterator[Miss]:
        """Play it to the end and yield what was not as expected; a step that goes wrong raises Missed."""
        self._begin()
        for step in self.scenario.steps:
            self._step(step)
        for text, place in self.scenario.then:
            if miss := self.expectations.miss(text, place, {}):
                yield miss

    def _begin(self) -> None:
        """Put the people on the stage, then all that is given; or go on from a scene that has them already."""
        scene, album = self.stage.begins, self.stage.album
        if scene is not None:
            self.cast.samples = {type_: dict(named) for type_, named in scene.samples.items()}
            self.cast.bound = dict(scene.bound)
        else:
            self.cast.hire()
        if album is not None:
            album.people = self.stage.picture(self.cast.samples, self.cast.bound)
        if scene is None or not scene.open:
            self._set_up(self.scenario.given)
        if album is not None:
            album.opening = replace(self.stage.picture(self.cast.samples, self.cast.bound), open=True)

    def _set_up(self, given: Mapping[str, object]) -> None:
        """Put on the stage what is given: settings, samples and records, then what they set going."""
        self._set(cast("Mapping[str, object]", given.get("settings") or {}))
        for local in cast("list[str]", given.get("load") or ()):
            self.cast.load(local)
        for local, wanted in cast("Mapping[str, Mapping[str, object]]", given.get("records") or {}).items():
            record = self.stage.record(local)
            for name, parts in wanted.items():
                made = self.cast.create(record.key, name, self.cast.merged(record, parts))
                self.cast.bound.setdefault(name, (record.key, made))
        self.stage.open_periods(cast("list[str]", given.get("reports") or ()))

    def _step(self, step: Step) -> None:
        seen: dict[str, object] = {}
        try:
            if step.at is not None:
                self.stage.move_to(self.stage.moment(step.at))
            with self._refusals(step) if step.set and not (step.do or step.score) else nullcontext():
                self._set(step.set)
            self._people(step)
            if step.do is not None:
                self._do(step, *step.do)
            if step.score:
                self._score(step)
            if step.sees is not None:
                seen["seen"] = self._seen(step, step.sees)
            if step.reads is not None:
                seen["seen"] = self._figures(step, step.reads)
        except NodeError as error:
            raise Missed(step.place, because(Text("this step is not possible", "此步骤无法执行"), error)) from error
        for text in step.then:
            if miss := self.expectations.miss(text, step.place, seen):
                raise Missed(miss.place, miss.what)

    def _actor(self, step: Step) -> Actor:
        return self.cast.actor(step.as_ or self.scenario.as_)

    def _set(self, settings: Mapping[str, object]) -> None:
        """Change settings as headquarters would: the chain's value, for every store."""
        plugin, zone = self.stage.plugin, self.stage.zone
        for name, raw in settings.items():
            if name not in plugin.settings:
                what = Text(f"there is no setting `{name}`", f"没有设置 `{name}`")
                raise NodeError((Problem("unknown-setting", what, fix=suggest(name, plugin.settings)),))
            spec = plugin.settings[name].spec
            try:
                value = json.dumps(spec.json(spec.parse(raw, zone), zone), ensure_ascii=False)
            except BadValue as bad:
                raise NodeError((bad.problem(name),)) from bad
            ask = {"plugin": plugin.name, "name": name, "value": value}
            self.cast.system("core.setting", "set", ask=ask, store=HEADQUARTERS)

    def _people(self, step: Step) -> None:
        if step.away is not None:
            self.cast.send_away(self.cast.find(step.away, STAFF))
        if step.back is not None:
            self.cast.bring_back(self.cast.find(step.back, STAFF))
        if step.on_duty is not None:
            self.cast.sign_in(self.cast.find(step.on_duty, STAFF))

    # --- actions

    def _do(self, step: Step, local: str, action: str) -> None:
        call = self._call(step, self.stage.record(local), action)
        with self._refusals(step):
            receipt = self._warned(step, call) if step.warns else self._perform(call)
            if step.name is not None:
                self.cast.bound[step.name] = (receipt.record.key, receipt.id)

    def _call(self, step: Step, record: RecordType, name: str) -> Call:
        action, actor = record.actions.get(name), self._actor(step)
        return Call(
            record,
            name,
            actor,
            id=self._target(step, record) if step.for_ else None,
            ask=self._entered(record, action, step) if action else {},
            at=self.stage.past_moment(step.happened) if step.happened else None,
            reason=step.reason,
            # a person of headquarters acts in the scenario's store, one of another store in his own
            store=self.stage.store if actor.store in {HEADQUARTERS, self.stage.store} else None,
        )

    def _target(self, step: Step, record: RecordType) -> str:
        assert step.for_ is not None
        found = self.cast.look_up(step.for_, record.key)
        if found is None and (row := self.expectations.record(step.for_, step.place)):
            found = row.id
        return found or step.for_

    def _entered(self, record: RecordType, action: Action, step: Step) -> dict[str, object]:
        asks = {ask.name: ask for ask in action.ask}
        written = self.cast.merged(record, step.with_, only=frozenset(asks))
        return {name: self.cast.entered(asks[name].spec, raw) if name in asks else raw for name, raw in written.items()}

    def _perform(self, call: Call) -> Receipt:
        """Act, or sign what others have asked for."""
        return settling.act_or_sign(self.stage.node, call)

    def _warned(self, step: Step, call: Call) -> Receipt:
        """Act without a reason, which must only be warned of, then with one."""
        try:
            self._perform(call._replace(reason=None))
        except NodeError as error:
            if any(problem.level == "error" for problem in error.problems):
                raise
            if any(_matches(problem, str(step.warns)) for problem in error.problems):
                return self._perform(call._replace(reason=step.reason or REASON))
            what = Text(f"expected a warning `{step.warns}`, but", f"预期警告 `{step.warns}`，实际")
            raise Missed(step.place, because(what, error)) from error
        en = f"expected a warning `{step.warns}`, but there was none"
        raise Missed(step.place, Text(en, f"预期警告 `{step.warns}`，但没有警告"))

    @contextmanager
    def _refusals(self, step: Step) -> Iterator[None]:
        """Compare a refusal, or none, with what the step says in ``fails``."""
        try:
            yield
        except NodeError as error:
            if step.fails is None:
                raise Missed(step.place, because(Text("refused", "被拒绝"), error)) from error
            role = step.fails == "role" and isinstance(error, Forbidden)
            if not role and not any(_matches(problem, step.fails) for problem in error.problems):
                raise Missed(step.place, because(_otherwise(step.fails, error), error)) from error
        else:
            if step.fails is not None:
                en = f"expected it to fail with `{step.fails}`, but it was done"
                raise Missed(step.place, Text(en, f"预期因 `{step.fails}` 失败，但已执行成功"))

    # --- scorecards and reading

    def _score(self, step: Step) -> None:
        with self._refusals(step):
            card = score(self.cast, self._actor(step), step.score)
            if step.name is not None:
                self.cast.bound[step.name] = card

    def _seen(self, step: Step, name: str) -> Mapping[str, object] | None:
        row = self.expectations.record(name, step.place)
        if row is None:
            raise NodeError.of("unknown-sample", f"no record is called `{name}`", f"没有名为 `{name}` 的记录")
        try:
            shown = records.fetch(self.stage.node, self._actor(step), self.stage.record(row.type), row.id)
        except (NotFound, Forbidden):
            return None
        return {key: value for key, value in shown.items() if not key.startswith("_")}

    def _figures(self, step: Step, name: str) -> Mapping[str, object] | None:
        """Return a report as a person is shown it: each figure's total, the keys of its rows, and when it is due."""
        plugin = self.stage.plugin
        try:
            shown = show_report(self.stage.node, self._actor(step), plugin, plugin.reports[name])
        except Forbidden:
            return None
        rows = [line["row"] for line in shown["rows"]]
        due = None if shown["due"] is None else datetime.fromisoformat(shown["due"])
        return {"rows": rows, "due": due, **(shown["total"] or {})}


def _matches(problem: Problem, word: str) -> bool:
    """Return whether a problem is the very one a scenario names: by its code (a check's is its name), its field, or a
    rule that it says is broken.

    Words of a message would let a step pass that is refused for quite another reason.
    """
    return word in {problem.code, problem.field, *(rule.number for rule in problem.rules)}


def _otherwise(word: str, error: NodeError) -> Text:
    """Say by which names the refusal that came would have been the expected one."""
    names = dict.fromkeys(f"`{p.field}` ({p.code})" if p.field else f"`{p.code}`" for p in error.problems)
    return Text(
        f"expected it to fail with `{word}`, but it failed with {', '.join(names)}",
        f"预期因 `{word}` 失败，实际因 {'、'.join(names)} 失败",
    )
