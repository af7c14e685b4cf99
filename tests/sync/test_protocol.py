"""Messages say who they are about; bounds stand in an order in which they hold."""

from __future__ import annotations

from sync import protocol
from sync.protocol import Head, Push
from sync.wire.codec import JSON_BYTES_MAX
from tests.sync.samples import ORIGIN, a_log, a_push


def test_a_piece_ends_where_its_last_entry_ends_and_an_empty_one_where_it_begins() -> None:
    log = a_log(3)

    assert Push(ORIGIN, Head(), tuple(log)).head == Head(3, log[-1].hash)
    assert Push(ORIGIN, Head(7, "a"), ()).head == Head(7, "a")
    assert a_push(3).head.seq == 3


def test_a_frame_at_its_bound_fits_into_a_body_and_a_body_into_memory() -> None:
    assert protocol.FRAME_CHANGES_MAX < protocol.HARD_CHANGES_MAX
    assert protocol.FRAME_BYTES_MAX < JSON_BYTES_MAX <= protocol.BODY_BYTES_MAX <= protocol.HARD_BYTES_MAX
