"""How a node joins the chain: headquarters gives out a code, the branch turns it into a credential of its own.

The code is read out over the telephone, so it is short, forgiving about how it is typed, good once and for two
days. The token is long, made by the branch, and never leaves it but inside TLS. Headquarters keeps hashes of both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from core.model.errors import NodeError, Problem, Text
from core.model.scope import HEADQUARTERS
from stores.node import Node
from stores.storage import credentials, identity
from stores.storage.checkpoints import head
from sync import keys, receipts
from sync.keys import Upstream
from sync.protocol import PROTOCOL_VERSION, Dice, Enrol, EnrolAnswer
from sync.wire.link import HttpLink, Link

CODE_LASTS = timedelta(hours=48)
CODE_BYTES = 10  # 80 bits, 16 characters
TOKEN_BYTES = 32
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U, which are misread or misheard
LOOKALIKES = str.maketrans("ILO", "110")
GROUP_CHARS = 4


class EnrolmentRefused(NodeError):
    """The node cannot join this way; every problem says what to do instead."""

    status = 403


class AddressRefused(NodeError):
    """The address of headquarters is not one this node would send a credential to."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code for one node of ``store``. This is the only moment at which it can be read."""

    code: str = field(repr=False)
    store: str
    expires_at: datetime


def invite(node: Node, store: str, *, dice: Dice, by: str = "system") -> Invitation:
    """Give out a code with which one node may join as ``store``; ``by`` is the person who gives it out.

    The first invitation makes the node a hub: it gives it an epoch and a signing key. Raises EnrolmentRefused when
    ``store`` is headquarters itself.
    """
    if store == HEADQUARTERS:
        raise _refused(
            "invite-headquarters", "headquarters is this node's own place", "总部节点不能作为门店被邀请",
            Text("name a store", "请填写门店"),
        )  # fmt: skip
    code = _code(dice(CODE_BYTES))
    with node.database.write() as connection:
        keys.found_hub(connection, dice)
        credentials.invite(connection, keys.hashed(plain_code(code)), store, by, node.now(), CODE_LASTS)
    return Invitation(code, store, node.now() + CODE_LASTS)


def enrol(
    node: Node,
    url: str,
    code: str,
    *,
    dice: Dice,
    connect: Callable[[str], Link] = HttpLink,
    plain_http: bool = False,
) -> EnrolAnswer:
    """Join the chain whose headquarters is at ``url``: show the code, pin the hub's key, keep the credential.

    Everything is safe to repeat with the same code: the token is kept before it is sent, so if only the answer is
    lost, headquarters recognises the node and answers again. Raises AddressRefused, EnrolmentRefused or what
    the link raises.
    """
    address = check_url(url, plain_http=plain_http)
    question = Enrol(plain_code(code), node.identity.node, node.store, _prepared_token(node, dice))
    link = connect(address)
    try:
        answer = link.enrol(question)
    finally:
        link.close()
    if (answer.node, answer.store) != (question.node, question.store):
        raise _refused(
            "enrol-other", "headquarters answered about another node", "总部答复的不是本节点",
            Text("ask headquarters for a new code", "请向总部索取新的注册码"),
        )  # fmt: skip
    with node.database.write() as connection:
        keys.keep_upstream(connection, Upstream(address, question.token, answer.key))
        joined = replace(node.identity, upstream=address)
        identity.save(connection, joined)
    node.identity = joined
    return answer


def accept(node: Node, question: Enrol) -> EnrolAnswer:
    """Hub side: let a node in that shows a good code, in one transaction with the use of the code.

    Raises InvitationRefused when the code is not good and EnrolmentRefused when the node's name or store does not
    fit: whoever holds a code for one store must not take over the name of another store's node.
    """
    _check_question(node, question)
    token_hash = keys.hashed(question.token)
    with node.database.write() as connection:
        hub = keys.hub(connection)
        code_hash = keys.hashed(plain_code(question.code))
        again = credentials.is_used(connection, code_hash)
        store = credentials.accept_invitation(connection, code_hash, question.node, node.now())
        if store != question.store:
            raise _refused(
                "enrol-store", f"this code is for store `{store}`, the node is set up as `{question.store}`",
                f"该注册码用于门店 `{store}`，而本节点设为 `{question.store}`",
                Text("correct `store` in the settings, or ask for another code", "请更正 `store` 设置或另取"),
            )  # fmt: skip
        if any(known.node == question.node and known.store != store for known in credentials.nodes(connection)):
            raise _name_taken(question.node)
        known = credentials.credential(connection, token_hash)
        if known is None and again:  # whoever overheard the code shows it with a token of his own
            raise credentials.refuse_invitation()
        if known is None:
            credentials.add_credential(connection, token_hash, question.node, store, node.now())
        elif known != credentials.Credential(question.node, store):
            raise _name_taken(question.node)
    public = receipts.public_of(hub.key)
    return EnrolAnswer(question.node, store, node.identity.node, hub.epoch, public, int(node.now().timestamp() * 1000))


def check_url(url: str, *, plain_http: bool = False) -> str:
    """Return the address without what does not belong in it, or raise AddressRefused.

    Plain http is for this machine itself; elsewhere everybody on the network could read the credential. In a
    house without certificates ``plain_http`` allows it, to private addresses only.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise _address("it cannot be read", "无法识别") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise _address("it must begin with https:// and a host name", "须以 https:// 和主机名开头")
    if parts.username or parts.password:
        raise _address("it contains a user name or password", "含用户名或密码")
    if parts.query or parts.fragment:
        raise _address("it contains ? or #", "含 ? 或 #")
    if parts.scheme == "http" and not (_is_here(host) or (plain_http and _is_private(host))):
        raise _address("http without s lets everybody on the way read the credential", "http 未加密，凭证可被途中读取")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def plain_code(code: str) -> str:
    """Return the code as it is hashed: capitals, no spaces or dashes, look-alikes read as what they look like."""
    return "".join(letter for letter in code.upper() if letter.isalnum()).translate(LOOKALIKES)


def _check_question(node: Node, question: Enrol) -> None:
    if question.protocol != PROTOCOL_VERSION:
        raise _refused(
            "protocol-version", f"headquarters speaks protocol {PROTOCOL_VERSION}, the node {question.protocol}",
            f"总部协议版本为 {PROTOCOL_VERSION}，节点为 {question.protocol}",
            Text("install the same version on both", "请在两端安装相同版本"),
        )  # fmt: skip
    if question.node == node.identity.node or "." in question.node:
        raise _name_taken(question.node)
    if len(question.token) < TOKEN_BYTES:
        raise _refused(
            "enrol-token", "the node's token is too short to be safe", "节点令牌过短",
            Text("update the node", "请升级节点"),
        )  # fmt: skip


def _prepared_token(node: Node, dice: Dice) -> str:
    """Return the token of an enrolment under way, or a new one, kept before anybody else hears of it."""
    with node.database.write() as connection:
        if node.is_hub and head(connection, node.identity.origin)[0] > 0:
            raise _refused(
                "enrol-late", "this node has been working as a headquarters of its own", "本节点已作为独立总部使用",
                Text("enrol with a new, empty database", "请使用新的空数据库注册"),
            )  # fmt: skip
        return keys.offered_token(connection) or keys.offer_token(connection, dice(TOKEN_BYTES).hex())


def _code(random: bytes) -> str:
    number = int.from_bytes(random, "big")
    letters = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(len(random) * 8 // 5)))
    return "-".join(letters[i : i + GROUP_CHARS] for i in range(0, len(letters), GROUP_CHARS))


def _is_here(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.lower().endswith((".local", ".lan", ".internal"))


def _name_taken(name: str) -> EnrolmentRefused:
    return _refused(
        "enrol-name", f"the node name `{name}` is taken", f"节点名 `{name}` 已被占用",
        Text("choose another `node` in the settings", "请在设置中更改 `node`"),
    )  # fmt: skip


def _refused(code: str, en: str, zh: str, fix: Text) -> EnrolmentRefused:
    return EnrolmentRefused((Problem(code, Text(en, zh), fix=fix),))


def _address(en: str, zh: str) -> AddressRefused:
    fix = Text("write it like https://hq.example.com", "请按 https://hq.example.com 的形式填写")
    what = Text(f"this address of headquarters is not safe to use: {en}", f"总部地址不可用：{zh}")
    return AddressRefused((Problem("address-refused", what, fix=fix, field="url"),))
