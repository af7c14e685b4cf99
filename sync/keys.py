"""What a node keeps to prove who it is: the hub its epoch and signing key, a branch its token and the hub's key."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.model.errors import NodeError, Problem, Text
from stores.storage import counters, state
from stores.storage.database import Connection
from sync import receipts
from sync.protocol import Dice

EPOCH_BYTES = 8
GAPS_MAX = 100  # restorations that are remembered
_EPOCH, _KEY, _LOST_AFTER, _GAPS = "hub.epoch", "hub.key", "hub.lost_after", "hub.gaps"
_URL, _TOKEN, _PINNED, _OFFERED = "upstream.url", "upstream.token", "upstream.key", "upstream.offered"


@dataclass(frozen=True, slots=True)
class Hub:
    """What makes a node a headquarters for others. A restored hub gets a new epoch, its key stays."""

    epoch: str
    key: Ed25519PrivateKey = field(repr=False)


class Gap(NamedTuple):
    """What a restoration ended: the epoch, the last place known of it, and the place that the next one begins after."""

    ended: str
    after: int
    begun: int


@dataclass(frozen=True, slots=True)
class Upstream:
    """What enrolment left a branch: where headquarters is, the token to show, the key its receipts must bear."""

    url: str
    token: str = field(repr=False)
    key: str


def found_hub(connection: Connection, dice: Dice) -> Hub:
    """Give the node an epoch and a key, once; return them. Called when the first node is invited."""
    if state.get(connection, _EPOCH) is None:
        state.put(connection, _EPOCH, dice(EPOCH_BYTES).hex())
        state.put(connection, _KEY, receipts.secret_of(receipts.new_key(dice)))
    return hub(connection)


def hub(connection: Connection) -> Hub:
    """Return the node's epoch and key; NodeError when it has never invited anybody and so serves nobody."""
    epoch, key = state.get(connection, _EPOCH), state.get(connection, _KEY)
    if epoch is None or key is None:
        what = Text("this node does not accept other nodes", "本节点不接受其他节点")
        fix = Text("invite a store at headquarters first", "请先在总部生成门店邀请码")
        raise NodeError((Problem("not-a-hub", what, fix=fix),))
    return Hub(epoch, receipts.key_from(key))


def begin_epoch(connection: Connection, dice: Dice, now_ms: int, *, unnoticed: bool = False) -> None:
    """Begin a new epoch of a hub that was restored: its branches read everything again, and send what it lost.

    Of one whose restoration went ``unnoticed`` for a while, nobody knows which of its places were given out twice.
    """
    ended = state.get(connection, _EPOCH)
    if ended is not None:
        state.put(connection, _EPOCH, dice(EPOCH_BYTES).hex())
    known = 0 if unnoticed else counters.hub_sequence(connection)
    gap = Gap(ended or "", known, counters.leap(connection, now_ms))
    state.put(connection, _GAPS, json.dumps([*gaps(connection), gap][-GAPS_MAX:]))


def gaps(connection: Connection) -> list[Gap]:
    """Return what this hub has forgotten of its own order, oldest first; empty if it never was restored."""
    kept, before = state.get(connection, _GAPS), state.get(connection, _LOST_AFTER)
    if kept is None and before is not None:  # restored by an older version
        return [Gap("", int(before), int(before) + counters.LEAP)]
    return [Gap(*each) for each in json.loads(kept or "[]")]


def lost_after(connection: Connection, epoch: str) -> int | None:
    """Return the last place this hub is sure of towards who knew it under ``epoch``; None if it never was restored.

    It may have been restored more than once since then: who has not called between tells of all it lost. Of an epoch
    that it has forgotten, nobody here knows where it parted from the present one.
    """
    forgotten = gaps(connection)
    since = next((nth for nth, gap in enumerate(forgotten) if gap.ended == epoch), None)
    if since is None:
        return 0 if forgotten else None
    return min(gap.after for gap in forgotten[since:])


def keep_upstream(connection: Connection, upstream: Upstream) -> None:
    """Keep what enrolment gave."""
    state.put(connection, _URL, upstream.url)
    state.put(connection, _TOKEN, upstream.token)
    state.put(connection, _PINNED, upstream.key)
    state.put(connection, _OFFERED, None)


def offer_token(connection: Connection, token: str) -> str:
    """Keep the token of an enrolment that is about to be tried, and return it."""
    state.put(connection, _OFFERED, token)
    return token


def offered_token(connection: Connection) -> str | None:
    """Return the token of an enrolment that was tried and not answered."""
    return state.get(connection, _OFFERED)


def upstream(connection: Connection) -> Upstream | None:
    """Return what enrolment gave, or None before it."""
    found = [state.get(connection, key) for key in (_URL, _TOKEN, _PINNED)]
    url, token, key = found
    return None if url is None or token is None or key is None else Upstream(url, token, key)


def hashed(secret: str) -> str:
    """Return the only form in which a code or a token is kept by the hub.

    A plain hash is enough, unlike for passwords: these have 80 random bits and more, nobody guesses them.
    """
    return sha256(secret.encode()).hexdigest()
