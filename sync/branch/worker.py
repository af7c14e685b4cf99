"""The thread that keeps a branch and its headquarters together, and tells people how far it has got.

It works after every commit, on a beat when nothing happens, and after a failure at growing intervals. What there
is to send is read from the log each time, never remembered, so that no missed wake-up can leave anything behind.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from threading import Condition, Lock, Thread
from typing import TypeVar

from core.model.clock import iso
from core.model.errors import NodeError, Problem, Text
from stores import contents
from stores.changes import log
from stores.node import Node
from sync import closing
from sync.branch import comparing
from sync.branch import push as up
from sync.branch.carrier import carry
from sync.branch.comparing import Compared
from sync.branch.round import Round, sync_round
from sync.closing import ClosingFault
from sync.journal import journal, traced
from sync.protocol import PIECES_MAX, Dice
from sync.wire.link import AskedToWait, Link, LinkDown

T = TypeVar("T")

STOP_S_MAX = 5.0
DOUBLINGS_MAX = 16
RETRY_S_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, in seconds: the beat without news, the first and the longest pause after a failure, and how often
    records are compared with headquarters' (0 = never); and how long after midnight a day ends."""

    beat_s: float = 15.0
    compare_s: float = 3_600.0
    day_ends_s: float = 6 * 3_600.0
    retry_s: float = 1.0
    retry_s_max: float = RETRY_S_MAX


@dataclass(frozen=True, slots=True)
class Status:
    """Where sync stands, in a shop's words. Moments are cells (UTC text) by this node's clock, None = never.

    ``waiting`` counts changes headquarters has not acknowledged; ``oldest`` is when the first of them happened.
    ``files_up`` counts contents it does not have yet, ``files_down`` those that are on their way here.
    """

    online: bool = False
    since: str | None = None
    waiting: int = 0
    oldest: str | None = None
    last_sync: str | None = None
    clock_offset_ms: int | None = None
    pushed: int = 0
    pulled: int = 0
    conflicts: int = 0
    quarantined: int = 0
    files_up: int = 0
    files_down: int = 0
    skew: tuple[str, ...] = ()
    error: Problem | None = None
    compared: Compared | None = None
    unclosed: Problem | None = None  # why a day could not be closed


class Worker:
    """Runs rounds of sync in a thread of its own. ``connect`` opens a link; it is called again after a failure."""

    def __init__(self, node: Node, connect: Callable[[], Link], *, dice: Dice, pace: Pace | None = None) -> None:
        self._node = node
        self._connect = connect
        self._dice = dice
        self._pace = pace or Pace()
        self._bell = Condition()
        self._news = self._urgent = self._stopping = False
        self._failures = 0
        self._asked_s = 0
        self._pieces = PIECES_MAX  # of a content to a message; fewer once one did not get through, until the next start
        self._compared: datetime | None = None
        self._closed: date | None = None
        self._link: Link | None = None
        self._link_lock = Lock()
        self._status = Status()
        self._thread = Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        """Begin; from now on every commit of the node wakes the worker."""
        self._node.on_commit(self.wake)
        self._thread.start()

    def wake(self) -> None:
        """Tell the worker that there is something to send. After a failure it finishes its pause first."""
        with self._bell:
            self._news = True
            self._bell.notify_all()

    def sync_now(self) -> None:
        """Try at once, whatever the pause: somebody pressed the button."""
        with self._bell:
            self._urgent = True
            self._bell.notify_all()

    def stop(self, wait_s_max: float = STOP_S_MAX) -> bool:
        """Stop after the step under way, or hang up on it; return whether the thread has ended."""
        with self._bell:
            self._stopping = True
            self._bell.notify_all()
        if self._thread.is_alive():
            self._thread.join(wait_s_max / 2)
        self._hang_up()
        if self._thread.is_alive():
            self._thread.join(wait_s_max / 2)
        return not self._thread.is_alive()

    def status(self) -> Status:
        """Return where sync stands now; what waits is counted in the database."""
        with self._node.database.read() as connection:
            waiting, oldest = log.unsent(connection)
            compared = comparing.last(connection)
            up, down = contents.count_waiting(connection)
        seen = replace(self._status, waiting=waiting, oldest=oldest, compared=compared)
        return replace(seen, files_up=up, files_down=down)

    def work(self) -> bool:
        """Do one round now, in the calling thread, and note how it went; return whether it succeeded. Never raises."""
        done = self._tried(self._round)
        if done is not None:
            self._succeeded(done)
        return done is not None

    def carry(self) -> bool:
        """Carry some contents now, in the calling thread; return whether there are more. Never raises."""
        return self._tried(self._carried) or False

    def _carried(self, node: Node, link: Link) -> bool:
        try:
            return carry(node, link, self._pieces)
        except LinkDown as error:
            if not isinstance(error, AskedToWait):  # a line, or a proxy on it, may cut what is large, and each time
                self._pieces = max(1, self._pieces // 2)
            raise

    def pause_s(self) -> float:
        """Return how long to rest now: the beat, or after failures a growing pause, both spread by the dice.

        The spread keeps a whole chain from calling at the same second when headquarters comes back.
        """
        spread = int.from_bytes(self._dice(4), "big") / 2**32
        if not self._failures:
            return self._pace.beat_s * (0.75 + spread / 2)
        grown = self._pace.retry_s * 2.0 ** min(self._failures - 1, DOUBLINGS_MAX)
        return max(min(grown, self._pace.retry_s_max) * (0.5 + spread / 2), self._asked_s * (1 + spread / 4))

    def _run(self) -> None:
        while not self._stopping:
            self._take_news()
            if self.work():
                self._carry()
            self._rest(self.pause_s())
        self._hang_up()

    def _carry(self) -> None:
        """Contents travel when nothing else does: a change that waits goes first."""
        while not (self._stopping or self._news or self._urgent) and self.carry():
            pass

    def _round(self, node: Node, link: Link) -> Round:
        with ThreadPoolExecutor(up.ON_THE_WAY_MAX, "sync-up") as helper:  # has no thread before there is much to send
            done = sync_round(node, link, helper)
        self._compare(link, done)
        self._close_days(link, done)
        return done

    def _tried(self, step: Callable[[Node, Link], T]) -> T | None:
        """Take one step and note how it failed, if it did; then it returns None."""
        try:
            return step(self._node, self._open_link())
        except NodeError as error:
            self._failed(error.problems[0] if error.problems else _FAULT, error)
        except Exception as error:  # noqa: BLE001 - a thread that dies would stop sync without a word
            journal.error("sync failed", extra=traced(error))
            self._failed(_FAULT, error)
        return None

    def _take_news(self) -> None:
        """Forget the news before looking, not after: what comes while a round runs calls for another round."""
        with self._bell:
            self._news = self._urgent = False

    def _rest(self, pause_s: float) -> None:
        with self._bell:
            self._bell.wait_for(lambda: self._stopping or self._urgent or (self._news and not self._failures), pause_s)

    def _open_link(self) -> Link:
        with self._link_lock:
            if self._link is None:
                self._link = self._connect()
            return self._link

    def _compare(self, link: Link, done: Round) -> None:
        """Compare records when it is time and nothing is on its way; a comparison that is disturbed is made later, one
        that has found much is gone on with at once."""
        now, every = self._node.now(), timedelta(seconds=self._pace.compare_s)
        if not every or done.pushed or done.pulled:
            return
        with self._node.database.read() as connection:
            last = comparing.last(connection)
        if last is not None and self._compared is not None and now - self._compared < every:
            return
        found = comparing.compare(self._node, link, done.skew)
        if found is not None and not (found.repaired or found.removed):
            self._compared = now

    def _close_days(self, link: Link, done: Round) -> None:
        """Have the days closed that have ended, when nothing is on its way; every round until yesterday is closed.

        A day about which the two do not agree is told and asked about again on the next day: sync goes on.
        """
        node, ends = self._node, timedelta(seconds=self._pace.day_ends_s)
        today = closing.business_day(node, node.now(), ends)
        if self._closed == today or done.pushed or done.pulled:
            return
        try:
            closing.close_due(node, link, ends)
        except ClosingFault as fault:
            journal.error("a day was not closed", extra={"codes": [each.code for each in fault.problems]})
            self._status, self._closed = replace(self._status, unclosed=fault.problems[0]), today
            return
        if closing.is_closed(node, today - timedelta(days=1)):
            self._status, self._closed = replace(self._status, unclosed=None), today

    def _hang_up(self) -> None:
        with self._link_lock:
            link, self._link = self._link, None
        if link is not None:
            link.close()

    def _succeeded(self, done: Round) -> None:
        now = iso(self._node.now())
        was = self._status
        self._failures = self._asked_s = 0
        self._status = replace(
            was,
            online=True,
            since=was.since if was.online else now,
            last_sync=now,
            clock_offset_ms=done.clock_offset_ms,
            pushed=was.pushed + done.pushed,
            pulled=was.pulled + done.pulled,
            conflicts=was.conflicts + done.conflicts,
            quarantined=was.quarantined + done.quarantined,
            skew=done.skew,
            error=None,
        )
        stats = {
            "pushed": done.pushed,
            "pulled": done.pulled,
            "conflicts": done.conflicts,
            "quarantined": done.quarantined,
        }
        self._node.host.tell("synced", peer=self._node.identity.upstream or "", stats=stats)

    def _failed(self, problem: Problem, error: Exception) -> None:
        self._failures += 1
        self._asked_s = error.retry_after_s if isinstance(error, AskedToWait) else 0
        self._hang_up()
        was = self._status
        gone = was.online or was.since is None
        self._status = replace(was, online=False, since=iso(self._node.now()) if gone else was.since, error=problem)
        if gone:
            journal.info("offline", extra={"codes": [problem.code]})


_FAULT = Problem(
    "sync-fault",
    Text("sync met a fault of its own", "同步程序自身出错"),
    fix=Text("nothing is lost; the node tries again, please report it", "数据不会丢失；节点会重试，请报告此问题"),
)
