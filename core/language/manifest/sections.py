"""The shape of what stands beside records: calendar, roles, ledgers, dispatch, scorecards, notices, views."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from core.language.manifest.base import Cited, Names, Rule, Shape, StateShape, TextShape, Value, Word
from core.language.manifest.records import (
    ActionShape,
    CheckShape,
    EveryShape,
    FieldShape,
    PeriodName,
    ReadShape,
    SyncShape,
    TimerShape,
)


class RuleShape(TextShape):
    """One rule of the rule book in our own words. Numbers are cited by what carries the rule out."""

    mark: Literal["S", "F", "I", "D", "X", "C"] = Field(
        description="S, F: stands in the source, must be carried out and proved; I: our reading; D: our default; "
        "X: a switch, off; C: a blank, inactive until configured"
    )
    also: Names = Field(
        default=[], description="Where core or a required plugin carries it out, e.g. core:records.duty.actions.sign_in"
    )


class CalendarShape(Cited):
    """The business's own time."""

    day_starts: str | None = Field(default=None, description='When the business day starts, e.g. "08:00"')
    open: dict[str, Names | None] = Field(
        default={}, description='daily, mon … sun or mon-fri: "09:00-18:00"; several spans as a list'
    )
    holidays: str | None = Field(default=None, description="Country of the public holidays, e.g. cn")
    off: list[str] = Field(default=[], description="Days off beside the holidays, YYYY-MM-DD")
    work: list[str] = Field(default=[], description="Days worked though they would be off, YYYY-MM-DD")


class RoleShape(Cited):
    """A post."""

    label: TextShape | None = None
    deputy: str | None = Field(default=None, description="Acts for it only while every holder in the store is away")
    lock: Literal["hq"] | None = Field(default=None, description="hq: only headquarters gives this post")


class LedgerShape(Cited):
    """An append-only account; a correction is a counter-entry."""

    account: str = Field(description="The record type the accounts belong to, usually staff")
    unit: str = Field(description="CNY for money, any word for counts")
    label: TextShape | None = None
    digits: int | None = Field(default=None, ge=0, le=6, description="Digits after the point; 2 for CNY, otherwise 0")
    confirm: str | None = Field(default=None, description="The role that confirms each entry; none = it counts at once")
    by: Names | None = Field(default=None, description="Roles that may counter an entry; otherwise the confirming role")
    fields: dict[Word, FieldShape] = Field(default={}, description="What an entry keeps besides account and amount")
    read: dict[str, ReadShape] | None = None
    sync: SyncShape | None = None


class PreferShape(Cited):
    """One step of a ranking: true before false, more before less, empty last."""

    key: Value = Field(description="What is compared")
    label: TextShape | None = None
    name: Word | None = None
    first: Literal["most", "least"] = Field(default="most", description="least turns the order round")


class DispatchShape(Cited):
    """A candidate policy."""

    of: str = Field(description="The record type of the candidates")
    label: TextShape | None = None
    eligible: dict[Word, CheckShape] = Field(default={}, description="Who may be chosen, with reasons")
    prefer: list[PreferShape] = Field(default=[], description="Compared in this order")
    order: str | None = Field(
        default=None,
        description="The names of the keys to compare, first to last, e.g. =settings.turn_order; none or blank = all",
    )


class ItemShape(Cited):
    """One line of a scorecard: 100 * value / target, at most the card's cap; or a mark given by a role."""

    weight: Value = Field(
        default=None, description="Weights total 100; null = not configured, the card cannot be scored"
    )
    value: Value = None
    target: Value = None
    by: str | None = Field(default=None, description="The role that gives the mark from 0 to 100")
    parts: dict[Word, TextShape] = Field(default={}, description="What is marked one by one; the mark is their mean")
    empty: Literal["skip", "zero", "full"] = Field(default="skip", description="What an empty or zero target means")
    label: TextShape | None = None


class ScorecardShape(Cited):
    """Weighted items per subject and period. A card is a record with `subject`, `period`, `items`, `total` and `band`.

    Its states are open, locked (when it has a `lock`) and closed; what comes after is its own to say.
    """

    label: TextShape | None = None
    every: dict[PeriodName, EveryShape] = Field(min_length=1, max_length=1)
    items: dict[Word, ItemShape] = Field(min_length=1)
    bands: dict[Word, int] = Field(default={}, description="band: least total; the lowest is 0")
    band_labels: dict[Word, TextShape] = Field(default={}, description="What people call the bands")
    digits: int = Field(default=2, ge=0, le=6)
    cap: Value = Field(default=None, description="How many percent of a target count at most; 100 unless it says more")
    lock: Value = Field(
        default=None, description="When the figures stop moving; marks and the closing come after. None: at the closing"
    )
    fields: dict[Word, FieldShape] = Field(default={}, description="What else a card keeps")
    states: dict[Word, StateShape] = Field(default={}, description="States beside open, locked and closed")
    actions: dict[Word, ActionShape] = Field(default={}, description="Actions beside mark and close")
    timers: dict[Word, TimerShape] = Field(default={})
    read: dict[str, ReadShape] | None = None
    sync: SyncShape | None = None


class NoticeShape(Cited):
    """A bilingual message and its recipients."""

    to: Names = Field(description="Roles, or people as expressions such as =self.owner")
    text: TextShape = Field(description="May hold {self.field}")


class TileShape(Cited):
    """One figure or chart of a dashboard."""

    scorecard: str | None = None
    count: str | None = None
    sum: str | None = None
    avg: str | None = None
    min: str | None = None
    max: str | None = None
    where: Rule | None = None
    by: str | None = Field(default=None, description="One bar per value of this field")
    chart: Literal["number", "bar", "line", "map"] | None = None
    label: TextShape | None = None


class SectionShape(Cited):
    """A part of a form."""

    label: TextShape | None = None
    fields: list[str]
    when: Rule | None = None


class ExcelShape(Cited):
    """Excel out and in. An import runs an action per row, as a dry run first."""

    export: Names = Field(default=[], description="Roles that may export")
    import_: str | None = Field(default=None, alias="import", description="The action run for each row")


class ViewShape(Cited):
    """A page of a business."""

    kind: str = Field(description="list form board calendar timeline table dashboard print pairs")
    of: str | None = Field(default=None, description="The record type shown")
    label: TextShape | None = None
    where: Rule | None = Field(default=None, description="Which records; becomes SQL")
    columns: Names = Field(default=[], description="Fields; for a board the field whose values are the columns")
    card: list[str] = Field(default=[], description="What a card of a board shows")
    rows: str | None = Field(default=None, description="The record field whose values are the rows of a timeline")
    span: list[str] = Field(
        default=[],
        description="Where a bar of a timeline begins and ends; its `columns` stand beside a row's name: unit.status",
    )
    date: str | None = Field(default=None, description="The field that places a record in a calendar")
    against: str | None = Field(default=None, description="The ref to the record that each pair is set against")
    compare: dict[Word, str] = Field(
        default={}, description="What stands side by side in a pair: field of the record: field of the other"
    )
    take: str | None = Field(default=None, description="The list of compared fields that an action takes over")
    sort: Names = Field(default=[], description="Fields to sort by; -field turns the order round")
    sections: list[SectionShape] = Field(default=[])
    tiles: list[TileShape] = Field(default=[])
    sign: list[TextShape] = Field(default=[], description="Who signs on paper: a line each, below a printed record")
    excel: ExcelShape | None = None


class GuidanceShape(Cited):
    """A duty that software cannot enforce: words, or a checklist, shown where the duty is done."""

    label: TextShape | None = None
    at: Names = Field(min_length=1, description="Where: record, record.action, role:NAME, view:NAME")
    text: TextShape | None = Field(default=None, description="One text …")
    items: list[TextShape] = Field(default=[], description="… or the lines of a checklist")


class GivenShape(Shape):
    """What is so before a scenario begins."""

    now: str = Field(description='Branch time, e.g. "2026-03-07 20:44"')
    as_: str | None = Field(default=None, alias="as", description="The staff sample who acts")
    load: Names = Field(default=[], description="Record types all of whose samples exist")
    records: dict[str, dict[str, Any]] = Field(
        default={}, description="record: {name: sample or values, or a list of them}"
    )
    settings: dict[str, Value] = Field(default={})
    reports: Names = Field(default=[], description="Reports that tell when they are due; all others keep quiet here")
    store: str | None = None


class StepShape(Shape):
    """One line of what happens."""

    at: str | None = Field(default=None, description="The clock moves here first: HH:MM or YYYY-MM-DD HH:MM")
    as_: str | None = Field(default=None, alias="as")
    do: str | None = Field(default=None, description="record.action")
    for_: str | None = Field(default=None, alias="for", description="The record acted on")
    with_: Annotated[
        Any,
        WithJsonSchema(
            {"type": ["string", "object", "array"], "description": "A sample, values, or a list; later wins"}
        ),
    ] = Field(default=None, alias="with")
    is_: str | None = Field(default=None, alias="is", description="A name for the record")
    happened: str | None = Field(default=None, description="When the actor says it happened")
    reason: str | None = None
    away: str | None = None
    back: str | None = None
    on_duty: str | None = None
    set: dict[str, Value] = Field(default={}, description="Settings changed now; alone in its step, it may be refused")
    score: dict[str, Any] = Field(
        default={},
        description="{scorecard: subject, item: mark}; of an item with parts {part: mark}, or one mark for all",
    )
    then: Names = Field(default=[], description="Must be true now")
    fails: str | None = Field(
        default=None,
        description="What refuses it: a check, field, exclusive, or the number of a rule; role, state or another code",
    )
    warns: str | None = Field(default=None, description="The check that warned")
    sees: str | None = Field(
        default=None, description="A record; in `then`, `seen` is what the person reads of it, masks applied, or null"
    )
    reads: str | None = Field(
        default=None,
        description="A report; in `then`, `seen` has the figures the person is shown, `rows` and `due`, or is null",
    )


class ScenarioShape(Cited):
    """Given, when, then under a simulated clock."""

    given: GivenShape
    when: list[StepShape] = Field(default=[])
    then: Names = Field(default=[])


class MigrationShape(Shape):
    """One step between versions."""

    rename: str | None = Field(default=None, description="record.field as it was called; `to` is its new name")
    map: str | None = Field(default=None, description="record.field whose values change; `with` is old: new")
    fill: str | None = Field(default=None, description="record.field to fill where empty")
    drop: str | None = Field(default=None, description="record.field to give up")
    to: str | None = None
    with_: dict[str, Any] | None = Field(default=None, alias="with")
    value: Value = None
    accept: Literal["data_loss"] | None = None
