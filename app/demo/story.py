"""What happens in the demo: steps read from config/chain.yaml, carried out by people over HTTP, told as they happen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.demo.chain import Chain, Member
from app.demo.client import Answered, Json
from core.model.errors import Language, NodeError, Place, Problem, Text
from stores import rows
from stores.changes import conflicts

JUST_AFTER = timedelta(milliseconds=2)
Tell = Callable[[datetime, str, str], None]  # moment, who or where, what


class StoryBroken(NodeError):
    """A step did not go as the story says; ``problems`` carry its place in the file."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story. ``do`` is ``plugin.record.action``.

    ``state``, ``fails`` and ``has`` (fields of the record ``target``, as ``by`` reads them) are what must come of it.
    """

    place: Place
    at: str | None = None
    node: str | None = None
    by: str | None = None
    do: str | None = None
    target: str | None = None
    ask: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None
    happened: str | None = None
    name: str | None = None
    state: str | None = None
    has: Mapping[str, object] = field(default_factory=dict)
    fails: str | None = None
    provisional: bool = False
    cut: str | None = None
    plug: str | None = None
    settle: bool = False
    show: str | None = None
    say: Text | None = None


@dataclass
class Stage:
    """A story being played: the chain, the names given so far, and where to tell it."""

    chain: Chain
    start: datetime
    zone: ZoneInfo
    language: Language
    tell: Tell
    wait: Callable[[timedelta], None]  # what a stretch of simulated time costs in real time
    named: dict[str, str] = field(default_factory=dict)  # name -> record id
    records: dict[str, str] = field(default_factory=dict)  # name -> plugin.record

    def play(self, steps: list[Step]) -> None:
        """Carry out every step; raise StoryBroken at the first that goes otherwise."""
        for step in steps:
            try:
                self._step(step)
            except Answered as no:
                raise StoryBroken((_broken(step, f"{no.code}: {no}"),)) from None

    def _step(self, step: Step) -> None:
        if step.at is not None:
            self.advance(self._moment(step.at))
        if step.cut is not None:
            self._cable(step.cut, plugged=False)
        if step.plug is not None:
            self._cable(step.plug, plugged=True)
        if step.settle and not self.chain.settled():
            raise StoryBroken((_broken(step, "the branches and headquarters have not caught up"),))
        answer: Json = {}
        if step.do is not None:
            answer = self._do(step)
        if step.has:
            self._check_fields(step)
        if step.say is not None:
            where = step.node or step.cut or step.plug or ""
            self.tell(self.chain.clock(), where, step.say.filled(answer).say(self.language))
        if step.show == "conflicts":
            self._show_conflicts(step)

    def advance(self, moment: datetime) -> None:
        """Let time pass until ``moment``: timers of all nodes fire on the way, in order, at their own time."""
        last: datetime | None = None
        while (due := self.chain.next_due()) is not None and due < moment and due != last:
            self._pass_to(due + JUST_AFTER)
            self.chain.fire_due()
            last = due
        self._pass_to(moment)

    def _pass_to(self, moment: datetime) -> None:
        now = self.chain.clock()
        if moment > now:
            self.wait(moment - now)
            self.chain.clock.move_to(moment)

    def _do(self, step: Step) -> Json:
        assert step.do is not None
        record, _, action = step.do.rpartition(".")
        member = self._member(step)
        person = member.people[step.by or ""]
        target = self._value(step.target) if step.target else None
        more = {"reason": step.reason, "at": step.happened and self._moment(step.happened).isoformat()}
        try:
            answer = person.act(record, action, {k: self._value(v) for k, v in step.ask.items()}, target, **more)
        except Answered as no:
            if step.fails is None or no.code != step.fails:
                raise
            return {"why": str(no), "code": no.code}
        if step.fails is not None:
            raise StoryBroken((_broken(step, f"it was to be refused with {step.fails}"),))
        if step.name:
            self.named[step.name], self.records[step.name] = answer["id"], record
        self._check(step, answer)
        return {**answer, "state": self._state_label(member, record, answer.get("state"))}

    def _check(self, step: Step, answer: Json) -> None:
        if step.state is not None and answer["state"] != step.state:
            raise StoryBroken((_broken(step, f"the state is {answer['state']}, the story says {step.state}"),))
        if answer["provisional"] is not step.provisional:
            raise StoryBroken((_broken(step, f"provisional is {answer['provisional']}"),))

    def _check_fields(self, step: Step) -> None:
        """Read the record as a person of the node sees it, and compare."""
        assert step.target is not None, "`has` needs `for`"
        plugin, _, record = self.records[step.target[1:]].partition(".")
        seen = self._member(step).people[step.by or ""].read(f"{plugin}/{record}/{self._value(step.target)}")
        for name, value in step.has.items():
            if seen[name] != value:
                raise StoryBroken((_broken(step, f"{name} is {seen[name]}, the story says {value}"),))

    def _state_label(self, member: Member, record: str, state: object) -> str:
        labels = member.service.node.catalog.record(*record.split(".")).states
        return labels[str(state)].say(self.language) if state in labels else str(state)

    def _cable(self, name: str, *, plugged: bool) -> None:
        member = self.chain.members[name]
        assert member.cable is not None, f"{name} has no cable"
        member.cable.plugged = plugged
        if plugged and member.service.worker is not None:
            member.service.worker.sync_now()

    def _show_conflicts(self, step: Step) -> None:
        """Tell every open conflict with both values, and give them names: ``conflict``, ``conflict2`` …"""
        member = self._member(step)
        reader = member.people[step.by or ""]
        for number, found in enumerate(reader.read("core/conflict", state="open")["rows"], start=1):
            self.named["conflict" if number == 1 else f"conflict{number}"] = found["id"]
            self.tell(self.chain.clock(), step.node or "", conflict_line(member, found, self.zone, self.language))

    def _member(self, step: Step) -> Member:
        return self.chain.members[step.node or ""]

    def _value(self, value: Any) -> Any:
        """Return an input with ``$name`` replaced by the id of the record, or person, of that name."""
        if isinstance(value, str) and value.startswith("$"):
            name = value[1:]
            return self.named.get(name) or next(m.staff[name] for m in self.chain.members.values() if name in m.staff)
        if isinstance(value, dict):
            return {key: self._value(each) for key, each in value.items()}
        return [self._value(each) for each in value] if isinstance(value, list) else value

    def _moment(self, text: str) -> datetime:
        """Return a moment of the story: ``20:45``, or ``+1 00:30`` on the day after its first."""
        days, _, clock = text.rpartition(" ")
        day = self.start.astimezone(self.zone).date() + timedelta(days=int(days or 0))
        return datetime.combine(day, time.fromisoformat(clock), self.zone)


def conflict_line(member: Member, found: Json, zone: ZoneInfo, language: Language) -> str:
    """Return one conflict in words: the field, both values, who wrote them where, and what stands."""
    node = member.service.node
    record = node.catalog.records[found["record_type"]]
    field = record.fields.get(found["field"] or "")

    def shown(text: str | None) -> object:
        if field is None or text is None:
            return text
        cell = conflicts.cell_of(text, integer=field.spec.kind.column == "integer")
        return field.spec.json(field.spec.value(cell), zone)

    return _CONFLICT.filled(
        {
            "where": f"{record.label.say(language)} {field.label.say(language) if field else ''}".strip(),
            "base": shown(found["base"]),
            "mine": shown(found["mine"]),
            "mine_by": _writer(member, found["mine_by"], found["mine_origin"]),
            "theirs": shown(found["theirs"]),
            "theirs_by": _writer(member, found["theirs_by"], found["theirs_origin"]),
            "stands": shown(found["mine"] if found["outcome"] == "current" else found["theirs"]),
        }
    ).say(language)


def _writer(member: Member, staff_id: str, origin: str) -> str:
    node = member.service.node
    with node.database.read() as connection:
        row = rows.load(connection, node, node.catalog.records["core.staff"], staff_id)
    return f"{row.values['name'] if row else staff_id} ({origin})"


_CONFLICT = Text(
    "conflict, {where}: it was {base}; {mine_by} wrote {mine}, {theirs_by} wrote {theirs}; {stands} stands",
    "冲突，{where}：原值 {base}；{mine_by} 写 {mine}，{theirs_by} 写 {theirs}；现为 {stands}",
)


def _broken(step: Step, why: str) -> Problem:
    what = Text(f"the story does not hold: {why}", f"演示步骤未按预期进行：{why}")
    return Problem("story-broken", what, place=step.place)


def start_of(day: str, clock: str, zone: ZoneInfo) -> datetime:
    """Return the moment at which the story begins."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), zone)
