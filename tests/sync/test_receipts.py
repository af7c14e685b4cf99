"""A receipt proves what headquarters held: nobody else can write one, and none can be bent to say another thing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync import receipts
from sync.protocol import Head, SignedReceipt
from sync.receipts import ReceiptFault

KEY = receipts.new_key(lambda n: bytes(range(n)))
OTHER = receipts.new_key(lambda n: bytes(reversed(range(n))))
HEAD = Head(412, "ab" * 16)
RECEIPT = receipts.sign(KEY, "osaka-road.1", HEAD, "e1", 1_760_000_000_000)


def test_the_hubs_own_receipt_is_believed() -> None:
    assert receipts.verified(receipts.public_of(KEY), RECEIPT, "osaka-road.1", HEAD) == RECEIPT


@pytest.mark.parametrize(
    "bent",
    [
        replace(RECEIPT, epoch="e2"),
        replace(RECEIPT, time=RECEIPT.time + 1),
        replace(RECEIPT, signature="00" * 64),
        receipts.sign(OTHER, "osaka-road.1", HEAD, "e1", 1_760_000_000_000),
        receipts.sign(KEY, "osaka-road.1", Head(413, HEAD.hash), "e1", 1),
        receipts.sign(KEY, "bund.1", HEAD, "e1", 1),
    ],
)
def test_a_receipt_that_was_bent_or_is_anothers_is_not_believed(bent: SignedReceipt) -> None:
    with pytest.raises(ReceiptFault):
        receipts.verified(receipts.public_of(KEY), bent, "osaka-road.1", HEAD)


def test_a_pinned_key_that_is_no_key_is_a_clear_error() -> None:
    with pytest.raises(ReceiptFault):
        receipts.verified("not hex", RECEIPT, "osaka-road.1", HEAD)


def test_a_key_is_the_same_after_a_restart() -> None:
    again = receipts.key_from(receipts.secret_of(KEY))

    assert receipts.public_of(again) == receipts.public_of(KEY)
