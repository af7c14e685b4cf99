"""Actions: what they ask, check and do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.language.compile.drafts import Blueprint, opens, shared_options
from core.language.compile.effects import Effects, effects, made_instead
from core.language.compile.typed import inner_shape, spec_of
from core.language.compile.values import condition, fills, formula
from core.language.compile.workshop import Workshop, text_of
from core.language.compile.writing import known_state
from core.language.definition import SYSTEM, Action, Ask, Check
from core.language.expressions import Expression, Formula, NameScope
from core.language.manifest.records import ActionShape, CheckShape, OutcomeShape
from core.language.outcomes import Outcome
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.fields import FieldSpec
from core.model.kinds import Kind, record_kind

NEW = "new"
_WINDOW = FieldSpec("duration")


@dataclass(slots=True)
class _Bench:
    """One action at work."""

    shop: Workshop
    plan: Blueprint
    shape: ActionShape
    path: KeyPath
    scope: NameScope
    given: list[Expression] = field(default_factory=list)  # what its checks have made sure of


def compile_actions(shop: Workshop, plan: Blueprint) -> dict[str, Action]:
    """Return the actions of one record."""
    return {
        name: _opened(shop, plan, name, shape) if opens(plan, name, shape) else _action(shop, plan, name, shape)
        for name, shape in plan.shape.actions.items()
    }


def action_scope(shop: Workshop, plan: Blueprint, asks: tuple[Ask, ...], *, by_system: bool) -> NameScope:
    """Return the names an action's rules may use: self, old, ask and the standard ones."""
    own = record_kind(plan.draft.key)
    asked = Kind("map", parts=tuple((ask.name, ask.spec.static) for ask in asks))
    empty = [f"ask.{ask.name}" for ask in asks if not ask.spec.required]
    return shop.scope({"self": own, "old": own, "ask": asked}, empty=[*empty, *(["me"] if by_system else [])])


def compile_check(shop: Workshop, name: str, shape: CheckShape, path: KeyPath, scope: NameScope) -> Check | None:
    """Return one check, or None when its rule has problems."""
    rule = condition(shop, shape.rule, (*path, "rule"), scope)
    message = text_of(shape.message) if shape.message else shop.label(None, path, needed=False)
    filled = fills(shop, shape.message, (*path, "message"), scope)
    if rule is None:
        return None
    return Check(name, rule, message, shape.level, tuple(shape.cite), shop.root.place(path), filled)


def _action(shop: Workshop, plan: Blueprint, name: str, shape: ActionShape) -> Action:
    path = (*plan.path, "actions", name)
    sources = _sources(shop, plan, shape, path)
    by = _by(shop, plan, shape, path)
    asks = tuple(_asks(shop, plan, shape, path))
    bench = _Bench(shop, plan, shape, path, action_scope(shop, plan, asks, by_system=SYSTEM in by))
    checks = _checks(bench)
    bench.given = [check.rule for check in checks if check.level == "error" and isinstance(check.rule, Expression)]
    if shape.delete and shape.undelete:
        shop.fault("delete-and-undelete", "an action deletes or undeletes, not both", "删除与恢复不能同时", path)
    return Action(
        name,
        shop.label(shape.label, path, needed=False),
        shop.root.key_place(path),
        new=NEW in (shape.from_ or []),
        sources=sources,
        by=by,
        ask=asks,
        checks=checks,
        outcomes=_outcomes(bench),
        backdate=_backdate(bench),
        deletes="delete" if shape.delete else "undelete" if shape.undelete else None,
        cite=tuple(shape.cite),
    )


def _opened(shop: Workshop, plan: Blueprint, name: str, shape: ActionShape) -> Action:
    """Return another plugin's action that more roles may do."""
    assert plan.target is not None, "`opens` has seen to it"
    action = plan.target.actions[name]
    by = _by(shop, plan, shape, (*plan.path, "actions", name))
    return replace(action, by=(*action.by, *(role for role in by if role not in action.by)))


def _backdate(bench: _Bench) -> Formula | None:
    """Return how far back the actor may say it happened: a duration, or a rule that gives one."""
    if bench.shape.at is None:
        return None
    return formula(bench.shop, bench.shape.at, (*bench.path, "at"), bench.scope, spec=_WINDOW)


def _sources(shop: Workshop, plan: Blueprint, shape: ActionShape, path: KeyPath) -> frozenset[str] | None:
    if shape.from_ is None or shape.from_ == [NEW]:
        return None
    if NEW in shape.from_:
        shop.fault(
            "new-with-states",
            "`new` stands alone: the record does not exist yet",
            "`new` 只能单独出现：记录尚不存在",
            (*path, "from"),
        )
    for index, state in enumerate(shape.from_):
        if state != NEW:
            known_state(shop, plan.draft, state, (*path, "from", index))
    return frozenset(shape.from_) - {NEW}


def _by(shop: Workshop, plan: Blueprint, shape: ActionShape, path: KeyPath) -> tuple[str, ...]:
    roles, here = (shape.by, (*path, "by")) if shape.by is not None else (plan.shape.by, (*plan.path, "by"))
    if not roles:
        shop.key_fault(
            "nobody-may",
            f"nobody may do `{path[-1]}`",
            f"没有岗位可以执行 `{path[-1]}`",
            path,
            Text("add `by: role` to the action or the record", "请给操作或记录补 `by: 岗位`"),
        )
        return ()
    if shape.by is not None:
        for index, role in enumerate(roles):
            shop.known_role(role, (*here, index))
    return tuple(roles)


def _asks(shop: Workshop, plan: Blueprint, shape: ActionShape, path: KeyPath) -> list[Ask]:
    found: list[Ask] = []
    for index, item in enumerate(shape.ask):
        here = (*path, "ask", index)
        if isinstance(item, str):
            found += _asked_field(shop, plan, item, here)
        elif isinstance(item, dict):
            found += [ask for name, raw in item.items() if (ask := _one_off(shop, plan, name, raw, (*here, name)))]
        else:
            shop.fault(
                "wrong-shape",
                "a field name or {name: {type: …}} is expected",
                "此处应为字段名或 {名称: {type: …}}",
                here,
            )
    twice = {ask.name for ask in found if sum(other.name == ask.name for other in found) > 1}
    for name in sorted(twice):
        shop.fault("asked-twice", f"`{name}` is asked twice", f"`{name}` 重复填写", (*path, "ask"))
    return found


def _asked_field(shop: Workshop, plan: Blueprint, name: str, path: KeyPath) -> list[Ask]:
    draft = plan.draft
    if not shop.known(name, draft.specs, Text(f"field of {plan.name}", f"{plan.name} 字段"), path, "unknown-field"):
        return []
    if name in draft.computed:
        shop.fault("asks-computed", f"`{name}` is computed: nobody enters it", f"`{name}` 为计算字段，无需填写", path)
        return []
    shape = plan.shape.fields.get(name)
    target = plan.target.fields.get(name) if plan.target else None
    label = text_of(shape.label) if shape and shape.label else target.label if target else _derived(name)
    return [Ask(name, draft.specs[name], label, name)]


def _one_off(shop: Workshop, plan: Blueprint, name: str, raw: object, path: KeyPath) -> Ask | None:
    if name in plan.draft.specs:
        shop.key_fault(
            "ask-shadows-field",
            f"{plan.name} has a field `{name}`",
            f"{plan.name} 已有字段 `{name}`",
            path,
            Text("write the bare name, or choose another one", "请直接写字段名，或换一个名称"),
        )
    shape = inner_shape(shop, raw, path)
    spec = spec_of(shop, shape, path, required=shape.required) if shape else None
    if shape is None or spec is None:
        return None
    if spec.type == "enum" and isinstance(shape.of, str):
        spec = replace(spec, options=shared_options(shop, shape.of, plan.name, (*path, "of")))
    return Ask(name, spec, text_of(shape.label) if shape.label else _derived(name), None)


def _derived(name: str) -> Text:
    word = name.replace("_", " ").capitalize()
    return Text(word, word)


def _checks(bench: _Bench) -> tuple[Check, ...]:
    found = []
    for name, shape in bench.shape.checks.items():
        path = (*bench.path, "checks", name)
        if shape.message is None:
            bench.shop.key_fault(
                "message-missing",
                f"the check `{name}` has no message",
                f"检查 `{name}` 没有提示",
                path,
                Text("add message: {en: …, zh: …}", "请补 message: {en: …, zh: …}"),
            )
        check = compile_check(bench.shop, name, shape, path, bench.scope)
        found += [check] if check else []
    return tuple(found)


def _outcomes(bench: _Bench) -> tuple[Outcome, ...]:
    shape, given = bench.shape, tuple(bench.given)
    shared = effects(bench.shop, bench.plan, shape, bench.path, bench.scope, given)
    if shape.outcomes is None:
        return (shared.outcome(place=bench.shop.root.place(bench.path)),)
    return tuple(_outcome(bench, shared, row, index) for index, row in enumerate(shape.outcomes))


def _instead(
    bench: _Bench, row: OutcomeShape, own: Effects, path: KeyPath, when: Formula | None, given: tuple[Expression, ...]
) -> Outcome:
    """Return an outcome that makes another record in place of the new one; beside it only notices are told."""
    if not replace(own, notice=()).nothing:
        bench.shop.fault(
            "instead-and-acts",
            "an outcome with `instead` writes nothing else; it may send notices",
            "带 `instead` 的结果不写入其他内容，但可发送通知",
            path[:-1],
        )
    made = made_instead(
        bench.shop, bench.plan, row.instead or {}, path, bench.scope, given, new=NEW in (bench.shape.from_ or [])
    )
    return Outcome(when, instead=made, notice=own.notice, cite=tuple(row.cite), place=bench.shop.root.place(path[:-1]))


def _outcome(bench: _Bench, shared: Effects, row: OutcomeShape, index: int) -> Outcome:
    shop, path = bench.shop, (*bench.path, "outcomes", index)
    when = condition(shop, row.when, (*path, "when"), bench.scope, bench.given)
    given = (*bench.given, when) if isinstance(when, Expression) else tuple(bench.given)
    place = shop.root.place(path)
    if row.refuse is not None:
        own = effects(shop, bench.plan, row, path, bench.scope, given)
        if not own.nothing:
            shop.fault(
                "refuses-and-acts", "an outcome that refuses does nothing else", "拒绝的结果不能同时执行其他内容", path
            )
        filled = fills(shop, row.refuse, (*path, "refuse"), bench.scope, given)
        return Outcome(when, refuse=text_of(row.refuse), cite=tuple(row.cite), place=place, fills=filled)
    own = effects(shop, bench.plan, row, path, bench.scope, given)
    if row.instead is not None:
        return _instead(bench, row, own, (*path, "instead"), when, given)
    return shared.with_(own).outcome(when=when, cite=tuple(row.cite), place=place)
