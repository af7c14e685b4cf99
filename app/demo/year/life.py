"""Lives a year: what arrives, what becomes of it, and the node's own timers, all in the order of the clock.

Everything is done as in the store: through ``act``, by somebody who holds the post, under every rule. What a rule
refuses is refused here too, and counted; a step that never succeeds means that the plan does not fit its plugin.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from app.demo.year import words
from app.demo.year.plan import ArrivalPlan, StepPlan, YearPlan
from app.demo.year.values import Draw
from core.language.definition import SYSTEM
from core.model.errors import NodeError, Problem, Text
from stores import posts, rows
from stores.actor import SYSTEM_ACTOR, Actor
from stores.acts import firing
from stores.acts.act import act
from stores.acts.calls import Call
from stores.acts.settling import act_or_sign
from stores.changes import log
from stores.node import Node
from stores.reads import records
from stores.staff import person
from stores.world import NodeWorld

STAFF = "core.staff"
JUST_AFTER = timedelta(milliseconds=2)
NEVER_FITS = 8  # so many refusals without one success say that a step cannot be done at all
REASON = "已核实"  # what people write when a rule warns them


Give = Callable[[Node, Sequence[tuple[str, str]]], None]  # lets headquarters give posts: (staff id, post)


@dataclass(order=True)
class Event:
    """A step that somebody will take at a moment. Those of one moment keep the order in which they were planned."""

    at: datetime
    turn: int
    step: StepPlan = field(compare=False)
    record: str = field(compare=False)
    id: str | None = field(compare=False)
    name: str = field(compare=False)
    up: tuple[str, str] | None = field(default=None, compare=False)  # the record from whose steps this one was made


@dataclass
class Life:
    """One store living through the plan of a business. ``pace`` scales how much arrives: 1 is size m.

    ``hired`` says who is there already: a store that runs two businesses has one person for a post of both.
    """

    node: Node
    plan: YearPlan
    move_to: Callable[[datetime], None]
    dice: Random
    give: Give
    pace: float = 1.0
    hired: set[tuple[str, int]] = field(default_factory=set)  # post, and which of those who hold it
    done: Counter[str] = field(default_factory=Counter)
    refused: dict[str, Counter[str]] = field(default_factory=dict)
    _heap: list[Event] = field(default_factory=list)
    _turns: int = 0
    _seen: int = 0
    _counts: Counter[int] = field(default_factory=Counter)
    _there: dict[str, list[str]] = field(default_factory=dict)
    _holders: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _actors: dict[str, Actor] = field(default_factory=dict)

    def begin(self) -> None:
        """Hire the people of the plan and make what is there from the first morning."""
        closed = posts.locked(self.node.catalog)
        given = []
        for role, count in self.plan.people.items():
            wanted = {(role, number) for number in range(1, count + 1)} - self.hired
            self.hired |= wanted
            for _, number in sorted(wanted):
                id = self._hire(number, role, () if role in closed else (role,))
                given += [(id, role)] if role in closed else []
        if given:
            self.give(self.node, given)
        for index, make in enumerate(self.plan.make):
            step = StepPlan.model_validate({"do": make.do, "by": make.by, "with": make.with_, "then": make.then})
            for _ in range(make.times):
                self._take(Event(self.node.now(), 0, step, "", None, f"make[{index}] {make.do}"))

    def day(self, day: date) -> None:
        """Plan what arrives on a day. A day of the business: hours after midnight belong to the evening before."""
        for name, arrival in self.plan.arrivals.items():
            for _ in range(self._how_many(arrival, day)):
                self._turns += 1
                heapq.heappush(self._heap, Event(self._moment(arrival, day), self._turns, arrival, "", None, name))

    def next(self) -> datetime | None:
        """Return the moment of the next thing that happens here: a step, or a timer of the node."""
        due = firing.next_due(self.node)
        if not self._heap:
            return due
        return self._heap[0].at if due is None else min(due, self._heap[0].at)

    def step(self) -> None:
        """Let the next thing happen."""
        due = firing.next_due(self.node)
        if due is not None and (not self._heap or due <= self._heap[0].at):
            self.move_to(due + JUST_AFTER)
            firing.fire_due(self.node)
        elif self._heap:
            self.move_to(self._heap[0].at)
            self._take(heapq.heappop(self._heap))
        self._answer()

    def check(self) -> None:
        """Raise NodeError when steps never succeeded though they were tried often enough to tell."""
        problems = [
            Problem(
                "plan-does-not-fit",
                Text(
                    f"{self.plan.plugin}: `{name}` was refused every time: {refusals.most_common(1)[0][0]}",
                    f"{self.plan.plugin}：`{name}` 每次都被拒绝：{refusals.most_common(1)[0][0]}",
                ),
                fix=Text(f"mend config/year/{self.plan.plugin}.yaml", f"请修改 config/year/{self.plan.plugin}.yaml"),
            )
            for name, refusals in self.refused.items()
            if not self.done[name] and refusals.total() >= NEVER_FITS
        ]
        if problems:
            raise NodeError(tuple(problems))

    # --- steps

    def _take(self, event: Event) -> None:
        step = event.step
        if step.share < 1 and self.dice.random() >= step.share:
            self._go_on(step.otherwise, event.record, event.id, event.name, event.up)
            return
        record, _, action = step.do.rpartition(".")
        type_ = self.node.catalog.record(self.plan.plugin, record or event.record)
        id = None if record else event.id
        for _ in range(step.tries):
            try:
                receipt = self._act(type_.key, action, step, event, id)
            except NodeError as no:
                said = no.problems[0].code + ": " + no.problems[0].what.en
                self.refused.setdefault(event.name, Counter())[said] += 1
                continue
            self.done[event.name] += 1
            if record:
                self._there.setdefault(type_.name, []).append(receipt)
            from_ = (event.record, event.id) if event.id else None
            self._go_on(step.then, record or event.record, receipt, event.name, from_ if record else event.up)
            return

    def _act(self, key: str, action: str, step: StepPlan, event: Event, id: str | None) -> str:
        type_ = self.node.catalog.records[key]
        around = _Around(self, event.record, event.id, event.up)
        actor = self._actor(step.by, around)
        draw = Draw(self.dice, around, self.node.now(), self.node.zone, actor.id, event.id)
        ask = draw.all(step.with_)
        store = self.node.store if id is None else None
        return act_or_sign(self.node, Call(type_, action, actor, id, ask=ask, reason=REASON, store=store)).id

    def _go_on(
        self, steps: Sequence[StepPlan], record: str, id: str | None, name: str, up: tuple[str, str] | None = None
    ) -> None:
        """Plan what follows: the steps of a list one after another, each after its wait."""
        moment = self.node.now()
        for step in steps:
            moment = max(moment, self._morning(step, _Around(self, record, id, up))) + self._wait(step)
            self._turns += 1
            told = f"{name.split(' > ', maxsplit=1)[0]} > {step.do}"
            heapq.heappush(self._heap, Event(moment, self._turns, step, record, id, told, up))

    def _morning(self, step: StepPlan, around: _Around) -> datetime:
        """Return the begin of the day that a record names for a step, by a date or a moment; now when it names none."""
        day = around.own(step.on.removeprefix("$self.")) if step.on else None
        if day is None:
            return self.node.now()
        return datetime.combine(date.fromisoformat(str(day)[:10]), datetime.min.time(), self.node.zone)

    def _wait(self, step: StepPlan) -> timedelta:
        least, most = step.after
        return least + (most - least) * self.dice.random()

    def _answer(self) -> None:
        """See which records have appeared, also those that timers and periods made, and plan what is done with them."""
        wanted = {f"{self.plan.plugin}.{name}": steps for name, steps in self.plan.answers.items()}
        with self.node.database.read() as connection:
            fresh = log.created_after(connection, self.node.identity.origin, self._seen)
        for seq, type_, pk in fresh:
            self._seen = seq
            name = type_.rpartition(".")[2]
            if not self._there.get(name) or self._there[name][-1] != pk:
                self._there.setdefault(name, []).append(pk)
            if type_ in wanted:
                self._go_on(wanted[type_], name, pk, f"answers.{name}")

    # --- who and when

    def _hire(self, number: int, role: str, roles: Sequence[str]) -> str:
        post = "".join(part[:2] for part in role.split("_")).upper()
        badge = f"{self.node.store[:4].upper()}-{post}{number:03}"  # a badge is of one person in the whole chain
        ask = {"name": words.full_name(self.dice), "badge": badge, "roles": list(roles)}
        record = self.node.catalog.records[STAFF]
        return act(self.node, Call(record, "hire", SYSTEM_ACTOR, ask=ask, store=self.node.store)).id

    def _actor(self, by: str, around: _Around) -> Actor:
        id = self._who(by, around)
        if id not in self._actors:
            with self.node.database.read() as connection:
                self._actors[id] = person(connection, self.node, id)
        return self._actors[id]

    def _who(self, by: str, around: _Around) -> str:
        """Return who does a step: somebody of a post, the person, or the post, that a field of the record names."""
        if by.startswith("$self."):
            return str(around.own(by.removeprefix("$self.")))
        if by.startswith("$up."):
            return str(around.above(by.removeprefix("$up.")))
        post = str(around.own(by.removeprefix("$post."))) if by.startswith("$post.") else by
        return SYSTEM if post == SYSTEM else self.staff(post)[0]

    def staff(self, role: str) -> tuple[str, str]:
        """Return id and badge of somebody here who holds a post; NodeError when nobody does."""
        if role not in self._holders:
            with self.node.database.read() as connection:
                ids = posts.holders(connection, self.node, self.node.store, role, self.node.now())
                record = self.node.catalog.records[STAFF]
                people = [rows.get(connection, self.node, record, id) for id in ids]
            self._holders[role] = [(row.id, str(row.values["badge"])) for row in people]
        if not self._holders[role]:
            raise NodeError.of("nobody-holds", f"nobody here holds `{role}`", f"本店无人任 `{role}`")
        return self.dice.choice(self._holders[role])

    def any_of(self, record: str) -> str | None:
        """Return the id of some record of a type that has appeared here; at headquarters, of those of every store."""
        if record not in self._there and self.node.is_hub:
            self._there[record] = self._of_the_chain(record)
        there = self._there.get(record)
        return self.dice.choice(there) if there else None

    def _of_the_chain(self, record: str) -> list[str]:
        """Return the ids of records of a type, as many as one page holds."""
        type_ = self.node.catalog.record(self.plan.plugin, record)
        found = records.query(self.node, SYSTEM_ACTOR, type_, limit=records.LIMIT_MAX)
        return [str(row["id"]) for row in found.rows]

    def count(self, first: int) -> str:
        """Return the next number of the row that begins with ``first``."""
        self._counts[first] += 1
        return str(first + self._counts[first] - 1)

    def word(self, key: str) -> object:
        """Return one of the plan's words."""
        return self.dice.choice(self.plan.words[key])

    def _how_many(self, arrival: ArrivalPlan, day: date) -> int:
        """Return how many arrive on a day: by chance, more on the busy days of the week."""
        mean = arrival.a_day * self.pace * arrival.week[day.weekday()]
        whole, rest = divmod(mean * self.dice.uniform(0.7, 1.3), 1)
        return int(whole) + (self.dice.random() < rest)

    def _moment(self, arrival: ArrivalPlan, day: date) -> datetime:
        begin, end, _ = self.dice.choices(arrival.hours, weights=[weight for *_, weight in arrival.hours])[0]
        calendar = self.node.calendar(self.plan.plugin)
        first, last = calendar.at(day, begin), calendar.at(day, end)
        return first + max(last - first, timedelta(0)) * self.dice.random()


@dataclass(frozen=True, slots=True)
class _Around:
    """The life, seen from one record."""

    life: Life
    record: str
    id: str | None
    up: tuple[str, str] | None

    def staff(self, role: str) -> tuple[str, str]:
        return self.life.staff(role)

    def any_of(self, record: str) -> str | None:
        return self.life.any_of(record)

    def word(self, key: str, _dice: Random) -> object:
        return self.life.word(key)

    def count(self, first: int) -> str:
        return self.life.count(first)

    def above(self, name: str) -> object:
        assert self.up is not None, "this step was not made from the steps of a record"
        return _Around(self.life, *self.up, None).own(name)

    def own(self, name: str) -> object:
        """Return a field of the record, stored or computed."""
        node = self.life.node
        if name == "id":
            return self.id
        assert self.id is not None, "nothing is acted on yet"
        type_ = node.catalog.record(self.life.plan.plugin, self.record)
        with node.database.read() as connection:
            world = NodeWorld(connection, node, type_.plugin, node.store)
            row = world.row(type_.key, self.id)
            assert row is not None, f"{type_.key} {self.id} has gone"
            value = world.field(row, name, world.env(row, node.now(), SYSTEM_ACTOR))
        return type_.fields[name].spec.json(value, node.zone) if value is not None else None
