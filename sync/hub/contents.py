"""Headquarters' side of carrying contents: what it needs of a branch's, and what it gives (sync.md 19).

Every call may be repeated, at once or much later. A branch may bring what records of its own store name, and get what
records that it holds name; a hash alone opens nothing.
"""

from __future__ import annotations

from core.model.contents import OTHER
from stores import contents
from stores.changes import naming
from stores.contents import Content
from stores.node import Node
from stores.storage.credentials import Credential
from stores.storage.database import Connection
from sync.protocol import Deliver, DeliverAnswer, Fetch, FetchAnswer, NotYours, Offer, OfferAnswer, Offered


def offer(node: Node, caller: Credential, question: Offer) -> OfferAnswer:
    """Say which pieces are missing of what a branch has whole.

    What no record of the caller's store at headquarters could name is put off: the record comes first.
    """
    needs: dict[str, tuple[int, ...]] = {}
    later: list[str] = []
    with node.database.write() as connection:
        for offered in question.contents:
            if not naming.belongs(connection, node, offered.type, offered.pk, caller.store):
                later.append(offered.hash)
                continue
            content = _described(connection, node, offered)
            if not content.whole:
                needs[offered.hash] = tuple(contents.missing(connection, content))
    return OfferAnswer(needs, tuple(later))


def deliver(node: Node, _caller: Credential, question: Deliver) -> DeliverAnswer:
    """Keep pieces of a content that was offered, whoever brings them: a piece is what its hash says, or NodeError."""
    with node.database.write() as connection:
        content = contents.find(connection, question.hash)
        if content is None or not content.pieces:
            raise NotYours.of("not-offered", "this content was not offered", "未申报的文件内容")
        if content.whole:
            return DeliverAnswer(whole=True)
        for nth, data in question.pieces:
            contents.put(connection, content, nth, data)
        whole = contents.finish(connection, question.hash, node.now())
    if whole:
        node.committed()
    return DeliverAnswer(whole)


def fetch(node: Node, caller: Credential, question: Fetch) -> FetchAnswer:
    """Give the next pieces of a content, if a record that the caller holds names it and all of it is here."""
    with node.database.read() as connection:
        content = contents.find(connection, question.hash)
        if content is None or not content.whole or not _may_have(connection, node, caller, question):
            return FetchAnswer()
        data = contents.read(connection, question.hash, question.first, question.most)
    return FetchAnswer(content.size, content.pieces, tuple(data))


def _described(connection: Connection, node: Node, offered: Offered) -> Content:
    now = node.now()
    known = contents.find(connection, offered.hash)
    if known is None or not known.pieces:
        contents.describe(connection, offered.hash, offered.size, offered.pieces, OTHER, now)
    contents.name(connection, offered.hash, offered.type, offered.pk, now)
    found = contents.find(connection, offered.hash)
    assert found is not None, "it was described just now"
    return found


def _may_have(connection: Connection, node: Node, caller: Credential, question: Fetch) -> bool:
    return naming.names(connection, node, caller.store, question.type, question.pk, question.hash)
