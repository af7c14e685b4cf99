"""Samples and scenarios: named example records, and given/when/then as a store would live it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from core.language.compile.reach import RecordDraft
from core.language.compile.workshop import ZONE, Workshop
from core.language.definition import Scenario, Step
from core.language.manifest.sections import GivenShape, ScenarioShape, StepShape
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.fields import FieldSpec
from core.model.values import BadValue

Samples = Mapping[str, Mapping[str, Mapping[str, object]]]

# What a sample or a `given` record may say beside its fields.
_ALWAYS = ("state", "store", "number", "id")
_OF_STAFF = ("on_duty", "away")
_NAMES = frozenset(
    {"now", "today", "settings", "store", "period", "me", "null", "true", "false", "True", "False", "None"}
)
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
        return set(self.shop.manifest.samples.get(record, {})) | self.given.get(record, set())


def compile_samples(shop: Workshop) -> dict[str, dict[str, dict[str, object]]]:
    """Return the samples as written; every name and literal in them is checked."""
    for record, rows in shop.manifest.samples.items():
        path = ("samples", record)
        if not shop.known(record, shop.reach.local_names(), Text("record", "记录"), path, "unknown-record"):
            continue
        for name, values in rows.items():
            _check_values(shop, shop.reach.drafts[record], values, (*path, name), {})
    return {record: dict(rows) for record, rows in shop.manifest.samples.items()}


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
        shop.known(record, shop.manifest.samples, Text("samples of", "样例"), (*path, "load", index), "unknown-sample")
    if shape.as_ is not None:
        _check_sample(stage, "staff", shape.as_, (*path, "as"))
    _check_settings(shop, shape.settings, (*path, "settings"))
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
    _check_settings(shop, row.set, (*path, "set"))
    _check_score(stage, row.score, (*path, "score"))
    if row.is_ is not None:
        stage.named.add(row.is_)
    if row.sees is not None:
        _check_rule(stage, row.sees, (*path, "sees"))
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
    )


def _do(stage: _Stage, row: StepShape, path: KeyPath) -> tuple[str, str] | None:
    if row.do is None:
        for key in ("with_", "for_", "is_", "fails", "warns", "happened", "reason"):
            written = key.rstrip("_")
            if getattr(row, key) is not None and not (row.score and key in ("is_", "fails", "warns")):
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
            _check_values(stage.shop, draft, one, here, stage.given)
        elif isinstance(one, Mapping):
            for name in one:
                stage.shop.known(str(name), asked or (), Text("input", "填写项"), (*here, str(name)), "unknown-input")


def _check_values(
    shop: Workshop, draft: RecordDraft, values: Mapping[str, object], path: KeyPath, given: Mapping[str, Iterable[str]]
) -> None:
    extra = (*_ALWAYS, *(_OF_STAFF if draft.key == "core.staff" else ()))
    for name, raw in values.items():
        here = (*path, name)
        if name in extra and name not in draft.specs:
            if name == "state":
                shop.known(
                    str(raw), draft.states, Text(f"state of {draft.name}", f"{draft.name} 状态"), here, "unknown-state"
                )
            continue
        if name in draft.computed:
            shop.key_fault(
                "sets-computed", f"`{name}` is computed and cannot be set", f"`{name}` 为计算字段，不能写入", here
            )
        elif shop.known(
            name, draft.stored, Text(f"field of {draft.name}", f"{draft.name} 字段"), here, "unknown-field"
        ):
            _check_literal(shop, draft.specs[name], raw, here, given)


def _check_literal(
    shop: Workshop, spec: FieldSpec, raw: object, path: KeyPath, given: Mapping[str, Iterable[str]]
) -> None:
    if isinstance(raw, str) and raw.startswith("="):
        return
    if spec.type == "ref":
        record, _, name = str(raw).rpartition(".")
        target = shop.reach.drafts[spec.to or ""].name
        names = [*shop.manifest.samples.get(target, {}), *given.get(target, ())]
        if raw is not None and record in ("", target):
            shop.known(name, names, Text(f"sample of {target}", f"{target} 样例"), path, "unknown-sample")
        return
    try:
        spec.parse(raw, ZONE)
    except BadValue as bad:
        shop.fault(bad.code, bad.what.en, bad.what.zh, path, bad.fix)


def _check_sample(stage: _Stage, record: str, name: str, path: KeyPath) -> None:
    bare = name.removeprefix(f"{record}.")
    stage.shop.known(
        bare,
        sorted(stage.samples(record) | stage.named),
        Text(f"sample of {record}", f"{record} 样例"),
        path,
        "unknown-sample",
    )


def _check_settings(shop: Workshop, values: Mapping[str, object], path: KeyPath) -> None:
    for name, raw in values.items():
        if shop.known(name, shop.settings, Text("setting", "设置"), (*path, name), "unknown-setting"):
            _check_literal(shop, shop.settings[name], raw, (*path, name), {})


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
    shop = stage.shop
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        shop.fault("bad-expression", "this cannot be read as an expression", "无法识别为表达式", path)
        return
    for problem in _unknown(stage, tree):
        name, words, what, code = problem
        shop.known(name, words, what, path, code)


def _unknown(stage: _Stage, tree: ast.AST) -> Iterator[tuple[str, list[str], Text, str]]:
    shop = stage.shop
    records = set(shop.reach.local_names())
    words = sorted(_NAMES | records | stage.named | set(shop.functions) | {"sent", "ranking", "balance"})
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in words:
            yield node.id, words, Text("name", "名称"), "unknown-name"
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in records - stage.named
        ):
            samples = sorted(stage.samples(node.value.id))
            if node.attr not in samples:
                yield node.attr, samples, Text(f"sample of {node.value.id}", f"{node.value.id} 样例"), "unknown-sample"
