"""Giving a post: it must be one, the person must be of the store, and headquarters' posts are headquarters' to give."""

from __future__ import annotations

from typing import cast

from core.language.definition import SYSTEM
from core.model.errors import Problem, Text, suggest
from core.model.scope import HEADQUARTERS
from stores import posts, rows
from stores.actor import CHAIN_ROLES
from stores.acts.work import Work


def problems(work: Work) -> list[Problem]:
    """Return what is wrong with the posts that a record of staff, or an assignment, would give (decision 0009)."""
    if work.record.key == posts.STAFF:
        return _of_staff(work)
    return _of_assignment(work)


def _of_staff(work: Work) -> list[Problem]:
    """Look at what changes: a post somebody has had since before a plugin was removed does not hold up his hiring."""
    new = set(cast("list[str]", work.draft.values.get("roles") or []))
    old = set(cast("list[str]", work.old.values.get("roles") or [])) if work.old else set()
    found = [problem for role in sorted(new - old) if (problem := _unknown(work, role, "roles"))]
    closed = posts.locked(work.node.catalog) & (new ^ old)
    if not closed or found:
        return found
    if work.draft.values["store"] != HEADQUARTERS:
        return [_locked(work, role, "roles") for role in sorted(closed & new - old)]
    return [] if _from_above(work) else [_not_yours(work, role, "roles") for role in sorted(closed)]


def _of_assignment(work: Work) -> list[Problem]:
    values, role = work.draft.values, str(work.draft.values["role"])
    owner = values["store"]
    if unknown := _unknown(work, role, "role"):
        return [unknown]
    person = rows.load(work.connection, work.node, work.node.catalog.records[posts.STAFF], str(values["staff"]))
    if person is None or (owner not in {HEADQUARTERS, person.values["store"]}):
        return [_ELSEWHERE]
    if role in CHAIN_ROLES and person.values["store"] != HEADQUARTERS:
        return [_only_there(work, role)]
    if role in posts.locked(work.node.catalog):
        if owner != HEADQUARTERS:
            return [_locked(work, role, "role")]
        if not _from_above(work):
            return [_not_yours(work, role, "role")]
    return []


def _from_above(work: Work) -> bool:
    """Say whether headquarters' administrator acts, or the node itself."""
    actor = work.call.actor
    return actor.id == SYSTEM or (actor.store == HEADQUARTERS and "hq_admin" in actor.roles)


def _unknown(work: Work, role: str, field: str) -> Problem | None:
    known = {name for plugin in work.node.catalog.plugins.values() for name in plugin.roles}
    if role in known:
        return None
    fix = suggest(role, known) or Text("known: " + ", ".join(sorted(known)), "可用：" + "、".join(sorted(known)))
    return Problem("no-such-role", Text(f"no plugin has a role `{role}`", f"没有岗位 `{role}`"), fix=fix, field=field)


def _label(work: Work, role: str) -> Text:
    return next(plugin.roles[role].label for plugin in work.node.catalog.plugins.values() if role in plugin.roles)


def _locked(work: Work, role: str, field: str) -> Problem:
    label = _label(work, role)
    what = Text(f"the post `{label.en}` is given by headquarters only", f"岗位“{label.zh}”只能由总部任命")
    fix = Text(
        "ask headquarters: it gives the post as a dated post of its own store `hq`",
        "请联系总部：由总部以本部（hq）的任职期间记录任命",
    )
    return Problem("role-locked", what, fix=fix, field=field)


def _not_yours(work: Work, role: str, field: str) -> Problem:
    label = _label(work, role)
    what = Text(
        f"only an administrator of headquarters gives or takes the post `{label.en}`",
        f"岗位“{label.zh}”只能由总部管理员任免",
    )
    return Problem("role-locked", what, field=field)


def _only_there(work: Work, role: str) -> Problem:
    label = _label(work, role)
    what = Text(f"`{label.en}` is a post of headquarters itself", f"“{label.zh}”是总部本部的岗位")
    fix = Text("give it to somebody who works there", "请授予总部在职人员")
    return Problem("role-of-headquarters", what, fix=fix, field="role")


_ELSEWHERE = Problem(
    "other-store",
    Text("the person does not work in this store", "该员工不在本店任职"),
    fix=Text("give the post in the store where he works", "请在其所属门店任命"),
    field="staff",
)
