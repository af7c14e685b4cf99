"""The messages that carry contents, as trees of plain values and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.model.contents import CONTENT_BYTES_MAX, PIECE_BYTES
from sync.protocol import (
    OFFERED_MAX,
    PIECES_MAX,
    Deliver,
    DeliverAnswer,
    Fetch,
    FetchAnswer,
    Message,
    Offer,
    OfferAnswer,
    Offered,
)
from sync.wire.reading import Part, bad, blob, flag, hexadecimal, integer, listing, name


def _offer_tree(offer: Offer) -> dict[str, object]:
    return {"contents": [[each.hash, each.size, list(each.pieces), each.type, each.pk] for each in offer.contents]}


def _read_offer(tree: dict[str, object]) -> Offer:
    part = Part(tree, "offer", ("contents",))
    return Offer(tuple(map(_read_offered, _bounded(part, "contents", OFFERED_MAX))))


def _read_offered(value: object) -> Offered:
    digest, size, pieces, type_, pk = listing(value, "offer.contents", 5)
    where = "offer.contents"
    return Offered(
        hexadecimal(digest, where, 64),
        integer(size, where, 0, CONTENT_BYTES_MAX),
        _read_hashes(pieces, where),
        name(type_, where),
        name(pk, where),
    )


def _read_hashes(value: object, where: str) -> tuple[str, ...]:
    found = listing(value, where)
    if len(found) > CONTENT_BYTES_MAX // PIECE_BYTES:
        raise bad(where, "too many pieces", "分片过多")
    return tuple(hexadecimal(each, where, 64) for each in found)


def _offer_answer_tree(answer: OfferAnswer) -> dict[str, object]:
    needs = [[digest, list(missing)] for digest, missing in answer.needs.items()]
    return {"needs": needs, "later": list(answer.later)}


def _read_offer_answer(tree: dict[str, object]) -> OfferAnswer:
    part = Part(tree, "offer", ("needs", "later"))
    needs: dict[str, tuple[int, ...]] = {}
    for pair in _bounded(part, "needs", OFFERED_MAX):
        digest, missing = listing(pair, "offer.needs", 2)
        numbers = (integer(each, "offer.needs") for each in listing(missing, "offer.needs"))
        needs[hexadecimal(digest, "offer.needs", 64)] = tuple(numbers)
    later = tuple(hexadecimal(each, "offer.later", 64) for each in _bounded(part, "later", OFFERED_MAX))
    return OfferAnswer(needs, later)


def _deliver_tree(deliver: Deliver) -> dict[str, object]:
    return {"hash": deliver.hash, "pieces": [list(piece) for piece in deliver.pieces]}


def _read_deliver(tree: dict[str, object]) -> Deliver:
    part = Part(tree, "deliver", ("hash", "pieces"))
    pieces = []
    for pair in _bounded(part, "pieces", PIECES_MAX):
        nth, data = listing(pair, "deliver.pieces", 2)
        pieces.append((integer(nth, "deliver.pieces"), blob(data, "deliver.pieces", PIECE_BYTES)))
    return Deliver(part.get("hash", hexadecimal, 64), tuple(pieces))


def _read_deliver_answer(tree: dict[str, object]) -> DeliverAnswer:
    return DeliverAnswer(Part(tree, "deliver", ("whole",)).get("whole", flag))


def _read_fetch(tree: dict[str, object]) -> Fetch:
    part = Part(tree, "fetch", tuple(Fetch.__dataclass_fields__))
    return Fetch(
        hash=part.get("hash", hexadecimal, 64),
        type=part.get("type", name),
        pk=part.get("pk", name),
        first=part.get("first", integer),
        most=part.get("most", integer, 1, PIECES_MAX),
    )


def _fetch_answer_tree(answer: FetchAnswer) -> dict[str, object]:
    return {"size": answer.size, "hashes": list(answer.hashes), "data": list(answer.data)}


def _read_fetch_answer(tree: dict[str, object]) -> FetchAnswer:
    part = Part(tree, "fetch", ("size", "hashes", "data"))
    return FetchAnswer(
        part.get("size", integer, 0, CONTENT_BYTES_MAX),
        part.get("hashes", _read_hashes),
        tuple(blob(each, "fetch.data", PIECE_BYTES) for each in _bounded(part, "data", PIECES_MAX)),
    )


def _bounded(part: Part, key: str, most: int) -> list[object]:
    found = part.get(key, listing)
    if len(found) > most:
        raise bad(key, f"more than {most}", f"超过 {most} 项")
    return found


NAMES: dict[type[Any], str] = {
    Offer: "offer",
    OfferAnswer: "offer-answer",
    Deliver: "deliver",
    DeliverAnswer: "deliver-answer",
    Fetch: "fetch",
    FetchAnswer: "fetch-answer",
}
WRITERS: dict[type[Any], Callable[[Any], dict[str, object]]] = {
    Offer: _offer_tree,
    OfferAnswer: _offer_answer_tree,
    Deliver: _deliver_tree,
    FetchAnswer: _fetch_answer_tree,
}
READERS: dict[type[Any], Callable[[dict[str, object]], Message]] = {
    Offer: _read_offer,
    OfferAnswer: _read_offer_answer,
    Deliver: _read_deliver,
    DeliverAnswer: _read_deliver_answer,
    Fetch: _read_fetch,
    FetchAnswer: _read_fetch_answer,
}
