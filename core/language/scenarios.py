"""Scenarios: given, when, then as a store would live it. Names and shapes are checked here, truth by running them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.language.compile.reach import RecordDraft
from core.language.compile.workshop import Workshop
from core.language.definition import Scenario, Step
from core.language.expressions.parse import parse
from core.language.expressions.spots import Source
from core.language.expressions.tree import Name, Part, walk
from core.language.manifest.sections import GivenShape, ScenarioShape, StepShape
from core.language.samples import check_settings, check_values
from core.language.source import KeyPath
from core.model.errors import DefinitionError, Text, suggest

_NAMES = ("now", "today", "settings", "store", "period", "me")
_CLOCK = re.compile(r"(\d{4}-\d\d-\d\d )?([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d ([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")


@dataclass(slots=True)
class _Stage:
    """One scenario being read: who and what has a name so far."""

    shop: Workshop
    path: KeyPath
    named: set[str] = field(default_factory=set)  # by `is:` and by given.records
    given: dict[str, set[str]] = field(default_factory=dict)  # record -> names of given records

    def samples(self, record: str) -> set[str]:
        """Return the names of a record's samples and of those this scenario begins with."""
        return set(self.shop.manifest.samples.get(record, {})) | self.given.get(record, set())


def compile_scenarios(shop: Workshop) -> dict[str, Scenario]:
    """Return the scenarios."""
    return {name: _scenario(shop, name, shape) for name, shape in shop.manifest.scenarios.items()}


def _scenario(shop: Workshop, name: str, shape: ScenarioShape) -> Scenario:
    stage = _Stage(shop, ("scenarios", name))
    given = _given(stage, shape.given)
    steps = tuple(_step(stage, row, (*stage.path, "when", index)) for index, row in enumerate(shape.when))
    then = []
    for index, text in enumerate(shape.then):
        path = (*stage.path, "then", index)
        _check_rule(stage, text, path)
        then.append((text, shop.root.text_place(path)))
    if not then and not any(step.then or step.fails or step.warns for step in steps):
        shop.key_fault(
            "proves-nothing",
            f"the scenario `{name}` expects nothing",
            f"场景 `{name}` 没有任何预期",
            stage.path,
            Text("add `then`", "请补 `then`"),
        )
    place = shop.root.key_place(stage.path)
    return Scenario(name, place, shape.given.now, shape.given.as_, given, steps, tuple(then), tuple(shape.cite))


def _given(stage: _Stage, shape: GivenShape) -> dict[str, object]:
    shop, path = stage.shop, (*stage.path, "given")
    if not _MOMENT.fullmatch(shape.now):
        shop.fault(
            "bad-moment",
            f"`{shape.now}` is not a moment",
            f"`{shape.now}` 不是时间",
            (*path, "now"),
            Text('write "2026-03-07 20:44"', '请写 "2026-03-07 20:44"'),
        )
    for record, rows in shape.records.items():
        if shop.known(
            record, shop.reach.local_names(), Text("record", "记录"), (*path, "records", record), "unknown-record"
        ):
            stage.given[record] = set(rows)
            stage.named |= set(rows)
    for record, rows in shape.records.items():
        for name, raw in rows.items() if record in stage.given else ():
            _with(stage, shop.reach.drafts[record], raw, (*path, "records", record, name), None)
    for index, record in enumerate(shape.load):
        shop.known(
            record,
            shop.manifest.samples,
            Text("record with samples", "有样例的记录"),
            (*path, "load", index),
            "unknown-sample",
        )
    for index, name in enumerate(shape.reports):
        shop.known(name, shop.manifest.reports, Text("report", "报表"), (*path, "reports", index), "unknown-report")
    if shape.as_ is not None:
        _check_sample(stage, "staff", shape.as_, (*path, "as"))
    check_settings(shop, shape.settings, (*path, "settings"))
    return shape.model_dump(by_alias=True, exclude={"now", "as_"}, exclude_unset=True)


def _step(stage: _Stage, row: StepShape, path: KeyPath) -> Step:
    shop = stage.shop
    if row.at is not None and not _CLOCK.fullmatch(row.at):
        shop.fault(
            "bad-moment",
            f"`{row.at}` is not a time",
            f"`{row.at}` 不是时间",
            (*path, "at"),
            Text('write "20:54" or "2026-03-07 20:54"', '请写 "20:54" 或 "2026-03-07 20:54"'),
        )
    for key, person in (("as", row.as_), ("away", row.away), ("back", row.back), ("on_duty", row.on_duty)):
        if person is not None:
            _check_sample(stage, "staff", person, (*path, key))
    do = _do(stage, row, path)
    if row.for_ is not None:
        _check_rule(stage, row.for_, (*path, "for"))
    check_settings(shop, row.set, (*path, "set"), refused=bool(row.fails and not (row.do or row.score)))
    _check_score(stage, row.score, (*path, "score"))
    if row.is_ is not None:
        stage.named.add(row.is_)
    if row.sees is not None:
        _check_rule(stage, row.sees, (*path, "sees"))
        stage.named.add("seen")
    if row.reads is not None:
        shop.known(row.reads, shop.manifest.reports, Text("report", "报表"), (*path, "reads"), "unknown-report")
        stage.named.add("seen")
    for index, text in enumerate(row.then):
        _check_rule(stage, text, (*path, "then", index))
    stage.named.discard("seen")
    with_ = row.with_ if isinstance(row.with_, list) else [] if row.with_ is None else [row.with_]
    return Step(
        shop.root.place(path),
        row.at,
        row.as_,
        do,
        row.for_,
        tuple(with_),
        row.happened,
        row.is_,
        row.reason,
        row.away,
        row.back,
        row.on_duty,
        dict(row.set),
        dict(row.score),
        row.fails,
        row.warns,
        tuple(row.then),
        row.sees,
        row.reads,
    )


def _do(stage: _Stage, row: StepShape, path: KeyPath) -> tuple[str, str] | None:
    if row.do is None:
        for key in ("with_", "for_", "is_", "fails", "warns", "happened", "reason"):
            written = key.rstrip("_")
            elsewhere = (row.score and key in ("is_", "fails", "warns")) or (row.set and key == "fails")
            if getattr(row, key) is not None and not elsewhere:
                stage.shop.fault(
                    "needless-key", f"`{written}` needs a `do`", f"`{written}` 需与 `do` 同用", (*path, written)
                )
        return None
    record, _, action = row.do.rpartition(".")
    shop, here = stage.shop, (*path, "do")
    if not shop.known(record, shop.reach.local_names(), Text("record", "记录"), here, "unknown-record"):
        return None
    draft = shop.reach.drafts[record]
    if not shop.known(action, draft.actions, Text(f"action of {record}", f"{record} 操作"), here, "unknown-action"):
        return None
    _with(stage, draft, row.with_, (*path, "with"), draft.actions[action])
    _check_warned(shop, record, action, row.warns, (*path, "warns"))
    return record, action


def _with(stage: _Stage, draft: RecordDraft, raw: object, path: KeyPath, asked: frozenset[str] | None) -> None:
    """Check what an action is given: names of samples and maps of values (for an action, of what it asks)."""
    listed = isinstance(raw, list)
    for index, one in enumerate(raw if isinstance(raw, list) else [raw]):
        here = (*path, index) if listed else path
        if isinstance(one, str):
            _check_sample(stage, draft.name, one, here)
        elif isinstance(one, Mapping) and asked is None:
            check_values(stage.shop, draft, one, here, stage.given)
        elif isinstance(one, Mapping):
            for name in one:
                stage.shop.known(str(name), asked or (), Text("input", "填写项"), (*here, str(name)), "unknown-input")


def _check_sample(stage: _Stage, record: str, name: str, path: KeyPath) -> None:
    bare = name.removeprefix(f"{record}.")
    stage.shop.known(
        bare,
        sorted(stage.samples(record) | stage.named),
        Text(f"sample of {record}", f"{record} 样例"),
        path,
        "unknown-sample",
    )


def _check_score(stage: _Stage, score: Mapping[str, object], path: KeyPath) -> None:
    cards = stage.shop.manifest.scorecards
    for index, (name, raw) in enumerate(score.items()):
        here = (*path, name)
        if index == 0:
            if not stage.shop.known(name, cards, Text("scorecard", "考核表"), here, "unknown-scorecard"):
                return
            card = cards[name]
            subject = next(iter(card.every.values())).for_
            _check_sample(stage, subject, str(raw), here)
        else:
            manual = [item for item, one in card.items.items() if one.by is not None]
            stage.shop.known(name, manual, Text("item marked by hand", "手工评分项"), here, "unknown-item")


def _check_warned(shop: Workshop, record: str, action: str, name: str | None, path: KeyPath) -> None:
    shape = shop.manifest.records.get(record)
    if name is not None and shape is not None and action in shape.actions:
        shop.known(name, shape.actions[action].checks, Text("check", "检查"), path, "unknown-check")


def _check_rule(stage: _Stage, text: str, path: KeyPath) -> None:
    """A `then` is an expression over named records, samples and lists of records: check its names."""
    source = Source(text, stage.shop.root.text_place(path))
    try:
        tree = parse(source)
    except DefinitionError as error:
        stage.shop.collect(error)
        return
    for node in walk(tree):
        if isinstance(node, Name):
            _check_name(stage, node, source)
        elif isinstance(node, Part) and isinstance(node.base, Name):
            _check_named(stage, node, node.base.name, source)


def _check_name(stage: _Stage, node: Name, source: Source) -> None:
    if node.name in _NAMES or node.name in stage.named or stage.shop.reach.has_local(node.name):
        return
    words = {*_NAMES, *stage.shop.reach.local_names(), *stage.named}
    en, zh = f"unknown name `{node.name}`", f"未知名称 `{node.name}`"
    stage.shop.problems.append(source.problem(node.start, "unknown-name", en, zh, suggest(node.name, words)))


def _check_named(stage: _Stage, node: Part, record: str, source: Source) -> None:
    """``staff.wang`` is a sample; where a scenario has named a record of its own so, it is a field of that."""
    if record in stage.named or not stage.shop.reach.has_local(record):
        return
    samples = stage.samples(record)
    if node.name not in samples:
        en, zh = f"unknown sample of {record} `{node.name}`", f"未知的{record} 样例 `{node.name}`"
        offset = node.end - len(node.name)
        stage.shop.problems.append(source.problem(offset, "unknown-sample", en, zh, suggest(node.name, samples)))
