"""Bad weather: a power cut at any statement, and a link that loses, doubles and delays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, event

from core.model.change import sealed
from core.model.errors import NodeError
from stores.node import Node
from stores.storage.credentials import Credential
from sync import closing, refill
from sync.hub import audit, contents, server, shipping
from sync.protocol import (
    Answer,
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
    Head,
    Hello,
    HelloAnswer,
    Limits,
    Offer,
    OfferAnswer,
    Pull,
    PullAnswer,
    Push,
    PushAnswer,
    Question,
    Refill,
    RefillAnswer,
    Repair,
    RepairAnswer,
    Snapshot,
    SnapshotAnswer,
)
from sync.wire.codec import Form, decode, encode
from sync.wire.link import LinkDown
from tests.simulation.witness import Witness

Q = TypeVar("Q", bound=Question)
A = TypeVar("A", bound=Answer)
T = TypeVar("T")

OVERTAKEN = 0.15  # how often a frame is overtaken by the one behind it
FORMS: tuple[Form, ...] = ("packed", "packed", "json")


class PowerCut(BaseException):
    """The machine is off. Not an ``Exception``: nothing in the product may catch it and go on."""


class Mains:
    """The electricity of every machine. ``cut_after`` lets a machine run for so many statements and commits more."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}
        self.seen: dict[str, int] = {}
        self.machines: dict[URL, str] = {}  # a database -> the machine it runs on

    def cut_after(self, machine: str, steps: int) -> None:
        self._left[machine] = steps

    def on(self, machine: str) -> None:
        self._left.pop(machine, None)

    def is_off(self, machine: str) -> bool:
        return self._left.get(machine, 1) <= 0

    @contextmanager
    def wired(self) -> Iterator[None]:
        """Count the statements of every database of this process, by the machine it runs on."""
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Engine, "commit", self._commit)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._statement)
            event.remove(Engine, "commit", self._commit)

    def _statement(self, connection: Connection, *_: object) -> None:
        self._step(connection)

    def _commit(self, connection: Connection) -> None:
        self._step(connection)

    def _step(self, connection: Connection) -> None:
        machine = self.machines[connection.engine.url]
        self.seen[machine] = self.seen.get(machine, 0) + 1
        if machine in self._left:
            self._left[machine] -= 1
            if self._left[machine] <= 0:
                raise PowerCut(machine)


class Surroundings(Protocol):
    """What a link is to its chain."""

    dice: Random
    nodes: dict[str, Node]
    witness: Witness
    delayed: list[Callable[[], object]]

    def meanwhile(self) -> None:
        """Let the others do something."""

    def answered(self, node: str, question: Question, answer: Answer) -> Callable[[], None]:
        """Take note of what headquarters has answered; call what this returns when the branch gets the answer."""

    def restart(self, name: str) -> None:
        """Start a machine again after a power cut."""


class TwoAtOnce(Executor):
    """Lets a second frame be on its way: as a rule behind the first, and now and then it is there before it.

    Nothing runs beside anything else. A frame goes when it is sent, or not before its answer is asked for.
    """

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        go = partial(fn, *args, **kwargs)
        late = _Late(go)
        if self._dice.random() >= OVERTAKEN:
            late.run()
        return late


class _Late(Future[T]):
    """What is done when somebody asks what came of it, unless it was done before."""

    def __init__(self, go: Callable[[], T]) -> None:
        super().__init__()
        self._go = go

    def run(self) -> None:
        try:
            self.set_result(self._go())
        except BaseException as error:  # noqa: BLE001 - raised again where it is asked for, a power cut too
            self.set_exception(error)

    def result(self, timeout: float | None = None) -> T:
        if not self.done():
            self.run()
        return super().result(timeout)


class StormyLink:
    """A ``Link`` to the hub through a storm. Everything really goes through the codec, both ways.

    The chain around it does not stand still: it may do anything before and after a call. It sees every answer
    twice, when headquarters gives it and when the branch gets it.
    """

    def __init__(self, chain: Surroundings, name: str, caller: Credential, danger: float) -> None:
        self._chain, self._name, self._caller, self._danger = chain, name, caller, danger

    def hello(self, question: Hello) -> HelloAnswer:
        """Say hello; headquarters asks for tiny frames and pages, so that many boundaries lie inside transactions."""
        answer = self._call(server.hello, question, HelloAnswer)
        limits = Limits(changes=self._chain.dice.randint(1, 8), rows=self._chain.dice.randint(1, 6))
        return replace(answer, limits=limits)

    def prepare(self, question: Push) -> Callable[[], PushAnswer]:
        """Nothing is packed ahead: every question of a storm goes through the codec when it is sent."""
        return partial(self.push, question)

    def push(self, question: Push) -> PushAnswer:
        return self._call(server.push, question, PushAnswer)

    def pull(self, question: Pull) -> PullAnswer:
        return self._call(server.pull, question, PullAnswer)

    def compare(self, question: Compare) -> CompareAnswer:
        return self._call(audit.compare, question, CompareAnswer)

    def repair(self, question: Repair) -> RepairAnswer:
        return self._call(audit.repair, question, RepairAnswer)

    def snapshot(self, question: Snapshot) -> SnapshotAnswer:
        return self._call(shipping.snapshot, question, SnapshotAnswer)

    def refill(self, question: Refill) -> RefillAnswer:
        return self._call(refill.refill, question, RefillAnswer)

    def close_day(self, question: Close) -> CloseAnswer:
        return self._call(closing.close_day, question, CloseAnswer)

    def enrol(self, question: Enrol) -> EnrolAnswer:
        raise AssertionError("the chain of a simulation is enrolled before the storm")

    def offer(self, question: Offer) -> OfferAnswer:
        return self._call(contents.offer, question, OfferAnswer)

    def deliver(self, question: Deliver) -> DeliverAnswer:
        return self._call(contents.deliver, question, DeliverAnswer)

    def fetch(self, question: Fetch) -> FetchAnswer:
        return self._call(contents.fetch, question, FetchAnswer)

    def close(self) -> None:
        pass

    def _call(self, handler: Callable[[Node, Credential, Q], A], question: Q, kind: type[A]) -> A:
        """Call headquarters; after a lost reply it has done the work all the same."""
        form = self._chain.dice.choice(FORMS)
        wire = encode(question, form)

        def deliver() -> tuple[bytes, Callable[[], None]]:
            answer = self._work(handler, decode(wire, type(question), form))
            return encode(answer, form), self._chain.answered(self._name, question, answer)

        self._chain.meanwhile()
        if isinstance(question, Push) and question.entries and self._chance():
            self._lie(question, form)
            raise _lost("request; what arrived was a lie")
        if self._chance():
            raise _lost("request")
        if self._chance():
            self._chain.delayed.append(deliver)
            raise _lost("request, for a while")
        reply, arrived = deliver()
        if self._chance():
            reply, arrived = deliver()
        self._chain.meanwhile()
        if self._chance():
            raise _lost("reply")
        arrived()
        return decode(reply, kind, form)

    def _lie(self, push: Push, form: Form) -> None:
        """Send what somebody on the way made of a frame: other values, under the old hash or in a chain of his own."""
        place = self._chain.dice.randrange(len(push.entries))
        entries, after = list(push.entries), push.after
        body = {
            name: (old, f"{new}!" if isinstance(new, str) else 7) for name, (old, new) in entries[place].body.items()
        }
        entries[place] = entries[place]._replace(body=body, tx=entries[place].tx[::-1])
        if self._chain.dice.random() < 0.5:
            after = Head(after.seq, "f" * 32)
            for nth, entry in enumerate(entries):
                entries[nth] = sealed(entries[nth - 1].hash if nth else after.hash, entry)
        forged = encode(replace(push, after=after, entries=tuple(entries)), form)
        with suppress(NodeError):
            self._work(server.push, decode(forged, Push, form))

    def _work(self, handler: Callable[[Node, Credential, Q], A], question: Q) -> A:
        try:
            return handler(self._chain.nodes["hq"], self._caller, question)
        except PowerCut:
            self._chain.restart("hq")
            raise _lost("headquarters") from None
        finally:
            self._chain.witness.look_at_the_log()

    def _chance(self) -> bool:
        return self._chain.dice.random() < self._danger


def _lost(what: str) -> LinkDown:
    error = LinkDown.of("lost", f"the {what} was lost", "丢失")
    assert isinstance(error, LinkDown)
    return error
