"""A branch that has joined headquarters, on a line that can be cut, and two people who edit one rental."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest

from app.ids import IdMaker
from app.signin.passwords import Passwords
from app.signin.staffing import NewPerson, add_person
from core.model.clock import HybridClock
from stores.acts.act import act
from stores.acts.calls import Call
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.staff import person
from stores.storage import credentials
from stores.storage.credentials import Credential
from stores.storage.database import Database
from stores.storage.identity import Identity
from stores.storage.identity import save as save_identity
from stores.storage.migrate import migrate
from sync import keys
from sync.branch.round import sync_round
from tests.sync.nodes import DirectLink

RENTAL = "bicycle_rental.rental"


@dataclass
class Branch:
    """The branch on the Bund: its node, and Chen at its counter."""

    shop: Any
    node: Node
    link: DirectLink
    chen: str

    def sync(self) -> None:
        sync_round(self.node, self.link)

    def do(self, node: Node, who: str, action: str, ask: dict[str, object], id_: str | None = None) -> str:
        """Carry out an action as somebody, at a node; return the record's id."""
        name, _, verb = action.rpartition(".")
        with node.database.read() as connection:
            actor = person(connection, node, who)
        record = node.catalog.records[name]
        return str(act(node, Call(record=record, action=verb, actor=actor, id=id_, ask=ask, reason="noted")).id)

    def rental(self) -> str:
        """A rental that both sides know."""
        wheel = self.do(self.node, self.chen, "bicycle_rental.bicycle.add", {"frame": "B-1"})
        made = self.do(
            self.node,
            self.chen,
            f"{RENTAL}.hand_out",
            {"bicycle": wheel, "guest": "陈先生", "phone": "13800001111", "note": "白天"},
        )
        self.sync()
        return made

    def dispute(self) -> str:
        """Let both sides write another note without knowing of each other; return the rental."""
        made = self.rental()
        self.do(self.node, self.chen, f"{RENTAL}.remark", {"note": "门店备注"}, made)
        self.do(self.shop.service.node, self.shop.staff["li"], f"{RENTAL}.remark", {"note": "总部备注"}, made)
        self.sync()
        return made

    def forge(self, made: str | None = None) -> str:
        """Write something in the name of a person of headquarters, as an edited database would; return the record."""
        return self.write({"note": "伪造", "phone": "13911112222"}, self.shop.staff["li"], made)

    def write(self, cells: dict[str, Any], who: str, made: str | None = None) -> str:
        """Write cells that no action would, and send them; return the record."""
        node, record = self.node, self.node.catalog.records[RENTAL]
        id_ = made or node.new_id()
        edit = Edit(record, id_, "bund", "update" if made else "create", cells)
        with node.database.write() as connection:
            commit(connection, node, Deed(node.new_id(), f"{RENTAL}.remark", who, node.now()), [edit])
        self.sync()
        return id_

    def note(self, node: Node, id_: str) -> object:
        """Return what stands in the note of a rental at a node, and whether the record is alive there."""
        table = node.table(node.catalog.records[RENTAL])
        with node.database.read() as connection:
            found = connection.execute(table.select().where(table.c.id == id_)).mappings().first()
        return None if found is None else (found["note"], found["_life"] % 2 == 1)


@pytest.fixture
def branch(shop: Any) -> Iterator[Branch]:
    hub, clock, dice = shop.service.node, shop.clock, Random(5)
    database = Database("sqlite:///:memory:")
    migrate(database, hub.catalog)
    identity = Identity("bund-01", 1, "bund", "https://hq.example.com")
    with database.write() as connection:
        save_identity(connection, identity)
    node = replace(
        hub, database=database, identity=identity, new_id=IdMaker(lambda: int(clock().timestamp() * 1000), dice.randbytes),
        clock=HybridClock(lambda: int(clock().timestamp() * 1000)), _listeners=[], _watchers=[],
    )  # fmt: skip
    with hub.database.write() as connection:
        keys.found_hub(connection, dice.randbytes)
        credentials.add_credential(connection, keys.hashed("token"), "bund-01", "bund", hub.now())
    chen = add_person(node, Passwords.quick(), NewPerson("Chen", "chen", "a long enough password", ("counter",), "C1"))
    joined = Branch(shop, node, DirectLink(hub, Credential("bund-01", "bund")), chen)
    joined.sync()
    yield joined
    database.close()
