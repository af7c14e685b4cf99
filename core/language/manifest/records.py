"""The shape of a record: fields, states, actions, timers, who reads it and how it syncs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from core.language.manifest.base import Cited, Names, OneOrMore, Rule, StateShape, TextShape, Value, Word

PeriodName = Literal["day", "week", "month", "quarter", "year"]

_OF = {
    "description": "enum: options {key: {en, zh}} or another enum `record.field`; list: its items; map: named parts",
    "type": ["string", "object"],
}
_ASK = {
    "type": "array",
    "description": "A bare name is written to the record; a map {name: field} is a one-off input read as ask.name",
    "items": {"type": ["string", "object"]},
}


class TypedShape(Cited):
    """What fields, settings and one-off inputs share: a type and its limits."""

    type: str = Field(
        description="text int decimal money bool date time datetime duration enum list map phone ref file image images "
        "signature geo"
    )
    of: Annotated[Any, WithJsonSchema(_OF)] = None
    to: str | None = Field(default=None, description="The record a ref points to")
    digits: int | None = Field(default=None, ge=0, le=6, description="Digits after the point of a decimal")
    min: Value = Field(default=None, description="The least value (for text, the least length)")
    max: Value = Field(default=None, description="The greatest value (for text, the greatest length)")
    label: TextShape | None = Field(default=None, description="Its name on the page")


class FieldShape(TypedShape):
    """A field of a record. With `value` it is computed: no column, never written."""

    required: bool = Field(default=False, description="May not be empty")
    unique: bool = Field(default=False, description="No two records with the same value; hard at the home node")
    default: Value = Field(default=None, description="Filled in when the record is created and nothing was entered")
    value: Value = Field(default=None, description="Makes the field computed")
    mask: Literal["last4", "first1", "all", "year", "none"] | None = Field(
        default=None, description="How the value is shown to a role whose read rule masks it"
    )
    merge: str | None = Field(
        default=None,
        description="What happens when two nodes edited it: latest union append max min sum home immutable ask",
    )
    offer: str | None = Field(
        default=None,
        description="A dispatch policy: a form offers its candidates first, in their order and with their reasons. "
        "A field that an action picks by a policy is offered so without a word",
    )


class SettingShape(TypedShape):
    """A typed knob. `default: null` means not configured: rules that need it are inactive."""

    default: Value = Field(description="The value until headquarters or the store sets another; null = not configured")
    lock: Literal["hq"] | None = Field(default=None, description="hq: a store may not change it")
    excludes: Names = Field(default=[], description="Switches that may not be on together with this one")


class CheckShape(Cited):
    """A rule that must hold before an action goes on."""

    rule: Rule = Field(description="Must be true")
    message: TextShape | None = Field(
        default=None, description="What the person reads when it is not; may hold {self.field}"
    )
    level: Literal["error", "warn"] = Field(
        default="error", description="warn: the person may go on with a reason, which is logged"
    )


class PostShape(Cited):
    """An entry to write into a ledger."""

    when: Rule | None = Field(default=None, description="Only when true")
    account: Value = Field(description="Whose account")
    amount: Value = Field(description="How much; the sign is the rule's own")
    why: TextShape | None = Field(default=None, description="Shown on the entry; may hold {self.field}")
    with_: dict[str, Value] = Field(default={}, alias="with", description="Values of the ledger's own fields")


class CreateShape(Cited):
    """A record to create; with `each` one for every item of a list."""

    when: Rule | None = Field(default=None, description="Only when true; with `each` asked of every item")
    each: str | None = Field(default=None, description="An enum `record.field` or a list, e.g. settings.follow_ups")
    with_: dict[str, Value] = Field(
        default={}, alias="with", description="Values of the new record; item and index are names"
    )
    state: str | None = Field(default=None, description="Its first state; otherwise the first one declared")


class UpdateShape(Cited):
    """Other records of the same store to change, in the same transaction. Nothing follows but their timers."""

    where: Rule = Field(description="Which records; becomes SQL, the record's own name is the one looked at")
    to: str | None = Field(default=None, description="The state they move to")
    set: dict[str, Value] = Field(default={}, description="Fields to write; the record's own name is the one changed")


class SweepShape(Cited):
    """Entries of a ledger to take back, or to let stand again."""

    where: Rule = Field(description="Which entries; becomes SQL, the ledger's own name is the entry looked at")


class EffectsShape(Cited):
    """What an action, or one of its outcomes, does."""

    to: str | None = Field(default=None, description="The state it moves to")
    set: dict[str, Value] = Field(default={}, description="Fields to write")
    post: dict[str, Annotated[list[PostShape], OneOrMore]] = Field(default={}, description="Entries for ledgers")
    create: dict[str, Annotated[list[CreateShape], OneOrMore]] = Field(default={}, description="Records to create")
    update: dict[str, Annotated[list[UpdateShape], OneOrMore]] = Field(default={}, description="Records to change")
    void: dict[str, Annotated[list[SweepShape], OneOrMore]] = Field(
        default={}, description="Entries to take back: a proposal is rejected, what counts gets a counter-entry"
    )
    restore: dict[str, Annotated[list[SweepShape], OneOrMore]] = Field(
        default={}, description="Entries taken back by `void` that are to stand again"
    )
    pick: dict[str, str] = Field(default={}, description="field: dispatch policy")
    notice: Names = Field(default=[], description="Notices to send")
    confirm: Names = Field(default=[], description="Roles that must sign, different people")


class OutcomeShape(EffectsShape):
    """One row of a first-match table of what an action does."""

    when: Rule | None = Field(default=None, description="Taken when true; the last row has none")
    refuse: TextShape | None = Field(default=None, description="Refuse with this message; nothing is written")
    instead: dict[str, CreateShape] | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="record: what to make in place of the new record, of which nothing is written",
    )


class ActionShape(EffectsShape):
    """The only way to write: a button, an API call, a permission, a line of the log."""

    label: TextShape | None = Field(default=None, description="The words on the button")
    from_: Names | None = Field(
        default=None, alias="from", description="States it starts from; new creates a record; none = any"
    )
    by: Names | None = Field(default=None, description="Roles that may do it; system = timers and the node itself")
    ask: Annotated[list[Any], WithJsonSchema(_ASK)] = Field(default=[])
    checks: dict[Word, CheckShape] = Field(default={}, description="Rules that must hold")
    outcomes: list[OutcomeShape] | None = Field(default=None, min_length=1, description="First match wins")
    at: str | None = Field(
        default=None, description="How far back the actor may say it happened, e.g. 30m or =settings.entry_window"
    )
    delete: bool = Field(default=False, description="Deletes the record (it stays in the log)")
    undelete: bool = Field(default=False, description="Brings a deleted record back")


class RemindShape(Cited):
    """A notice before a timer is due."""

    before: str = Field(description="How long before, e.g. 5m or 1bd")
    notice: str = Field(description="The notice to send")


class TimerShape(Cited):
    """Runs an action when the time comes."""

    while_: Rule = Field(alias="while", description="It runs while this is true")
    due: Value = Field(description="When; empty = not armed")
    then: str = Field(description="The action to run; its `by` is system")
    remind: list[RemindShape] = Field(default=[])
    label: TextShape | None = None


class ExclusiveShape(Cited):
    """At most one record with the same key."""

    key: Names = Field(description="Fields that together may stand once")
    while_: Rule = Field(default=True, alias="while", description="Only records for which this is true count")
    message: TextShape


class AlikeShape(Cited):
    """Records of different stores that may be the same one: headquarters finds them and decides."""

    key: Names = Field(min_length=1, description="Stored fields whose values are the same in both")
    label: TextShape


class ReadShape(Cited):
    """What one role may see."""

    where: Rule | None = Field(default=None, description="Which records; becomes SQL")
    mask: Annotated[
        Any, WithJsonSchema({"type": ["array", "object"], "description": "Fields, or field: condition"})
    ] = None
    hide: Names = Field(default=[], description="Fields never shown")
    reveal: Literal["logged"] | None = Field(
        default=None, description="A masked value may be shown on request, which is logged"
    )


class SyncShape(Cited):
    """Who holds a copy, who decides, how long a store keeps it."""

    scope: Literal["store", "region", "all", "hq"] = Field(default="store", description="Who holds a copy")
    home: Literal["store", "hq"] = Field(default="store", description="Who decides")
    keep: str | None = Field(default=None, description="How long a store keeps it, e.g. 400d")
    hide: Names = Field(default=[], description="Fields that never leave the store")
    also: str | None = Field(
        default=None,
        description="A text field that names one more store that holds a copy; filled when the record is made",
    )
    deletes: Literal["edit_wins", "delete_wins", "forbid"] = Field(
        default="forbid", description="Edited here, deleted there"
    )


class EveryShape(Cited):
    """One record per subject and period."""

    for_: Word = Field(alias="for", description="The record type of the subjects, usually staff")
    where: Rule | None = Field(default=None, description="Which subjects")
    with_: dict[str, Value] = Field(default={}, alias="with", description="Values of the new record; period is a name")


class RecordShape(Cited):
    """A kind of record. A name core or a required plugin has means: add to it.

    Of what is there an addition may widen two things: `kind: {type: enum, of: {…}}` brings more options to an enum,
    `grant: {by: role}` lets more roles do an action.
    """

    label: TextShape | None = None
    number: str | None = Field(default=None, description='e.g. "{store}-{night:yyMMdd}-{seq:3}"')
    fields: dict[Word, FieldShape] = Field(default={})
    exclusive: dict[Word, ExclusiveShape] = Field(default={})
    alike: dict[Word, AlikeShape] = Field(default={})
    states: dict[Word, StateShape] = Field(default={}, description="The first is where a created record starts")
    by: Names | None = Field(default=None, description="Roles for actions that name none")
    actions: dict[Word, ActionShape] = Field(default={})
    timers: dict[Word, TimerShape] = Field(default={})
    every: dict[PeriodName, EveryShape] | None = Field(default=None, min_length=1, max_length=1)
    read: dict[str, ReadShape] | None = Field(
        default=None, description="role: what it sees; a role not listed sees nothing"
    )
    sync: SyncShape | None = None
    sealed: bool = Field(
        default=False, description="Nobody adds to it; other plugins may use its name for a record of their own"
    )
