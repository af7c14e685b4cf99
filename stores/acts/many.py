"""Many actions in one transaction, each with all its rules, and what they do written set-wise: an import.

An action that makes a new record is decided at once and written later, with those before it. Whatever looks at the
database finds what was decided before, because the first look writes it. So each is decided as if those before it had
been carried out one by one, and what is written is the same (docs/decisions/0017).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection, RootTransaction

from core.model.errors import NodeError
from stores import posts
from stores.acts import outbox, timers
from stores.acts.act import TOLD_PLAINLY, Decided, decide, made, perform
from stores.acts.calls import Call, Receipt
from stores.acts.waiting import Waiting
from stores.acts.work import Later
from stores.changes.making import make_all_on
from stores.node import SETTING, Node
from stores.storage import counters, numbers
from stores.world import Shared

DECIDE_ROLES = frozenset({posts.STAFF, posts.ASSIGNMENT, "core.absence", "core.time_off"})  # and who stands in for whom
Result = tuple[Receipt, list[Later]] | NodeError


class Batch:
    """Actions carried out one after the other in the caller's write transaction.

    One that is refused leaves nothing behind and holds up no other. All happen at one moment. With ``apart`` each is
    tried out as if it were the only one, and taken back.
    """

    def __init__(self, connection: Connection, node: Node, *, apart: bool = False) -> None:
        self._connection, self._node, self._apart = connection, node, apart
        self._looking = connection if apart else cast(Connection, _Looking(connection, self._write))
        self._shared = Shared(node.now(), None if apart else Waiting(connection))
        self._given: numbers.Given = {}  # by those that are decided; what the one under way was given may go back
        self._waiting: list[tuple[int, Call, Decided]] = []
        self._results: list[Result | None] = []
        self._parted = False  # what waited was carried out one by one: what is being decided stands on something else

    def add(self, call: Call) -> None:
        """Carry out one more action."""
        place = len(self._results)
        self._results.append(None)
        if _is_light(self._node, call):
            self._decide(place, call)
        else:
            self._write()
            self._alone(place, call)

    def results(self) -> list[Result]:
        """Write what is still waiting; return for each action its receipt and what is to be called after the commit,
        or why it was refused."""
        self._write()
        return [result for result in self._results if result is not None]

    def _decide(self, place: int, call: Call) -> None:
        self._parted = False
        decided: Decided | Receipt | NodeError
        try:
            decided = decide(self._looking, self._node, call, self._shared)
        except NodeError as error:
            decided = error
        if isinstance(decided, Receipt):  # a request, written already; its home decides anew in any case
            self._results[place] = (decided, [])
        elif self._parted:
            self._alone(place, call)
        elif isinstance(decided, Decided):
            self._take(place, call, decided)
        else:
            self._results[place] = decided
            self._forget(self._given)

    def _take(self, place: int, call: Call, decided: Decided) -> None:
        """Let what an action does wait to be written."""
        if self._apart:
            self._shared.numbers.clear()
        self._given = dict(self._shared.numbers)
        for key in ((call.record.key, decided.receipt.id), *decided.receipt.touched):
            self._shared.rows.pop(key, None)
            if key[0] in DECIDE_ROLES:
                self._shared.roles.clear()
        self._waiting.append((place, call, decided))
        if self._shared.waiting:
            self._shared.waiting.add(decided.edits)
        if any(type_ == SETTING for type_, _ in decided.receipt.touched):
            self._write()  # what is kept of settings is not looked up at the database again
            self._shared.surroundings.clear()

    def _write(self) -> None:
        """Write what was decided. Where that is refused as a whole, each is carried out by itself, to find which."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        if self._shared.waiting:
            self._shared.waiting.clear()
        try:
            with self._nested():
                _write(self._connection, self._node, [decided for _, _, decided in waiting], self._given)
        except NodeError:
            for place, call, _ in waiting:
                self._alone(place, call)
            self._parted = True
            return
        for place, _, decided in waiting:
            self._results[place] = (decided.receipt, decided.later)

    def _alone(self, place: int, call: Call) -> None:
        try:
            with self._nested():
                self._results[place] = perform(self._connection, self._node, call)
        except NodeError as error:
            self._results[place] = error
        self._given = {}
        self._forget({})

    @contextmanager
    def _nested(self) -> Iterator[None]:
        with self._connection.begin_nested() as nested:
            yield
            if self._apart:
                nested.rollback()

    def _forget(self, given: numbers.Given) -> None:
        """Look at records anew, and take back the numbers that were not used: the next action gets them."""
        self._shared.rows.clear()
        self._shared.roles.clear()
        self._shared.surroundings.clear()
        self._shared.numbers.clear()
        self._shared.numbers.update(given)


class _Looking:
    """A connection that writes what is waiting before anybody uses it."""

    def __init__(self, connection: Connection, write: Callable[[], None]) -> None:
        self._connection, self._write = connection, write

    def get_transaction(self) -> RootTransaction | None:
        """Which transaction this is says nothing of what is in it, so nothing is written for it."""
        return self._connection.get_transaction()

    def __getattr__(self, name: str) -> Any:
        self._write()
        return getattr(self._connection, name)


def _is_light(node: Node, call: Call) -> bool:
    """Say whether an action writes nothing while it is being decided: a new record made here and now, with no files,
    and no plugin in Python asked."""
    action = call.record.actions.get(call.action)
    return (
        action is not None
        and action.new
        and call.at is None
        and not action.uploads
        and not node.host.hears("check_action")
        and not node.host.hears("apply_action")
    )


def _write(connection: Connection, node: Node, some: Sequence[Decided], given: numbers.Given) -> None:
    standing = counters.load(connection, node)
    make_all_on(connection, node, standing, [(each.deed, each.edits) for each in some if each.edits])
    counters.save(connection, standing)
    numbers.remember(connection, given)
    with TOLD_PLAINLY:
        touched = [key for each in some for key in each.receipt.touched]
        timers.rearm(connection, node, touched, some[0].deed.at, made=made(some))
        for each in some:
            if each.event is not None:
                outbox.put_event(connection, node, each.event, each.receipt.record)
