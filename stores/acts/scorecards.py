"""Scorecards: weighted items per subject and period, computed from the records, with the figures behind each score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import cast

from core.language.compile.scorecards import mark_fields
from core.language.definition import RecordType, Scorecard, ScoreItem
from core.language.expressions import Env, Formula, Row
from core.model.errors import ActionRefused, Problem, Text
from stores.acts.figures import inactive
from stores.acts.messages import value_or_none
from stores.world import NodeWorld

HUNDRED = Decimal(100)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class ItemScore:
    """One line: what was planned and done, the rate (capped), its share of the weights, its score.

    ``applicable`` False: nothing was planned and nothing done, so its weight is spread over the others.
    ``problem`` says why it cannot be scored yet.
    """

    name: str
    target: Decimal | None = None
    value: Decimal | None = None
    rate: Decimal | None = None
    weight: Decimal | None = None
    score: Decimal | None = None
    applicable: bool = True
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A whole card. ``total`` and ``band`` are None while an item cannot be scored."""

    items: Mapping[str, ItemScore]
    total: Decimal | None
    band: str | None

    @property
    def unfinished(self) -> bool:
        """Whether something is missing that somebody can still supply."""
        return any(item.problem and item.applicable for item in self.items.values())

    @property
    def problems(self) -> list[Problem]:
        """Why there is no total yet."""
        return list(dict.fromkeys(item.problem for item in self.items.values() if item.problem and item.applicable))


def compute(
    card: Scorecard,
    subject: Row,
    period: object,
    marks: Mapping[str, object],
    env: Env,
    kept: Mapping[str, object] | None = None,
) -> Score:
    """Score one subject for one period (KA-28).

    rate = value / target, at most the card's cap; score = weight x rate, rounded half up to two digits; an item with
    neither plan nor result is not applicable and its weight is spread over the others in proportion. ``kept`` are
    the figures of a locked card, by item: they count instead of what the records say by now.
    """
    own = card.subject.rpartition(".")[2]
    inner = env.having(period=period, **{own: subject})
    most = (_figure(card.cap, inner) or HUNDRED) / HUNDRED
    raw = {
        name: _kept(item, kept[name], most)
        if kept and name in kept and not item.by
        else _measure(item, inner, marks.get(name), most)
        for name, item in card.items.items()
    }
    weights = {name: _figure(item.weight, inner) for name, item in card.items.items()}
    if any(weight is None for weight in weights.values()):
        return _no_score(raw, weights, WEIGHTS_NOT_SET)
    if sum(cast("list[Decimal]", list(weights.values()))) != HUNDRED:
        return _no_score(raw, weights, WEIGHTS_NOT_100)
    shares = _spread({name: cast(Decimal, w) for name, w in weights.items()}, raw)
    items = {name: _weighted(item, shares[name], card.digits) for name, item in raw.items()}
    if any(item.problem and item.applicable for item in items.values()):
        return Score(items, None, None)
    if not any(item.applicable for item in items.values()):
        return Score(items, None, None)  # nothing was planned and nothing done: no score is better than a bad one
    total = sum((item.score or Decimal(0) for item in items.values()), Decimal(0))
    return Score(items, total, _band(card, total))


def keep(world: NodeWorld, record: RecordType, action: str, draft: Row, env: Env) -> None:
    """Write the figures of a card into its record: as they stand at ``lock``, with the result at ``close``.

    Closing is refused while something cannot be scored; locking never is: the marks are still to come.
    """
    if action not in ("lock", "close"):
        return
    card = world.node.catalog.plugin(record.plugin).scorecards[record.name]
    score = of_record(world, card, draft, env)
    if action == "lock":
        draft.values["items"] = plain(score)["items"]
        return
    if score.total is None and score.unfinished:
        raise ActionRefused(tuple(score.problems))
    draft.values["items"] = plain(score)["items"]
    draft.values["total"] = score.total
    draft.values["band"] = score.band


def of_record(world: NodeWorld, card: Scorecard, row: Row, env: Env) -> Score:
    """Score the card that ``row`` (a record of the card's own type) stands for."""
    subject = world.row(card.subject, str(row.values["subject"]))
    assert subject is not None, f"{row.type} {row.id} has no subject"
    period = world.calendar().period(card.period, cast(date, row.values["period"]))
    marks = {name: _mark(item, row) for name, item in card.items.items() if item.by}
    return compute(card, subject, period, marks, env, cast("Mapping[str, object] | None", row.values.get("items")))


def plain(score: Score) -> dict[str, object]:
    """Return a score as plain data for the API and the log; decimals as text."""
    items = {
        name: {
            "target": _text(item.target),
            "value": _text(item.value),
            "rate": _text(item.rate),
            "weight": _text(item.weight),
            "score": _text(item.score),
            "applicable": item.applicable,
            **({"problem": {"en": item.problem.what.en, "zh": item.problem.what.zh}} if item.problem else {}),
        }
        for name, item in score.items.items()
    }
    return {"items": items, "total": _text(score.total), "band": score.band}


WEIGHTS_NOT_SET = Problem(
    "weights-not-set",
    Text("the weights of this scorecard are not set", "考核权重未设置"),
    fix=Text("set them in the settings; they must add up to 100", "请在设置中填写，合计须为100"),
)

WEIGHTS_NOT_100 = Problem(
    "weights-not-100",
    Text("the weights of this scorecard do not add up to 100", "考核权重合计不等于100"),
    fix=Text("correct them in the settings", "请在设置中更正"),
)


def _mark(item: ScoreItem, row: Row) -> Decimal | None:
    """Return the mark of an item: the mean of its parts, once all of them are given."""
    given = [row.values.get(field) for field in mark_fields(item.name, item.parts)]
    if any(mark is None for mark in given):
        return None
    return sum((Decimal(str(mark)) for mark in given), Decimal(0)) / len(given)


def _kept(item: ScoreItem, figures: object, most: Decimal) -> ItemScore:
    """Rate the figures a locked card has kept."""
    kept = cast("Mapping[str, str | None]", figures)
    if kept.get("target") is None and kept.get("value") is None:
        return ItemScore(item.name, applicable=False, problem=_not_configured(item))
    return _rated(item, Decimal(kept["target"] or 0), Decimal(kept["value"] or 0), most)


def _measure(item: ScoreItem, env: Env, mark: object, most: Decimal) -> ItemScore:
    if item.by is not None:
        if mark is None:
            return ItemScore(item.name, problem=_no_mark(item))
        given = Decimal(str(mark))
        return ItemScore(item.name, HUNDRED, given, min(given / HUNDRED, Decimal(1)))
    if any(rule is not None and inactive(rule, env) for rule in (item.value, item.target)):
        return ItemScore(item.name, applicable=False, problem=_not_configured(item))
    return _rated(item, _figure(item.target, env) or Decimal(0), _figure(item.value, env) or Decimal(0), most)


def _rated(item: ScoreItem, target: Decimal, value: Decimal, most: Decimal) -> ItemScore:
    if target > 0:
        return ItemScore(item.name, target, value, min(max(value, Decimal(0)) / target, most))
    if value > 0 or item.empty == "full":
        return ItemScore(item.name, target, value, Decimal(1))
    if item.empty == "zero":
        return ItemScore(item.name, target, value, Decimal(0))
    return ItemScore(item.name, target, value, None, applicable=False)


def _spread(weights: Mapping[str, Decimal], items: Mapping[str, ItemScore]) -> dict[str, Decimal]:
    """Spread the weights of items that do not apply over the others, in proportion; together they stay whole.

    What rounding leaves over goes, a hundredth each, to those that rounding down cost most.
    """
    shares = dict.fromkeys(items, Decimal(0))
    counted = sum((weights[name] for name, item in items.items() if item.applicable), Decimal(0))
    if not counted:
        return shares
    exact = {name: weights[name] * HUNDRED / counted for name, item in items.items() if item.applicable}
    shares |= {name: share.quantize(CENT, rounding=ROUND_DOWN) for name, share in exact.items()}
    left = int((HUNDRED - sum(shares.values())) / CENT)
    for name in sorted(exact, key=lambda name: shares[name] - exact[name])[:left]:
        shares[name] += CENT
    return shares


def _weighted(item: ItemScore, weight: Decimal, digits: int) -> ItemScore:
    score = None if item.rate is None else _round(weight * item.rate, Decimal(1).scaleb(-digits))
    return ItemScore(item.name, item.target, item.value, item.rate, weight, score, item.applicable, item.problem)


def _no_score(items: Mapping[str, ItemScore], weights: Mapping[str, Decimal | None], why: Problem) -> Score:
    """Return a card that cannot be scored; the weights that are set stand in it, so that one sees which are not."""
    told = {name: replace(item, applicable=True, weight=weights[name], problem=why) for name, item in items.items()}
    return Score(told, None, None)


def not_set(card: Scorecard, settings: Mapping[str, object]) -> list[str]:
    """Return the settings that the weights of a card ask for and that are empty, in the order of its items."""
    asked = (name for item in card.items.values() if item.weight for name in sorted(item.weight.settings))
    return [name for name in dict.fromkeys(asked) if settings.get(name) is None]


def _figure(formula: Formula | None, env: Env) -> Decimal | None:
    if formula is None:
        return None
    value = None if inactive(formula, env) else value_or_none(formula, env)
    return None if value is None else Decimal(str(value))


def _band(card: Scorecard, total: Decimal) -> str | None:
    reached = [(floor, name) for name, floor in card.bands.items() if total >= floor]
    return max(reached)[1] if reached else None


def _round(value: Decimal, step: Decimal) -> Decimal:
    return value.quantize(step, rounding=ROUND_HALF_UP)


def _not_configured(item: ScoreItem) -> Problem:
    return Problem("not-configured", Text(f"{item.label.en} is not configured", f"{item.label.zh}未配置"))


def _no_mark(item: ScoreItem) -> Problem:
    return Problem("no-mark", Text(f"{item.label.en} has not been marked", f"{item.label.zh}尚未评分"))


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize() if value == value.to_integral() else value, "f")
