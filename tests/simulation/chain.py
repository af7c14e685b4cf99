"""A whole chain in one process: a headquarters and its branches, every one on a database of its own, replayed from a seed.

The product's own code runs; only clock, dice, ids, network and electricity are the simulation's.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from core.host.host import Host
from core.model.clock import HybridClock
from core.model.errors import NodeError
from stores.actor import Actor
from stores.acts.act import act
from stores.acts.calls import Call
from stores.changes.commit import Deed, commit
from stores.changes.commit import Edit as Written
from stores.node import Node
from stores.storage import identity
from stores.storage.credentials import Credential
from stores.storage.database import Database
from stores.storage.identity import Identity
from stores.storage.migrate import migrate
from sync import keys
from sync.branch import comparing
from sync.branch.round import sync_round
from sync.protocol import Answer, PullAnswer, Push, PushAnswer, Question, Standing
from tests.simulation.disk import Cell, disk_of, log_of, number_of, table
from tests.simulation.weather import Mains, PowerCut, StormyLink, TwoAtOnce
from tests.simulation.witness import POLICIES, Decided, Edit, Known, Witness, breaks_the_rule

KINDS = (
    ("tea_house_guest", True),
    ("tea_house_order", False),
    ("tea_house_seat", True),
    ("core_conflict", False),
    ("core_staff", False),
    ("core_request", False),
)
PLUGINS = Path(__file__).parent / "plugins"
START = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
STORES = ("bund", "jingan", "xuhui", "pudong", "hongqiao")
SKEW_S_MAX = 20  # how wrong a shop's clock may be
JUMPS = (-7_200, 7_200, 0, 3 * 365 * 86_400)  # seconds that a shop's clock is off when somebody has set it
AHEAD_MS = 60_000  # a stamp that claims to be later than this after headquarters' clock ranks no higher
CALLS_MAX = 3_000  # in one round: a node that asks for ever must not hang the simulation
STATEMENTS_MAX = 80  # within which the power fails
CALM_ROUNDS_MAX = 12  # a request goes up, down to its home, up again with the answer and down to who asked
WAITER = Actor("0190a0a0-0000-7000-8000-0000000000aa", "hq", frozenset({"waiter"}), "小陈")  # at headquarters
EDITS = (
    *[("guest", "guest.edit")] * 3,
    ("order", "order.change"),
    ("seat", "seat.change"),
)  # what anybody may do to a record of another
CARDS = ("A1", "A2", "A3", "A4")
WORDS = ("龙井", "普洱", "茉莉花", "铁观音")


@cache
def host() -> Host:
    return Host([PLUGINS], entry_points=False, environment={})


def store_of(name: str) -> str:
    """Return the store of a machine. A copy of one has its name with a prime."""
    return name.rstrip("'")


def waiter(name: str) -> Actor:
    """Return the waiter of a machine's store: nobody acts at the node of a store he does not work in."""
    store = store_of(name)
    if store == "hq":
        return WAITER
    return Actor(f"0190a0a0-0000-7000-8000-0000000000b{STORES.index(store)}", store, WAITER.roles, WAITER.name)


class Chain:
    """``storm`` and ``calm`` drive it; then ``check`` compares every database with every other and with the witness.

    ``hub_url`` puts headquarters on a database of its own, PostgreSQL say; without it every node keeps a file.
    ``danger`` is the chance that a frame is lost, late or doubled, ``power`` that a machine's power fails in what it
    does next, ``latency_s`` how long every frame is on its way.
    """

    def __init__(
        self,
        seed: int,
        folder: Path,
        branches: int = 3,
        danger: float = 0.1,
        hub_url: str | None = None,
        *,
        power: float | None = None,
        latency_s: float = 0,
    ) -> None:
        self.danger = danger
        self.power = danger if power is None else power
        self.latency = timedelta(seconds=latency_s)
        self.dice = Random(seed)
        self.two_at_once = TwoAtOnce(self.dice)
        self.mains = Mains()
        self.time = START
        self.names = ("hq", *STORES[:branches])
        self.disks = {name: disk_of(name, folder, hub_url if name == "hq" else None) for name in self.names}
        self.skew = {name: timedelta(seconds=self.dice.uniform(-SKEW_S_MAX, SKEW_S_MAX)) for name in self.names}
        self.witness = Witness(self.disks["hq"], self._latest)
        self.hub_floor = 0  # milliseconds: what headquarters' clock goes on from after a restart
        self.calls = 0
        self.delayed: list[Callable[[], object]] = []
        self.nodes: dict[str, Node] = {name: self._boot(name) for name in self.names}
        self._pages: dict[str, tuple[int, Known]] = {}  # branch -> the last page it got: where it ends, what it shows
        self._syncing: list[str] = []
        self.rounds = self.cuts = 0
        with self.nodes["hq"].database.write() as connection:
            keys.found_hub(connection, self.dice.randbytes)
            hire = Deed(self._id(), "core.staff.hire", "system", self.time)
            staff = {"name": WAITER.name, "roles": '["waiter"]', "active": 1}
            record = host().catalog.records["core.staff"]
            hired = [Written(record, waiter(name).id, name, "create", staff) for name in self.names]
            commit(connection, self.nodes["hq"], hire, hired)

    @property
    def branches(self) -> tuple[str, ...]:
        return self.names[1:]

    def storm(self, steps: int) -> None:
        """Let the chain work in any weather: writes everywhere, links that fail, machines that lose their power."""
        with self.mains.wired():
            for _ in range(steps):
                self._tick()
                self.befall()
                match self.dice.randrange(12):
                    case 0 | 1 | 2:
                        self.write_at(self.dice.choice(self.names))
                    case 3 | 4:
                        self._act(self.dice.choice(self.names))
                    case 5 | 6 | 7 | 8:
                        self.sync(self.dice.choice(self.branches))
                    case 9:
                        self._delete(self.dice.choice(self.branches))
                    case 10 if self.dice.random() < 3 * self.danger:
                        self._set_the_clock(self.dice.choice(self.branches))
                    case 10 if self.dice.random() < self.danger:
                        self._write_badly(self.dice.choice(self.branches))
                    case _:
                        self._deliver_late()

    def calm(self) -> None:
        """Heal the links, let what is still under way arrive, and let everybody sync until nothing moves."""
        while self.delayed:
            self._deliver_late()
        for _ in range(CALM_ROUNDS_MAX):
            moved = 0
            for name in self.branches:
                self._tick()
                done = sync_round(self.nodes[name], self.link(name, danger=0.0))
                moved += done.pushed + done.pulled
                self._learn(name)
            if not moved:
                return
        raise AssertionError("the chain does not come to rest")

    def check(self) -> None:
        """Records equal per scope, logs equal, nothing doubled, no gaps, and a conflict record exactly where due."""
        hub = self.disks["hq"]
        self.check_comparison()
        self.witness.look_at_the_log()
        for name in self.branches:
            for kind, everywhere in KINDS:
                theirs, held = table(self.disks[name], kind), table(hub, kind)
                theirs = {id_: row for id_, row in theirs.items() if id_ not in self.witness.unfit}
                if kind == "core_request":  # what was asked of another store is here as it was asked
                    theirs = {id_: row for id_, row in theirs.items() if row["_store"] in (name, "hq")}
                ours = {id_: row for id_, row in held.items() if everywhere or row["_store"] in (name, "hq")}
                assert theirs == ours, f"{kind} differs at {name}"
            assert log_of(self.disks[name], name) == log_of(hub, name), f"the log of {name} differs"
            self.witness.check_log(name, hub)
        self.witness.check_log("hq", hub)
        self.witness.check_fields()
        self.witness.check_decisions(list(self.disks.values()))
        self.witness.check_conflicts()
        self.witness.check_lives()
        self.witness.check_cards()
        self.witness.check_rule()
        self.witness.check_quarantine()
        for name in self.branches:
            waiting = number_of(
                self.disks[name], f"SELECT position FROM checkpoint WHERE stream = 'up' AND peer = '{name}.1'"
            )
            assert waiting == len(log_of(self.disks[name], name)), f"{name} does not know that all is sent"

    def check_comparison(self) -> None:
        """A branch that compares itself with headquarters finds what ``check`` finds: nothing to repair, and nothing
        different but what waits in quarantine."""
        for name in self.branches:
            found = comparing.compare(self.nodes[name], self.link(name, danger=0.0))
            assert found is not None, f"something is still on its way at {name}"
            assert (found.repaired, found.removed) == (0, 0), f"{name} found {found}"
            assert found.same or found.waiting <= len(self.witness.unfit), f"{name} found {found}"

    def close(self) -> None:
        for node in self.nodes.values():
            node.database.close()
        for disk in self.disks.values():
            disk.close()

    def befall(self) -> None:
        """What may happen to the machines themselves between two steps; here nothing (see ``fate``)."""

    # --- what a link sees of its chain ---------------------------------------------------------------------------------

    def link(self, name: str, danger: float) -> StormyLink:
        """Return the line from a branch to headquarters."""
        store = store_of(name)
        return StormyLink(self, name, Credential(store, store), danger)

    def meanwhile(self) -> None:
        """What the others do while a frame is under way: write, or now and then a whole round of their own."""
        self.time += self.latency
        self.befall()
        if len(self._syncing) > 1 or not self._syncing or self.dice.random() < 0.6:
            return
        self._tick()
        others = [name for name in self.branches if name not in self._syncing]
        if others and self.dice.random() < 0.3:
            self.sync(self.dice.choice(others))
        else:
            self.write_at(self.dice.choice(self.names))

    def answered(self, node: str, question: Question, answer: Answer) -> Callable[[], None]:
        """Note what headquarters knew when it answered; the branch knows it once it has put the page down."""
        if isinstance(question, Push) and isinstance(answer, PushAnswer) and answer.standing is Standing.OK:
            held = number_of(self.disks["hq"], f"SELECT max(seq) FROM log WHERE origin = '{question.origin}'")
            assert held >= answer.head.seq, f"headquarters has signed for {answer.head.seq} of {node} and holds {held}"
        if not isinstance(answer, PullAnswer):
            return lambda: None
        news = self.witness.seen_at_headquarters([row.id for row in answer.rows])

        def arrived() -> None:
            self._learn(node)  # of the page before, which has been put down by now, or never will be
            self._pages[node] = (answer.upto, news)

        return arrived

    def restart(self, name: str) -> None:
        """Start a machine again from what is on its disk."""
        if name == "hq":
            kept = number_of(self.disks["hq"], "SELECT position FROM checkpoint WHERE stream = 'clock'")
            self.hub_floor = max(self.hub_floor, kept >> 16)
        self.cuts += 1
        self.mains.on(name)
        self.nodes[name].database.close()
        self.nodes[name] = self._boot(name)

    # --- what happens ------------------------------------------------------------------------------------------------

    def write_at(self, name: str) -> None:
        """Somebody creates or edits a few records in one transaction; the power may fail in the middle."""
        self._learn(name)
        node, tx = self.nodes[name], self._id()
        kind, action = self.dice.choice(EDITS)
        drafts = {}
        for _ in range(self.dice.choice([1, 1, 2, 3])):
            written, edit = self._draft(name, tx, kind, {each.values.get("card") for each, _ in drafts.values()})
            drafts[written.id] = (written, edit)
        self._risk(name)
        try:
            with node.database.write() as connection:
                commit(connection, node, self._deed(name, tx, action), [w for w, _ in drafts.values()])
        except PowerCut:
            if name in self._syncing:
                raise
            self.restart(name)
            return
        self.witness.committed([edit for _, edit in drafts.values()])
        if name == "hq":
            self.witness.look_at_the_log()

    def _delete(self, name: str) -> None:
        """A store takes an order or a seat of its own back."""
        kind = self.dice.choice(["order", "seat"])
        rows = self._living(name, f"tea_house_{kind}")
        mine = sorted(id_ for id_, row in rows.items() if row["_store"] == store_of(name))
        if len(mine) < 2:
            return
        if self.dice.random() < 0.5:
            self.write_at("hq")  # somebody at headquarters is just working on one of them
        self._learn(name)
        node, tx, id_ = self.nodes[name], self._id(), self.dice.choice(mine)
        written = Written(host().catalog.records[f"tea_house.{kind}"], id_, store_of(name), "delete", {})
        self._risk(name)
        try:
            with node.database.write() as connection:
                commit(connection, node, self._deed(name, tx, f"{kind}.change"), [written])
        except PowerCut:
            self.restart(name)
            return
        self.witness.committed([Edit(tx, name, True, id_, {}, frozenset(self.witness.knows[name][id_]), deletes=True)])

    def _write_badly(self, name: str) -> None:
        """A store writes what headquarters cannot keep: a faulty program, or a hand that edits the database."""
        self.mains.on(name)
        node, tx, id_ = self.nodes[name], self._id(), self._id()
        guest, many = host().catalog.records["tea_house.guest"], {"record": "many"}
        written = Written(guest, id_, store_of(name), "create", many)
        with node.database.write() as connection:
            commit(connection, node, self._deed(name, tx, "guest.edit"), [written])
        self.witness.unfit[id_] = name
        self.witness.committed([Edit(tx, name, True, id_, {}, frozenset())])

    def _set_the_clock(self, name: str) -> None:
        self.skew[name] = timedelta(seconds=self.dice.choice(JUMPS))

    def _living(self, name: str, kind: str) -> dict[str, dict[str, Cell]]:
        """Return the records of a type that somebody at a node can still work with."""
        rows = table(self.disks[name], kind)
        return {id_: row for id_, row in rows.items() if row["_life"] in (None, 1) and id_ not in self.witness.unfit}

    def _latest(self) -> int:
        """Return the highest stamp that headquarters ranks a change by now."""
        now = int((self.time + self.skew["hq"]).timestamp() * 1000)
        return (max(now, self.hub_floor) + AHEAD_MS) << 16 | 0xFFFF

    def _act(self, name: str) -> None:
        """Somebody does what only a record's home may decide; away from home it becomes a request."""
        kind, action = self.dice.choice([("guest", "stamp"), ("order", "refill")])
        record = host().catalog.records[f"tea_house.{kind}"]
        held = self._living(name, record.table)
        known = kind == "guest" or name == "hq"  # of an order, only its store and headquarters decide
        rows = sorted(id_ for id_, row in held.items() if known or row["_store"] == store_of(name))
        if not rows or waiter(name).id not in table(self.disks[name], "core_staff"):
            return
        id_ = self.dice.choice(rows)
        self._risk(name)
        try:
            receipt = act(self.nodes[name], Call(record, action, waiter(name), id=id_))
        except PowerCut:
            self.restart(name)
            return
        self.witness.decided(Decided(name, receipt.tx, id_, receipt.request))

    def sync(self, name: str) -> None:
        """One branch has a round with headquarters, through the storm; its own power may fail, or headquarters'."""
        self._risk(name)
        self._risk("hq")
        self._syncing.append(name)
        self.rounds += 1
        try:
            with suppress(NodeError):
                sync_round(self.nodes[name], self.link(name, self.danger), self.dice.choice([None, self.two_at_once]))
        except PowerCut:
            self.restart(name)
        finally:
            self._syncing.remove(name)
        self._learn(name)
        self._check_own_work(name)

    def _check_own_work(self, name: str) -> None:
        self.witness.check_own_work(self.disks[name])

    def _deliver_late(self) -> None:
        """A frame that everybody had given up arrives after all; its reply goes nowhere."""
        if self.delayed:
            late = self.delayed.pop(self.dice.randrange(len(self.delayed)))
            with suppress(NodeError):
                late()

    def _learn(self, name: str) -> None:
        """See from the branch's own checkpoint whether the last page has been put down."""
        if name in self._pages:
            upto, news = self._pages[name]
            if number_of(self.disks[name], "SELECT position FROM checkpoint WHERE stream = 'down'") == upto:
                self.witness.received(name, news)
                del self._pages[name]

    def _draft(self, name: str, tx: str, kind: str, taken: Set[Cell]) -> tuple[Written, Edit]:
        record = host().catalog.records[f"tea_house.{kind}"]
        rows = self._living(name, record.table)
        new = self.dice.random() < 1 / (len(rows) + 1)  # few records, so that many hands meet on each
        row = {"id": self._id(), "_store": store_of(name)} if new else rows[self.dice.choice(sorted(rows))]
        id_, store = str(row["id"]), str(row["_store"])
        fields = self.dice.sample(sorted(POLICIES.keys() & record.fields), self.dice.randint(1, 2))
        body = {field: (row.get(field), self._value(field, row.get(field))) for field in fields}
        if body.get("card", ("", ""))[1] in {row.get("card") for row in rows.values()} | taken:
            body.pop("card", None)  # the node sees that this one is taken
        if breaks_the_rule({**row, **{field: value for field, (_, value) in body.items()}}):
            body = {field: values for field, values in body.items() if field not in ("credit", "record")}
        body = {field: (old, value) for field, (old, value) in body.items() if old != value}
        written = Written(record, id_, store, "create" if new else "update", {f: v for f, (_, v) in body.items()})
        past = frozenset(self.witness.knows[name][id_])
        return written, Edit(tx, name, store == store_of(name), id_, body, past)

    def _deed(self, name: str, tx: str, action: str) -> Deed:
        return Deed(tx, f"tea_house.{action}", waiter(name).id, self.nodes[name].now(), {"n": 1})

    def _value(self, field: str, old: Cell) -> Cell:
        if field in ("credit", "record", "cups"):
            return self.dice.randrange(4)
        if field == "visits":
            return (old if isinstance(old, int) else 0) + self.dice.choice([1, 1, 2])
        if field == "note":
            return f"{old}\n{self._id()}" if old else self._id()
        return self.dice.choice(CARDS if field == "card" else WORDS)

    # --- a machine ---------------------------------------------------------------------------------------------------

    def _boot(self, name: str) -> Node:
        database = Database(self.disks[name].url, synchronous="OFF")
        self.mains.machines[database.url] = name
        migrate(database, host().catalog)
        with database.write() as connection:
            known = identity.load(connection)
            if known is None:
                known = Identity(name, 1, name, None if name == "hq" else "https://hq.example.com")
                identity.save(connection, known)
        return Node(
            database=database,
            host=host(),
            identity=known,
            now=lambda: self.time + self.skew[name],
            new_id=self._id,
            zone=ZoneInfo("Asia/Shanghai"),
            mono=lambda: int((self.time - START).total_seconds() * 1000),
            boot=self._id(),
            clock=HybridClock(lambda: int((self.time + self.skew[name]).timestamp() * 1000)),
        )

    def _risk(self, name: str) -> None:
        """Now and then let the power fail within the next statements of a machine."""
        self.mains.on(name)
        if self.dice.random() < self.power:
            self.mains.cut_after(name, self.dice.randint(1, STATEMENTS_MAX))

    def _tick(self) -> None:
        self.time += timedelta(milliseconds=self.dice.choice([0, 1, 40, 3_000, 60_000]))

    def _id(self) -> str:
        digits = f"{self.dice.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"
