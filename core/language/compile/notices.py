"""Notices: messages in both languages, to posts or to people."""

from __future__ import annotations

from collections.abc import Iterable

from core.language.compile.actions import action_scope
from core.language.compile.drafts import Blueprint
from core.language.compile.values import fills, formula
from core.language.compile.workshop import Workshop, text_of
from core.language.definition import Notice, RecordType
from core.language.expressions import Formula, NameScope
from core.language.manifest.sections import NoticeShape
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.kinds import ANY, Kind, record_kind


def compile_notices(shop: Workshop, plans: list[Blueprint], records: Iterable[RecordType]) -> dict[str, Notice]:
    """Return the notices. Each is checked against every record type that sends it."""
    senders = _senders(records)
    drafts = {plan.draft.key: plan for plan in plans}
    found: dict[str, Notice] = {}
    for name, shape in shop.manifest.notices.items():
        path = ("notices", name)
        users = [drafts[key] for key in sorted(senders.get(name, ())) if key in drafts]
        if not users:
            shop.warn("never-sent", f"nothing sends `{name}`", f"没有任何操作发送 `{name}`", path)
        scopes = [action_scope(shop, user, (), by_system=True) for user in users] or [
            shop.scope({"self": ANY, "old": ANY, "ask": ANY})
        ]
        compiled = [_notice(shop, name, shape, path, scope) for scope in scopes]
        found[name] = compiled[0]
    return found


def _senders(records: Iterable[RecordType]) -> dict[str, set[str]]:
    senders: dict[str, set[str]] = {}
    for record in records:
        names = {name for action in record.actions.values() for outcome in action.outcomes for name in outcome.notice}
        names |= {remind.notice for timer in record.timers.values() for remind in timer.remind}
        for name in names:
            senders.setdefault(name, set()).add(record.key)
    return senders


def _notice(shop: Workshop, name: str, shape: NoticeShape, path: KeyPath, scope: NameScope) -> Notice:
    open_scope = scope.having(ask=Kind("any"))  # several actions with different inputs may send it
    to: list[str | Formula] = []
    for index, raw in enumerate(shape.to):
        here = (*path, "to", index)
        if not raw.startswith("="):
            if shop.known_role(raw, here):
                to.append(raw)
        elif person := formula(shop, raw, here, open_scope):
            to.append(person)
            _check_person(shop, person, here)
    return Notice(
        name, tuple(to), text_of(shape.text), fills(shop, shape.text, (*path, "text"), open_scope), tuple(shape.cite)
    )


def _check_person(shop: Workshop, person: Formula, path: KeyPath) -> None:
    kind = person.kind.item if person.kind.name == "list" and person.kind.item else person.kind
    if kind.name not in ("any", "list") and kind != record_kind("core.staff"):
        shop.fault(
            "wrong-kind",
            "a notice goes to a role or to staff",
            "通知只能发给岗位或员工",
            path,
            Text("write a role, or an expression that gives a person", "请写岗位名，或得出员工的表达式"),
        )
