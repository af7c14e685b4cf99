"""The network cable between a branch and headquarters, which the demo can pull out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from core.model.errors import Problem, Text
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
    Hello,
    HelloAnswer,
    Offer,
    OfferAnswer,
    Pull,
    PullAnswer,
    Push,
    PushAnswer,
    Refill,
    RefillAnswer,
    Repair,
    RepairAnswer,
    Snapshot,
    SnapshotAnswer,
)
from sync.wire.link import Link, LinkDown

P = ParamSpec("P")
A = TypeVar("A")

_PULLED_OUT = Problem("link-unreachable", Text("headquarters cannot be reached", "无法连接总部"))


class Cable:
    """Opens links that work while it is plugged in; what is under way when it is pulled out fails."""

    def __init__(self, connect: Callable[[], Link]) -> None:
        self._connect = connect
        self.plugged = True

    def open(self) -> Link:
        """Return a link through this cable."""
        self.check()
        return _Through(self, self._connect())

    def check(self) -> None:
        """Raise LinkDown while the cable is out."""
        if not self.plugged:
            raise LinkDown((_PULLED_OUT,))


class _Through:
    """A link that goes through a cable: cut before the question, or after it, when only the answer is lost."""

    def __init__(self, cable: Cable, link: Link) -> None:
        self._cable = cable
        self._link = link

    def hello(self, question: Hello) -> HelloAnswer:
        """Compare where both stand."""
        return self._through(self._link.hello, question)

    def prepare(self, question: Push) -> Callable[[], PushAnswer]:
        """Make a piece of the log ready, and return what sends it; nothing is sent yet."""
        return partial(self._through, self._link.prepare(question))

    def push(self, question: Push) -> PushAnswer:
        """Send a piece of the log."""
        return self.prepare(question)()

    def pull(self, question: Pull) -> PullAnswer:
        """Fetch a page of the down-feed."""
        return self._through(self._link.pull, question)

    def compare(self, question: Compare) -> CompareAnswer:
        """Ask for sums of what this node holds."""
        return self._through(self._link.compare, question)

    def repair(self, question: Repair) -> RepairAnswer:
        """Have records put right that differ."""
        return self._through(self._link.repair, question)

    def snapshot(self, question: Snapshot) -> SnapshotAnswer:
        """Fetch a piece of a snapshot."""
        self._cable.check()
        return self._link.snapshot(question)

    def refill(self, question: Refill) -> RefillAnswer:
        """Offer what a restored headquarters had changed itself."""
        self._cable.check()
        return self._link.refill(question)

    def close_day(self, question: Close) -> CloseAnswer:
        """Have a day signed for."""
        self._cable.check()
        return self._link.close_day(question)

    def enrol(self, question: Enrol) -> EnrolAnswer:
        """Redeem an invitation."""
        return self._through(self._link.enrol, question)

    def offer(self, question: Offer) -> OfferAnswer:
        """Ask which contents headquarters needs."""
        return self._through(self._link.offer, question)

    def deliver(self, question: Deliver) -> DeliverAnswer:
        """Send pieces of a content."""
        return self._through(self._link.deliver, question)

    def fetch(self, question: Fetch) -> FetchAnswer:
        """Get pieces of a content."""
        return self._through(self._link.fetch, question)

    def _through(self, call: Callable[P, A], *question: P.args, **named: P.kwargs) -> A:
        self._cable.check()
        answer = call(*question, **named)
        self._cable.check()
        return answer

    def close(self) -> None:
        """Hang up."""
        self._link.close()
