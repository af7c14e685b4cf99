"""How the people of a node's store come to sign in: given, renewed and shut by who looks after the node, or by oneself.

An account is the node's own and goes nowhere. Whoever gets, loses or finds it renewed is told by a notice, which
headquarters holds too: nobody takes another's place without leaving a trace.
"""

from __future__ import annotations

from app.chain.overseeing import keeps
from app.signin.passwords import Passwords
from app.signin.throttle import Throttle
from core.model.errors import Forbidden, NodeError, NotFound, Text
from stores import rows
from stores.actor import Actor
from stores.changes import alarms
from stores.node import Node
from stores.storage import people
from stores.storage.database import Connection

STAFF = "core.staff"
CHANGED = "core.sign_in_changed"


def check_keeper(node: Node, actor: Actor) -> None:
    """Raise Forbidden unless the actor looks after this node, in its own store."""
    if not (keeps(actor) and actor.store == node.store):
        raise Forbidden.of("role", "this is for the administrators of this node", "仅本节点的管理员可以查看")


def give(node: Node, passwords: Passwords, actor: Actor, staff_id: str, login: str, password: str) -> None:
    """Let a person of this store sign in, or set what he signs in with anew; sessions that run end.

    Raises NodeError with every reason why the password will not do, NotFound, Forbidden and Clash.
    """
    check_keeper(node, actor)
    if not login.strip():
        raise NodeError.of("required", "enter a login", "请填写登录名", field="login")
    kept = passwords.hash(password, login)
    with node.database.write() as connection:
        _check_works_here(connection, node, staff_id)
        people.create_account(connection, staff_id, login, kept, node.now())
        people.end_sessions(connection, staff_id)
        _tell(connection, node, actor, staff_id, _GIVEN)
    node.committed()


def shut(node: Node, actor: Actor, staff_id: str) -> None:
    """Keep a person from signing in here, at once. Raises Forbidden and NotFound."""
    check_keeper(node, actor)
    with node.database.write() as connection:
        _check_account(connection, staff_id)
        people.close_account(connection, staff_id, node.now())
        _tell(connection, node, actor, staff_id, _SHUT)
    node.committed()


def sign_out(node: Node, actor: Actor, staff_id: str) -> None:
    """Sign a person out everywhere, as its keeper or for oneself. Raises Forbidden and NotFound."""
    if actor.id != staff_id:
        check_keeper(node, actor)
    with node.database.write() as connection:
        _check_account(connection, staff_id)
        people.end_sessions(connection, staff_id)


def change_own(
    node: Node, passwords: Passwords, throttle: Throttle, actor: Actor, address: str, old: str, new: str
) -> None:
    """Set one's own password, by the old one; all one's sessions end. A wrong one counts as a failed sign-in.

    Raises NodeError, NotFound and TooManyAttempts.
    """
    with node.database.read() as connection:
        account = _check_account(connection, actor.id)
    throttle.enter(account.login, address)
    if not passwords.verify(account.password_hash, old):
        raise NodeError.of("wrong-password", "the present password is wrong", "当前密码错误", field="old")
    throttle.succeeded(account.login, address)
    kept = passwords.hash(new, account.login)
    with node.database.write() as connection:
        people.change_password(connection, actor.id, kept, node.now())


def _check_works_here(connection: Connection, node: Node, staff_id: str) -> None:
    row = rows.load(connection, node, node.catalog.records[STAFF], staff_id)
    if row is None or row.values["store"] != node.store or row.values.get("active") is False:
        raise NotFound.of("no-such-person", "nobody of this store has this id", "本店没有此在职人员")


def _check_account(connection: Connection, staff_id: str) -> people.Account:
    account = people.account_of(connection, staff_id)
    if account is None:
        raise NotFound.of("no-such-login", "this person does not sign in here", "此人在本节点没有登录账户")
    return account


def _tell(connection: Connection, node: Node, actor: Actor, staff_id: str, text: Text) -> None:
    if actor.id != staff_id:
        alarms.tell(connection, node, CHANGED, [staff_id], text.filled({"who": actor.name}))


_GIVEN = Text("{who} has set how you sign in here", "{who} 设置了您在本节点的登录名和密码")
_SHUT = Text("{who} has shut your account here", "{who} 停用了您在本节点的登录账户")
