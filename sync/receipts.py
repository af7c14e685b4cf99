"""Receipts: headquarters signs that it holds a log up to an entry, so that neither side can deny it later."""

from __future__ import annotations

import json
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.model.errors import NodeError, Problem, Text
from sync.protocol import Dice, Head, SignedReceipt

KEY_BYTES = 32


class ReceiptFault(NodeError):
    """A receipt is not signed by the headquarters this node enrolled with, or speaks of something else."""

    status = 502


def new_key(dice: Dice) -> Ed25519PrivateKey:
    """Return a new signing key made from unpredictable bytes."""
    return Ed25519PrivateKey.from_private_bytes(dice(KEY_BYTES))


@lru_cache(maxsize=8)
def key_from(secret: str) -> Ed25519PrivateKey:
    """Return the key that ``secret_of`` wrote. Working out its public half is dearer than a call of sync is."""
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))


def secret_of(key: Ed25519PrivateKey) -> str:
    """Return the private key as hex, for the node's own database."""
    return key.private_bytes_raw().hex()


def public_of(key: Ed25519PrivateKey) -> str:
    """Return the public key as hex: what a branch pins at enrolment."""
    return key.public_key().public_bytes_raw().hex()


def sign(key: Ed25519PrivateKey, origin: str, head: Head, epoch: str, time: int) -> SignedReceipt:
    """Return the hub's signature under its holding ``origin``'s log up to ``head`` at ``time`` (milliseconds)."""
    signature = key.sign(_statement(origin, head, epoch, time)).hex()
    return SignedReceipt(origin, head, epoch, time, signature)


def verified(public_key: str, receipt: SignedReceipt | None, origin: str, head: Head) -> SignedReceipt:
    """Return the receipt if it is the pinned hub's own about ``origin`` up to ``head``, or raise ReceiptFault."""
    if receipt is None:
        raise _fault("there is no receipt", "没有回执")
    if (receipt.origin, receipt.head) != (origin, head):
        raise _fault("the receipt speaks of another log", "回执所指并非本节点的日志")
    statement = _statement(receipt.origin, receipt.head, receipt.epoch, receipt.time)
    try:
        pinned = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        pinned.verify(bytes.fromhex(receipt.signature), statement)
    except (InvalidSignature, ValueError) as error:
        raise _fault("the receipt is not signed by our headquarters", "回执不是由本总部签署") from error
    return receipt


def _statement(origin: str, head: Head, epoch: str, time: int) -> bytes:
    """Return the bytes that are signed: one JSON list, so that no two statements read the same."""
    return json.dumps(["branchline receipt", 1, origin, head.seq, head.hash, epoch, time]).encode()


def _fault(en: str, zh: str) -> ReceiptFault:
    fix = Text(
        "somebody may stand between this node and headquarters; call headquarters before going on",
        "可能有人冒充总部；继续前请致电总部核实",
    )
    return ReceiptFault((Problem("receipt-fault", Text(en, zh), fix=fix),))
