"""What nodes say to each other: a few calls, each a question and its answer.

A branch asks, headquarters answers; nobody calls a branch. ``hello`` compares where both stand, ``push``
carries a branch's log up, ``pull`` brings the state of records down, ``enrol`` turns an invitation into a
credential, ``compare`` finds records that differ although nothing is on its way, and ``repair`` puts them right;
``offer``, ``deliver`` and ``fetch`` carry contents when nothing else travels. Every message may be lost, repeated or
late: whatever it says is said by sequence number or by hash, so saying it again changes nothing.
docs/protocol.md shows a whole exchange.
"""

from __future__ import annotations

from sync.protocol.bounds import (
    BODY_BYTES_MAX,
    FRAME_BYTES_MAX,
    FRAME_CHANGES_MAX,
    HARD_BYTES_MAX,
    HARD_CHANGES_MAX,
    OFFERED_MAX,
    PATHS_MAX,
    PIECES_MAX,
    PROTOCOL_VERSION,
    Dice,
)
from sync.protocol.carriage import Deliver, DeliverAnswer, Fetch, FetchAnswer, Offer, OfferAnswer, Offered
from sync.protocol.comparison import Compare, CompareAnswer, Repair, RepairAnswer
from sync.protocol.exchange import (
    Close,
    CloseAnswer,
    Head,
    Hello,
    HelloAnswer,
    Limits,
    Pull,
    PullAnswer,
    Push,
    PushAnswer,
    Report,
    SignedReceipt,
    Standing,
)
from sync.protocol.joining import Enrol, EnrolAnswer, Refill, RefillAnswer, Snapshot, SnapshotAnswer
from sync.protocol.refusals import FrameError, FrameTooLarge, NotEnrolled, NotYours, Refusal

Question = Hello | Push | Pull | Enrol | Compare | Repair | Offer | Deliver | Fetch | Snapshot | Refill | Close
Answer = (
    HelloAnswer
    | PushAnswer
    | PullAnswer
    | EnrolAnswer
    | CompareAnswer
    | RepairAnswer
    | OfferAnswer
    | DeliverAnswer
    | FetchAnswer
    | SnapshotAnswer
    | RefillAnswer
    | CloseAnswer
)
Message = Question | Answer | Refusal

__all__ = [
    "BODY_BYTES_MAX",
    "FRAME_BYTES_MAX",
    "FRAME_CHANGES_MAX",
    "HARD_BYTES_MAX",
    "HARD_CHANGES_MAX",
    "OFFERED_MAX",
    "PATHS_MAX",
    "PIECES_MAX",
    "PROTOCOL_VERSION",
    "Answer",
    "Close",
    "CloseAnswer",
    "Compare",
    "CompareAnswer",
    "Deliver",
    "DeliverAnswer",
    "Dice",
    "Enrol",
    "EnrolAnswer",
    "Fetch",
    "FetchAnswer",
    "FrameError",
    "FrameTooLarge",
    "Head",
    "Hello",
    "HelloAnswer",
    "Limits",
    "Message",
    "NotEnrolled",
    "NotYours",
    "Offer",
    "OfferAnswer",
    "Offered",
    "Pull",
    "PullAnswer",
    "Push",
    "PushAnswer",
    "Question",
    "Refill",
    "RefillAnswer",
    "Refusal",
    "Repair",
    "RepairAnswer",
    "Report",
    "SignedReceipt",
    "Snapshot",
    "SnapshotAnswer",
    "Standing",
]
