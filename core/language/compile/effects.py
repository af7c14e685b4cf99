"""What an action or an outcome does: move, set, post, create, pick, notify, ask for signatures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.language.compile.drafts import Blueprint
from core.language.compile.others import sweeps, updates
from core.language.compile.reach import RecordDraft
from core.language.compile.values import Given, condition, expression, fills, formula
from core.language.compile.workshop import Workshop, text_of
from core.language.compile.writing import known_state, numbered, values_for
from core.language.expressions import Expression, Formula, Literal, NameScope
from core.language.manifest.records import CreateShape, EffectsShape, PostShape
from core.language.outcomes import Create, Outcome, Post, Sweep, Update
from core.language.source import KeyPath
from core.model.errors import Place, Text
from core.model.kinds import ANY, INT, TEXT, Kind, record_kind

_ENUM_OF = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects that an action shares with, or an outcome adds to, the others."""

    to: str | None = None
    set: Mapping[str, Formula] = field(default_factory=dict)
    post: tuple[Post, ...] = ()
    create: tuple[Create, ...] = ()
    update: tuple[Update, ...] = ()
    sweep: tuple[Sweep, ...] = ()
    pick: Mapping[str, str] = field(default_factory=dict)
    notice: tuple[str, ...] = ()
    confirm: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether it does nothing at all."""
        return self == Effects()

    def with_(self, own: Effects) -> Effects:
        """Return the shared effects and an outcome's own; where both speak, the outcome's word stands."""
        return Effects(
            own.to or self.to,
            {**self.set, **own.set},
            (*self.post, *own.post),
            (*self.create, *own.create),
            (*self.update, *own.update),
            (*self.sweep, *own.sweep),
            {**self.pick, **own.pick},
            (*self.notice, *own.notice),
            own.confirm or self.confirm,
        )

    def outcome(
        self, *, when: Formula | None = None, cite: tuple[str, ...] = (), place: Place | None = None
    ) -> Outcome:
        """Return it as an outcome."""
        return Outcome(
            when, self.to, self.set, self.post, self.create, self.update, self.sweep, self.pick, self.notice, None,
            self.confirm, cite, place,
        )  # fmt: skip


def effects(
    shop: Workshop, plan: Blueprint, shape: EffectsShape, path: KeyPath, scope: NameScope, given: Given
) -> Effects:
    """Return the effects written at ``path``."""
    if shape.to is not None:
        known_state(shop, plan.draft, shape.to, (*path, "to"))
    for name in shape.notice:
        shop.known(name, shop.reach.notices, Text("notice", "通知"), (*path, "notice"), "unknown-notice")
    for role in shape.confirm:
        shop.known_role(role, (*path, "confirm"))
    return Effects(
        shape.to,
        values_for(shop, plan.draft, shape.set, (*path, "set"), scope, given),
        tuple(_posts(shop, shape.post, (*path, "post"), scope, given)),
        tuple(_creates(shop, shape.create, (*path, "create"), scope, given)),
        tuple(updates(shop, shape.update, (*path, "update"), scope)),
        (
            *sweeps(shop, shape.void, (*path, "void"), scope),
            *sweeps(shop, shape.restore, (*path, "restore"), scope, restores=True),
        ),
        {
            name: policy
            for name, policy in shape.pick.items()
            if _can_pick(shop, plan.draft, name, policy, (*path, "pick", name))
        },
        tuple(shape.notice),
        tuple(shape.confirm),
    )


def made_instead(
    shop: Workshop,
    plan: Blueprint,
    raw: Mapping[str, CreateShape],
    path: KeyPath,
    scope: NameScope,
    given: Given,
    *,
    new: bool,
) -> Create | None:
    """Return the record that an outcome makes in place of the new one."""
    if not new:
        shop.key_fault(
            "instead-of-nothing",
            f"`instead` is for an action that creates a {plan.name}: here there is one already",
            f"`instead` 只用于新建 {plan.name} 的操作：此处记录已存在",
            path,
            Text("use `create`", "请用 `create`"),
        )
    made = _creates(shop, {name: [shape] for name, shape in raw.items()}, path, scope, given)
    if made and made[0].each is not None:
        shop.fault("instead-of-one", "`instead` makes one record", "`instead` 只新建一条记录", path)
    return made[0] if made else None


def _posts(
    shop: Workshop, raw: Mapping[str, Sequence[PostShape]], path: KeyPath, scope: NameScope, given: Given
) -> list[Post]:
    found: list[Post] = []
    for name, shapes in raw.items():
        if not shop.known(name, shop.reach.ledgers, Text("ledger", "台账"), (*path, name), "unknown-ledger"):
            continue
        ledger = shop.reach.ledgers[name]
        for index, shape in enumerate(shapes):
            here = numbered(shop, (*path, name), index)
            when, known = _when(shop, shape.when, (*here, "when"), scope, given)
            account = formula(
                shop, shape.account, (*here, "account"), scope, expect=record_kind(ledger.account), given=known
            )
            number = Kind("decimal", digits=ledger.digits) if ledger.digits else INT
            amount = formula(shop, shape.amount, (*here, "amount"), scope, expect=number, given=known)
            why = text_of(shape.why) if shape.why else ledger.label
            filled = fills(shop, shape.why, (*here, "why"), scope, known)
            own = values_for(shop, shop.reach.drafts[name], shape.with_, (*here, "with"), scope, known)
            if account is not None and amount is not None:
                found.append(Post(name, account, amount, why, tuple(shape.cite), filled, when, own))
    return found


def _creates(
    shop: Workshop, raw: Mapping[str, Sequence[CreateShape]], path: KeyPath, scope: NameScope, given: Given
) -> list[Create]:
    found: list[Create] = []
    for name, shapes in raw.items():
        if not shop.known(name, shop.reach.local_names(), Text("record", "记录"), (*path, name), "unknown-record"):
            continue
        draft = shop.reach.drafts[name]
        for index, shape in enumerate(shapes):
            here = numbered(shop, (*path, name), index)
            each = _each(shop, shape.each, (*here, "each"), scope, given) if shape.each is not None else None
            inner = scope.having(item=_item_kind(each.kind), index=INT) if each is not None else scope
            when, known = _when(shop, shape.when, (*here, "when"), inner, given)
            values = values_for(shop, draft, shape.with_, (*here, "with"), inner, known)
            if shape.state is not None:
                known_state(shop, draft, shape.state, (*here, "state"))
            found.append(Create(draft.key, values, each, shape.state or next(iter(draft.states), None), when))
    return found


def _when(shop: Workshop, raw: object, path: KeyPath, scope: NameScope, given: Given) -> tuple[Formula | None, Given]:
    """Return the condition of one effect, and what is known where it holds."""
    when = condition(shop, raw, path, scope, given)
    return when, (*given, when) if isinstance(when, Expression) else given


def _each(shop: Workshop, text: str, path: KeyPath, scope: NameScope, given: Given) -> Formula | None:
    """Return the list ``each`` goes through: the options of an enum ``record.field``, or an expression."""
    named = _ENUM_OF.fullmatch(text)
    draft = shop.reach.drafts.get(named[1]) if named and named[1] not in scope.names else None
    if named and draft:
        spec = draft.specs.get(named[2])
        if spec is None or spec.type != "enum":
            shop.known(
                named[2],
                [key for key, one in draft.specs.items() if one.type == "enum"],
                Text(f"enum of {draft.name}", f"{draft.name} 枚举"),
                path,
                "unknown-field",
            )
            return None
        options = tuple(spec.options or ())
        return Literal(list(options), Kind("list", item=Kind("text", options=options)), shop.root.place(path))
    bare = text.removeprefix("=").lstrip()
    found = expression(shop, bare, path, scope, skip=len(text) - len(bare), given=given)
    if found is not None and found.kind.name not in ("list", "any"):
        shop.fault("wrong-kind", "`each` needs a list", "`each` 需要列表", path)
        return None
    return found


def _item_kind(kind: Kind) -> Kind:
    return kind.item or (TEXT if kind.name == "text" else ANY)


def _can_pick(shop: Workshop, draft: RecordDraft, name: str, policy: str, path: KeyPath) -> bool:
    if not shop.known(name, draft.stored, Text(f"field of {draft.name}", f"{draft.name} 字段"), path, "unknown-field"):
        return False
    if not shop.known(policy, shop.reach.dispatch, Text("dispatch policy", "派单规则"), path, "unknown-policy"):
        return False
    if draft.specs[name].to != shop.reach.dispatch[policy]:
        shop.fault(
            "pick-mismatch",
            f"`{policy}` picks {shop.reach.dispatch[policy]}; `{name}` is not a ref to it",
            f"`{policy}` 选出的是 {shop.reach.dispatch[policy]}，`{name}` 未指向它",
            path,
        )
        return False
    return True
