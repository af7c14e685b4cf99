"""A business, compiled: what plugin.yaml means once it has been checked. Immutable; shared by all threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Literal

from core.language.expressions import Formula
from core.language.outcomes import Outcome
from core.language.report import Report
from core.model.duration import Duration
from core.model.errors import Place, Problem, Text
from core.model.fields import FieldSpec
from core.model.fields.files import may_hold
from core.model.merge import MergePolicy
from core.model.values import Cell

ScopeName = Literal["store", "region", "all", "hq"]
HomeName = Literal["store", "hq"]
SYSTEM = "system"  # the actor, and the role, of timers and of the node itself
EVERYONE = "everyone"  # the role that everybody has who has any: for what is one's own, such as notices


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record type. ``value`` makes it computed: it has no column and is never written."""

    name: str
    spec: FieldSpec
    label: Text
    place: Place
    default: Formula | None = None
    value: Formula | None = None
    unique: bool = False
    mask: str | None = None
    merge: MergePolicy = MergePolicy.LATEST
    cite: tuple[str, ...] = ()
    owner: str | None = None  # the plugin that added it to another's record: its settings and calendar count
    offer: str | None = None  # the dispatch policy whose candidates are offered first, in their order
    stored: bool = field(init=False)  # whether the field has a column

    def __post_init__(self) -> None:
        object.__setattr__(self, "stored", self.value is None)


@dataclass(frozen=True, slots=True)
class State(Text):
    """A state of a record: what people call it, and whether the plugin says that it is ``over`` or ``steady``."""

    over: bool = False
    steady: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One input of an action: a field of the record, or (``field`` None) a one-off input read as ``ask.name``."""

    name: str
    spec: FieldSpec
    label: Text
    field: str | None


@dataclass(frozen=True, slots=True)
class Check:
    """A rule that must hold. ``warn`` lets the actor go on with a reason, which is logged."""

    name: str
    rule: Formula
    message: Text
    level: Literal["error", "warn"] = "error"
    cite: tuple[str, ...] = ()
    place: Place | None = None
    fills: Mapping[str, Formula] = field(default_factory=dict)  # what stands in {…} -> formula, for both languages


@dataclass(frozen=True, slots=True)
class Action:
    """The only way to write. ``outcomes`` has at least one; what the action itself says is merged into each."""

    name: str
    label: Text
    place: Place
    new: bool  # creates the record
    sources: frozenset[str] | None  # states it may start from; None = any
    by: tuple[str, ...]  # roles; SYSTEM for timers
    ask: tuple[Ask, ...]
    checks: tuple[Check, ...]
    outcomes: tuple[Outcome, ...]
    backdate: Formula | None = None  # `at:` — how far back the actor may say it happened (a duration)
    deletes: Literal["delete", "undelete"] | None = None
    cite: tuple[str, ...] = ()
    owner: str | None = None  # the plugin that added it to another's record: its settings, notices and ledgers count
    decisive: bool = field(init=False)  # whether only the record's home may carry it out
    uploads: tuple[Ask, ...] = field(init=False)  # the inputs that may name files or pictures

    def __post_init__(self) -> None:
        object.__setattr__(self, "decisive", self._is_decisive())
        object.__setattr__(self, "uploads", tuple(ask for ask in self.ask if may_hold(ask.spec)))

    def _is_decisive(self) -> bool:
        """An action that only asks for fields of the record merges field by field wherever it was done.

        One that moves the state, sets, posts, creates, picks or needs signatures is the home's to decide.
        """
        return (
            self.new
            or self.deletes is not None
            or any(
                o.to
                or o.set
                or o.post
                or o.create
                or o.update
                or o.sweep
                or o.pick
                or o.confirm
                or o.refuse
                or o.notice
                for o in self.outcomes
            )
        )


@dataclass(frozen=True, slots=True)
class Remind:
    """A notice sent ``before`` a timer is due."""

    before: Duration
    notice: str


@dataclass(frozen=True, slots=True)
class Timer:
    """Runs ``then`` as the system once ``due`` has passed, while ``running`` holds. No due = not armed."""

    name: str
    running: Formula
    due: Formula
    then: str
    place: Place
    remind: tuple[Remind, ...] = ()
    cite: tuple[str, ...] = ()
    label: Text | None = None


@dataclass(frozen=True, slots=True)
class Exclusive:
    """At most one record with the same key while ``running`` holds; decided at the record's home."""

    name: str
    key: tuple[str, ...]
    running: Formula
    message: Text
    cite: tuple[str, ...] = ()
    place: Place | None = None
    fills: Mapping[str, Formula] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadRule:
    """What one role may see of a record type. ``mask`` maps a field to a condition, None = always."""

    where: Formula | None = None
    mask: Mapping[str, Formula | None] = field(default_factory=dict)
    hide: frozenset[str] = frozenset()
    reveal: bool = False
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncRule:
    """Who holds a copy, who decides, how long a store keeps it, which fields never leave the store."""

    scope: ScopeName = "store"
    home: HomeName = "store"
    keep: Duration | None = None
    hide: frozenset[str] = frozenset()
    deletes: Literal["edit_wins", "delete_wins", "forbid"] = "forbid"
    also: str | None = None  # a text field that names one more store that holds a copy


@dataclass(frozen=True, slots=True)
class Alike:
    """What two records of different stores have in common that may be the same one: headquarters says so."""

    name: str
    key: tuple[str, ...]
    label: Text
    cite: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Every:
    """One record per subject and period, made at the start of the period."""

    period: Literal["day", "week", "month", "quarter", "year"]
    subject: str  # qualified record type
    where: Formula | None
    values: Mapping[str, Formula]


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """``{store}-{night:yyMMdd}-{seq:3}``: literal text and parts; the sequence restarts where other parts change."""

    parts: tuple[str | tuple[str, str], ...]  # text, or (name, format)
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class RecordType:
    """A kind of record: its table, its actions, its timers and who may see it.

    What every action asks of it dozens of times is worked out once: ``key``, ``table`` and ``stored``.
    """

    plugin: str
    name: str
    label: Text
    place: Place
    fields: Mapping[str, Field]
    states: Mapping[str, State] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    timers: Mapping[str, Timer] = field(default_factory=dict)
    exclusive: Mapping[str, Exclusive] = field(default_factory=dict)
    alike: Mapping[str, Alike] = field(default_factory=dict)
    read: Mapping[str, ReadRule] | None = None  # role -> rule; None: every role of the plugin reads all of it
    sync: SyncRule = SyncRule()
    number: NumberFormat | None = None
    every: Every | None = None
    origin: Literal["record", "ledger", "scorecard"] = "record"
    cite: tuple[str, ...] = ()
    sealed: bool = False  # nobody adds to it; another plugin may use its name for a record of its own
    key: str = field(init=False)  # the name on the wire and in the log: ``plugin.record``
    table: str = field(init=False)  # the table a person finds in the database file
    stored: Mapping[str, Field] = field(init=False)  # the fields that have a column

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.plugin}.{self.name}")
        object.__setattr__(self, "table", f"{self.plugin}_{self.name}")
        object.__setattr__(self, "stored", {name: each for name, each in self.fields.items() if each.stored})

    def __repr__(self) -> str:
        return f"<RecordType {self.key}>"

    def is_over(self, state: str) -> bool:
        """Say whether nobody waits for a next step in a state.

        The plugin says so, or no action leads on from it.
        """
        if state in self.states and self.states[state].over:
            return True
        here = (action for action in self.actions.values() if action.sources and state in action.sources)
        return not any(outcome.to not in {None, state} for action in here for outcome in action.outcomes)

    def is_work(self, state: str) -> bool:
        """Say whether somebody has a next step to take in a state: it is neither over nor how things are to be."""
        return not (self.states[state].steady or self.is_over(state))


@dataclass(frozen=True, slots=True)
class Setting:
    """A typed knob. ``default`` None means not configured: every rule that needs it is inactive (C-11)."""

    name: str
    spec: FieldSpec
    default: object
    label: Text
    place: Place
    lock: Literal["hq"] | None = None
    cite: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()  # switches that may not be on together with this one


@dataclass(frozen=True, slots=True)
class Role:
    """A post. ``deputy`` acts for it only while every holder in that store is away; ``lock``: only hq gives it."""

    name: str
    label: Text
    deputy: str | None = None
    lock: Literal["hq"] | None = None
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CalendarRules:
    """The business's own time: when its day starts, when it is open, which days are working days."""

    day_starts: time = time(0)
    open: Mapping[str, tuple[tuple[time, time], ...]] = field(default_factory=dict)  # "daily", "mon".."sun" -> spans
    holidays: str | None = None
    off: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Ledger:
    """An append-only account. Compiled into a record type of its own (``record``); corrections are counter-entries."""

    name: str
    label: Text
    unit: str
    account: str  # qualified record type of the account, usually core.staff
    digits: int  # of the amount: 0 for counts, 2 for money
    confirm: str | None = None  # the role that confirms each entry; None = it counts at once
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DispatchKey:
    """One step of a ranking: true before false, more before less, empty last; ``first: least`` turns it round."""

    name: str
    value: Formula
    label: Text
    least_first: bool = False
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A candidate policy: who is eligible, with reasons, then who comes first.

    ``order`` gives the names of the keys to compare, first to last; without it, or where it is blank, all as written.
    ``item`` is the record type that somebody is picked for (``self`` of the rules); None where no rule looks at it:
    whose turn it is can then be said beforehand.
    """

    name: str
    of: str  # qualified record type
    eligible: tuple[Check, ...]
    prefer: tuple[DispatchKey, ...]
    label: Text
    place: Place
    cite: tuple[str, ...] = ()
    order: Formula | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """One line of a scorecard: value against target, or (``by``) a mark from 0 to 100 given by a role."""

    name: str
    label: Text
    weight: Formula | None  # None or null = not configured: the card cannot be scored
    value: Formula | None = None
    target: Formula | None = None
    by: str | None = None
    parts: tuple[str, ...] = ()  # what is marked one by one; the mark is their mean
    empty: Literal["skip", "zero", "full"] = "skip"  # what an empty target means
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Weighted items per subject and period, with bands. Compiled into a record type that keeps marks and results."""

    name: str
    label: Text
    place: Place
    period: Literal["day", "week", "month", "quarter", "year"]
    subject: str  # qualified record type
    where: Formula | None
    items: Mapping[str, ScoreItem]
    bands: Mapping[str, int]
    digits: int = 2
    cap: Formula | None = None  # percent of a target that count at most; None = 100
    cite: tuple[str, ...] = ()
    band_labels: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """A bilingual message and its recipients: roles (names) or people (formulas)."""

    name: str
    to: tuple[str | Formula, ...]
    text: Text
    fills: Mapping[str, Formula] = field(default_factory=dict)  # what stands in {…} -> formula, for both languages
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GuidancePlace:
    """Where guidance is shown: at a record, one of its actions, a view, or to whoever has a role."""

    text: str  # as it is written: booking, booking.settle, role:hostess, view:tonight
    record: str | None = None  # qualified
    action: str | None = None
    role: str | None = None
    view: str | None = None


@dataclass(frozen=True, slots=True)
class Guidance:
    """A duty that software cannot enforce: words, or a checklist, shown where the duty is done."""

    name: str
    label: Text
    at: tuple[GuidancePlace, ...]
    text: Text | None = None
    items: tuple[Text, ...] = ()
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MigrationStep:
    """One declared step from the version before to this one."""

    how: Literal["rename", "map", "fill", "drop"]
    record: str  # local name
    name: str  # the field; for a rename the name it had; ``state`` may be mapped
    place: Place
    to: str | None = None
    mapping: Mapping[Cell, Cell] = field(default_factory=dict)
    value: Cell = None


Mark = Literal["S", "F", "I", "D", "X", "C"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the business's rule book in our own words, with the mark that says how sure it is.

    S and F stand in the source and must be carried out; I is our reading, D our default, X a switch that is off,
    C a blank that is inactive until somebody configures it.
    """

    number: str
    mark: Mark
    text: Text
    place: Place

    @property
    def binding(self) -> bool:
        """Whether the plugin must carry it out and prove it."""
        return self.mark in ("S", "F")


@dataclass(frozen=True, slots=True)
class Citation:
    """A cited rule number and the place in the YAML that carries it out."""

    number: str
    where: str
    place: Place


@dataclass(frozen=True, slots=True)
class Plugin:
    """One business type, checked and ready to run."""

    name: str
    version: str
    label: Text
    folder: Path
    digest: str  # of all its files
    requires: Mapping[str, str] = field(default_factory=dict)
    extends: str | None = None
    settings: Mapping[str, Setting] = field(default_factory=dict)
    calendar: CalendarRules = CalendarRules()
    roles: Mapping[str, Role] = field(default_factory=dict)
    records: Mapping[str, RecordType] = field(default_factory=dict)  # its own, by local name
    additions: Mapping[str, RecordType] = field(
        default_factory=dict
    )  # qualified name of another's record -> what is added
    ledgers: Mapping[str, Ledger] = field(default_factory=dict)
    dispatch: Mapping[str, Dispatch] = field(default_factory=dict)
    scorecards: Mapping[str, Scorecard] = field(default_factory=dict)
    reports: Mapping[str, Report] = field(default_factory=dict)
    notices: Mapping[str, Notice] = field(default_factory=dict)
    views: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    guidance: Mapping[str, Guidance] = field(default_factory=dict)
    samples: Mapping[str, Mapping[str, Mapping[str, object]]] = field(default_factory=dict)
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    migrations: Mapping[str, tuple[MigrationStep, ...]] = field(default_factory=dict)  # version -> steps, oldest first
    rules: Mapping[str, Rule] = field(default_factory=dict)  # the rule book by number; may be empty
    citations: tuple[Citation, ...] = ()
    equivalent: Mapping[str, str] = field(default_factory=dict)  # mutants that change nothing: name -> why
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a scenario, as written (already checked for shape), with its place."""

    place: Place
    at: str | None = None
    as_: str | None = None
    do: tuple[str, str] | None = None  # (record local name, action)
    for_: str | None = None
    with_: tuple[object, ...] = ()  # sample names and literal maps, later wins
    happened: str | None = None  # back-dated `at` of the action itself
    name: str | None = None  # `is:`
    reason: str | None = None
    away: str | None = None
    back: str | None = None
    on_duty: str | None = None
    set: Mapping[str, object] = field(default_factory=dict)  # settings
    score: Mapping[str, object] = field(default_factory=dict)
    fails: str | None = None
    warns: str | None = None
    then: tuple[str, ...] = ()
    sees: str | None = None  # a record; in this step's `then`, `seen` is what the person reads of it, or null
    reads: str | None = None  # a report; likewise


@dataclass(frozen=True, slots=True)
class Scenario:
    """Given, when, then: a proof that runs under a simulated clock through the same code as a store."""

    name: str
    place: Place
    now: str
    as_: str | None
    given: Mapping[str, object]  # records, load, settings, calendar
    steps: tuple[Step, ...]
    then: tuple[tuple[str, Place], ...]
    cite: tuple[str, ...] = ()

    @property
    def store(self) -> str | None:
        """The store it plays in, where it says so."""
        store = self.given.get("store")
        return None if store is None else str(store)
