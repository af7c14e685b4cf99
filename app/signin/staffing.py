"""People who sign in: a staff record and an account that belongs to it. The first administrator comes in this way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.signin.passwords import Passwords
from core.model.errors import Clash, NodeError, NotFound, Problem, Text, suggest
from core.model.scope import HEADQUARTERS
from stores.actor import SYSTEM_ACTOR
from stores.acts.act import act
from stores.acts.calls import Call
from stores.node import Node
from stores.reads import records
from stores.storage import people

STAFF = "core.staff"


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Who is to sign in, and by what."""

    name: str
    login: str
    password: str
    roles: tuple[str, ...]
    badge: str | None = None
    store: str | None = None  # None = the node's own


def add_person(node: Node, passwords: Passwords, person: NewPerson) -> str:
    """Hire a person and let him sign in here; return the staff id. Raises NodeError with every problem."""
    check_roles(node, person.roles)
    kept = passwords.hash(person.password, person.login)
    with node.database.read() as connection:
        if people.account_by_login(connection, person.login) is not None:
            raise Clash.of(
                "login-taken",
                f"somebody signs in as `{person.login}` already",
                f"登录名 `{person.login}` 已被使用",
                field="login",
            )
    ask: dict[str, object] = {"name": person.name, "roles": list(person.roles)}
    if person.badge:
        ask["badge"] = person.badge
    record = node.catalog.records[STAFF]
    receipt = act(node, Call(record, "hire", SYSTEM_ACTOR, ask=ask, store=person.store or node.store))
    with node.database.write() as connection:
        people.create_account(connection, receipt.id, person.login, kept, node.now())
    return receipt.id


def let_in(node: Node, passwords: Passwords, who: str, login: str, password: str) -> str:
    """Let a member of this store's staff sign in, known by badge or name; return the name.

    How people sign in never leaves a node. So on a new PC everybody is on file and nobody can get in. Raises NotFound,
    Clash (several are called so; somebody else has the login) and NodeError for the password.
    """
    kept = passwords.hash(password, login)
    found = _here(node, ("badge", "eq", who)) or _here(node, ("name", "eq", who))
    if len(found) != 1:
        raise _not_one(node, who, several=bool(found))
    with node.database.write() as connection:
        people.create_account(connection, found[0]["id"], login, kept, node.now())
        people.end_sessions(connection, found[0]["id"])
    return str(found[0]["name"])


def set_password(node: Node, passwords: Passwords, login: str, password: str) -> None:
    """Give a person a new password; sessions that run end."""
    kept = passwords.hash(password, login)
    with node.database.write() as connection:
        account = people.account_by_login(connection, login)
        if account is None:
            raise NotFound.of(
                "no-such-login", f"nobody signs in as `{login}` here", f"本机没有登录名 `{login}`", field="login"
            )
        people.change_password(connection, account.staff_id, kept, node.now())


@dataclass(frozen=True, slots=True)
class Listed:
    """A member of staff as this node knows him, with the login he has here, if any."""

    name: str
    badge: str | None
    roles: tuple[str, ...]
    store: str
    login: str | None
    active: bool


def listed(node: Node) -> list[Listed]:
    """Return all staff known here, by store and name."""
    record, found, cursor = node.catalog.records[STAFF], [], None
    while True:
        page = records.query(node, SYSTEM_ACTOR, record, sort=["store", "name"], cursor=cursor, limit=records.LIMIT_MAX)
        found += page.rows
        cursor = page.next
        if cursor is None:
            break
    with node.database.read() as connection:
        accounts = {each["id"]: people.account_of(connection, each["id"]) for each in found}
    return [
        Listed(
            each["name"],
            each["badge"],
            tuple(each["roles"] or ()),
            each["store"],
            account.login if (account := accounts[each["id"]]) and account.active else None,
            bool(each["active"]),
        )
        for each in found
    ]


def check_roles(node: Node, roles: Sequence[str]) -> None:
    """Refuse roles that no running plugin has: a typing error would make a person who can do nothing."""
    known = {name for plugin in node.catalog.plugins.values() for name in plugin.roles}
    problems = tuple(
        Problem(
            "no-such-role",
            Text(f"no plugin has a role `{role}`", f"没有岗位 `{role}`"),
            fix=suggest(role, known) or Text("known: " + ", ".join(sorted(known)), "可用：" + "、".join(sorted(known))),
            field="roles",
        )
        for role in roles
        if role not in known
    )
    if problems:
        raise NodeError(problems)


def _here(node: Node, *where: tuple[str, str, object]) -> Sequence[Mapping[str, Any]]:
    """Return who works in this node's store, as far as a page goes."""
    here = [("store", "eq", node.store), ("active", "eq", True), *where]
    return records.query(node, SYSTEM_ACTOR, node.catalog.records[STAFF], where=here, limit=records.LIMIT_MAX).rows


def _not_one(node: Node, who: str, *, several: bool) -> NodeError:
    if several:
        what = Text(f"more than one person here is called `{who}`", f"本店有多人名为 `{who}`")
        return Clash((Problem("several-people", what, fix=Text("name the badge instead", "请改用工号")),))
    known = [str(each["badge"] or each["name"]) for each in _here(node)]
    fix = Text("branchline person list shows who works here", "用 branchline person list 查看本店人员")
    what = Text(f"nobody here has the badge or the name `{who}`", f"本店没有工号或姓名为 `{who}` 的在职人员")
    return NotFound((Problem("no-such-person", what, fix=suggest(who, known) or fix),))


def first_role(node: Node) -> str:
    """Return the role of the administrator of this node."""
    return "hq_admin" if node.store == HEADQUARTERS else "store_admin"
