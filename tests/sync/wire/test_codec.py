"""Messages survive the wire exactly; whatever else arrives is refused in words, within bounds."""

from __future__ import annotations

import json
from dataclasses import replace

import msgpack
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model.change import sealed
from core.model.errors import NodeError
from stores.changes.buckets import Sum
from sync.protocol import (
    Close,
    CloseAnswer,
    Compare,
    CompareAnswer,
    Deliver,
    DeliverAnswer,
    Enrol,
    EnrolAnswer,
    Fetch,
    FetchAnswer,
    FrameError,
    FrameTooLarge,
    Head,
    Hello,
    HelloAnswer,
    Limits,
    Message,
    Offer,
    OfferAnswer,
    Offered,
    Pull,
    PullAnswer,
    Push,
    PushAnswer,
    Refill,
    RefillAnswer,
    Refusal,
    Repair,
    RepairAnswer,
    SignedReceipt,
    Snapshot,
    SnapshotAnswer,
    Standing,
)
from sync.wire import codec, packing
from sync.wire.codec import Form, decode, encode
from sync.wire.messages import to_tree
from tests.sync.samples import ORIGIN, a_log, a_page, a_push

FORMS: list[Form] = ["packed", "json"]
HEAD = Head(412, "0123456789abcdef" * 2)
MESSAGES: list[Message] = [
    Hello("osaka-road", 1, "osaka-road", HEAD, 400, 9_000, "e1", {"core": "d1"}, 1_760_000_000_000, 5_000, "b0"),
    HelloAnswer(Standing.BEHIND, HEAD, "e1", 1_760_000_000_123, 0, Limits(10, 20, 30), ("core",)),
    a_push(7, per_tx=3),
    Push(ORIGIN, HEAD, ()),
    PushAnswer(Standing.OK, HEAD, SignedReceipt(ORIGIN, HEAD, "e1", 1, "ab" * 64), conflicts=2, quarantined=1),
    PushAnswer(Standing.GAP, HEAD),
    Pull(ORIGIN, 77, "e1", 500),
    PullAnswer(a_page(5), 104, True, "e1", 412, 1 << 60, 1_760_000_000_000),
    PullAnswer((), 0, False, "e1", 0, 0, 1, restart=True),
    PullAnswer(a_page(1), 7, True, "e1", 0, 0, 1, within=(8, "club.card", "0190a0a0")),
    Pull(ORIGIN, 77, "e1", 500, within=(78, "club.card", "0190a0a0")),
    Enrol("ABCD", "osaka-road", "osaka-road", "ff" * 32),
    EnrolAnswer("osaka-road", "osaka-road", "hq", "e1", "cd" * 32, 1),
    Refusal("hub-busy", "busy", "繁忙", 3),
    Offer((Offered("ab" * 32, 300_000, ("cd" * 32, "ef" * 32), "club.card", "0190a0a0"),)),
    OfferAnswer({"ab" * 32: (0, 1)}, ("cd" * 32,)),
    Deliver("ab" * 32, ((0, b"\x00\xff" * 40), (1, b""))),
    DeliverAnswer(whole=True),
    Fetch("ab" * 32, "club.card", "0190a0a0", 1, 4),
    FetchAnswer(300_000, ("cd" * 32,), (b"\x89PNG",)),
    FetchAnswer(),
    Compare(ORIGIN, "e1", 77, HEAD, ((), ("club.card|osaka-road", "01957", "a1"))),
    CompareAnswer(True, ((Sum("club.card|osaka-road", 3, 1 << 127), Sum("club.card|", 1, 0)), ())),
    CompareAnswer(False),
    Repair(ORIGIN, "e1", 77, a_page(2), (("club.card", "0190a0a0"),)),
    RepairAnswer(a_page(1), (("club.card", "0190a0a1"),), 1, 2, 412, 1 << 60),
    Snapshot(ORIGIN, "e1"),
    Snapshot(ORIGIN, "e1", 77, "a.b", (1, "club.card", "0190a0a0")),
    Refill(ORIGIN, "e1", a_page(2)),
    RefillAnswer(2, 3),
    Close(ORIGIN, "2026-03-14", 400, HEAD),
    CloseAnswer(412, 1, "e1", 1_760_000_000_000, "ab" * 64),
    SnapshotAnswer(b"\x00\xff\x7f", "cd" * 32, 77, "a.b", (0, "club.card", "0190a0a0")),
    SnapshotAnswer(b"\x00", "cd" * 32, 77, "a.b", None),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_message_arrives_as_it_was_sent(message: Message, form: Form) -> None:
    assert decode(encode(message, form), type(message), form) == message


cells = st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_characters="\0", codec="utf-8"))
names = st.text("abcdefghij", min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(
    bodies=st.lists(st.dictionaries(names, st.tuples(cells, cells), max_size=4), min_size=1, max_size=6),
    form=st.sampled_from(FORMS),
)
def test_any_cells_in_any_shapes_arrive_exactly_with_the_same_hashes(
    bodies: list[dict[str, tuple[None, None]]], form: Form
) -> None:
    entries, previous = [], Head().hash
    for entry, body in zip(a_log(len(bodies)), bodies, strict=True):
        entries.append(sealed(previous, entry._replace(body=body)))
        previous = entries[-1].hash
    push = Push(ORIGIN, Head(), tuple(entries))

    assert decode(encode(push, form), Push, form) == push


def test_a_change_takes_less_than_forty_bytes_and_a_json_object_several_times_that() -> None:
    push = a_push(5_000)

    packed, plain = encode(push), encode(push, "json")

    ids_alone = 5_000 * 32  # tx and record id: 16 random bytes each, which nothing can compress
    assert len(packed) - ids_alone < 5_000 * 8
    assert len(packed) < len(plain) / 4


@pytest.mark.parametrize("form", FORMS)
def test_a_frame_cut_at_any_byte_is_refused_in_words(form: Form) -> None:
    body = encode(a_push(4, per_tx=2), form)

    for length in range(len(body)):
        with pytest.raises(FrameError) as caught:
            decode(body[:length], Push, form)
        assert caught.value.problems[0].what.zh


def test_a_flipped_bit_anywhere_is_noticed() -> None:
    push = a_push(4)
    body = bytearray(encode(push))
    meant_nothing = 0

    for place in range(len(body)):
        body[place] ^= 1 << place % 8
        try:
            assert decode(bytes(body), Push) == push  # the compression leaves a few bits unused
            meant_nothing += 1
        except FrameError:
            pass
        body[place] ^= 1 << place % 8

    assert meant_nothing < 5


@settings(max_examples=100, deadline=None)
@given(noise=st.binary(max_size=200), form=st.sampled_from(FORMS))
def test_noise_never_gives_anything_but_a_clear_error(noise: bytes, form: Form) -> None:
    for body in (noise, packing.MAGIC + noise, packing.MAGIC + zstandard.compress(noise)):
        with pytest.raises(NodeError) as caught:
            decode(body, Push, form)
        assert isinstance(caught.value, FrameError)


tree = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(max_size=3)
    | st.floats()
    | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(
    strange=tree,
    key=st.sampled_from(["entries", "after", "origin"]),
    inner=st.sampled_from(sorted(to_tree(a_push())["entries"])),
)  # type: ignore[call-overload]
def test_a_message_with_anything_in_place_of_a_part_is_refused(strange: object, key: str, inner: str) -> None:
    message = to_tree(a_push())
    whole = packing.pack({**message, key: None})
    body = msgpack.packb({**json.loads(encode(a_push(), "json")), key: strange})
    deep = json.loads(encode(a_push(), "json"))
    was, deep["entries"][inner] = deep["entries"][inner], strange

    for packed in (whole, _frame(body), _frame(msgpack.packb(deep))):
        try:
            decode(packed, Push)
        except FrameError:
            continue
        assert strange in (was, "osaka-road.1")  # what was there before is of course accepted


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    zeros = packing.MAGIC + zstandard.compress(b"\0" * (packing.HARD_BYTES_MAX + 1))
    unsaid = packing.MAGIC + zstandard.ZstdCompressor(write_content_size=False).compress(b"\0" * 100)
    columns = _frame(msgpack.packb([msgpack.ExtType(packing.SAME, msgpack.packb([100_000, 1]))] * 1_000))
    nested = _frame(b"\x91" * 5_000 + b"\xc0")

    for body, error in ((zeros, FrameTooLarge), (columns, FrameTooLarge), (unsaid, FrameError), (nested, FrameError)):
        with pytest.raises(error):
            decode(body, Push)


def test_columns_nested_in_columns_are_refused_because_they_would_eat_the_stack() -> None:
    inner: object = 1
    for _ in range(400):
        inner = msgpack.ExtType(packing.SAME, msgpack.packb([2, inner]))

    with pytest.raises(FrameError):
        packing.unpack(_frame(msgpack.packb(inner)))


def test_a_frame_that_lies_about_its_hash_is_refused_with_its_own_code() -> None:
    push = a_push(3)
    forged = replace(push, entries=(*push.entries[:2], push.entries[2]._replace(hash="f" * 32)))

    with pytest.raises(FrameError) as caught:
        decode(encode(forged), Push)

    assert caught.value.problems[0].code == "frame-hash"


def test_an_edited_change_does_not_fit_the_hash_it_came_with() -> None:
    push = a_push(3)
    edited = replace(push, entries=(push.entries[0]._replace(actor="somebody else"), *push.entries[1:]))

    with pytest.raises(FrameError):
        decode(encode(edited), Push)


@pytest.mark.parametrize(
    "text",
    ['{"is": "pull", "is": "pull"}', '{"is": NaN}', '"\\ud800"', "[" * 100_000, '{"is": "pull", "after": 1e400}'],
)
def test_json_that_two_readers_would_understand_differently_is_refused(text: str) -> None:
    with pytest.raises(FrameError):
        decode(text.encode(), Pull, "json")


def test_a_message_of_another_kind_is_refused() -> None:
    with pytest.raises(FrameError, match="'push' is expected"):
        decode(encode(Pull(ORIGIN, 0, "")), Push)


def test_a_text_with_nul_is_refused_because_postgresql_cannot_keep_it() -> None:
    with pytest.raises(FrameError, match="NUL"):
        decode(encode(a_push(1, text="A\0B")), Push)


def test_a_proxys_page_has_no_form() -> None:
    assert codec.form_of("text/html; charset=utf-8") is None
    assert codec.form_of("Application/JSON; charset=utf-8") == "json"
    assert codec.form_of(None) is None


def _frame(body: bytes) -> bytes:
    return packing.MAGIC + zstandard.compress(body)


@pytest.mark.parametrize(("form", "limit"), [("packed", "BODY_BYTES_MAX"), ("json", "JSON_BYTES_MAX")])
def test_a_body_larger_than_a_node_reads_is_refused_before_it_is_read(
    form: Form, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = encode(a_push(3), form)
    monkeypatch.setattr(codec, limit, len(body) - 1)

    with pytest.raises(FrameTooLarge):
        decode(body, Push, form)
