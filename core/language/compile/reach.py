"""The names a plugin can reach: its own, core's and those of the plugins it requires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.language.definition import Ledger, Plugin, RecordType, Rule, State
from core.language.expressions import Formula, RecordShape
from core.model.errors import Text
from core.model.fields import FieldSpec
from core.model.kinds import TEXT, Kind

CORE = "core"


@dataclass(slots=True)
class RecordDraft:
    """What other rules need to know of a record type before its own rules are compiled."""

    key: str  # qualified
    specs: dict[str, FieldSpec]
    states: dict[str, State]
    computed: set[str] = field(default_factory=set)
    present: set[str] = field(default_factory=set)  # never empty
    defaulted: set[str] = field(default_factory=set)  # filled in when the record is created
    numbered: bool = False
    actions: dict[str, frozenset[str]] = field(default_factory=dict)  # action -> what it asks
    timers: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The local name."""
        return self.key.partition(".")[2]

    @property
    def stored(self) -> tuple[str, ...]:
        """The fields that can be written."""
        return tuple(name for name in self.specs if name not in self.computed)

    @property
    def readable(self) -> tuple[str, ...]:
        """Everything a page can show."""
        extra = [*(["state"] if self.states else []), *(["number"] if self.numbered else []), "store", "id"]
        return (*self.specs, *extra)

    def shape(self) -> RecordShape:
        """Return what an expression needs to know."""
        kinds = {name: spec.static for name, spec in self.specs.items()}
        present = set(self.present)
        if self.states:
            kinds["state"] = Kind("text", options=tuple(self.states))
            present.add("state")
        if self.numbered:
            kinds["number"] = TEXT
            present.add("number")
        return RecordShape(self.key, kinds, frozenset(self.computed), frozenset(present))


@dataclass(slots=True)
class Reach:
    """Everything a name can mean. ``drafts`` has records by local and by qualified name; own ones win."""

    drafts: dict[str, RecordDraft] = field(default_factory=dict)
    shapes: dict[str, RecordShape] = field(default_factory=dict)
    targets: dict[str, RecordType] = field(default_factory=dict)  # records of others that may be added to
    roles: dict[str, Text] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    dispatch: dict[str, str] = field(default_factory=dict)  # policy -> qualified record of its candidates
    scorecards: set[str] = field(default_factory=set)
    reports: set[str] = field(default_factory=set)
    notices: set[str] = field(default_factory=set)
    formulas: dict[tuple[str, str], Formula] = field(default_factory=dict)  # computed fields of other plugins
    rules: dict[str, Rule] = field(default_factory=dict)  # numbers of the required plugins' rule books
    folders: dict[str, Path] = field(default_factory=dict)  # core and the required plugins
    words: dict[str, frozenset[str]] = field(default_factory=dict)  # for function arguments that are names

    def take(self, local: str, draft: RecordDraft) -> None:
        """Enter a record type under its local and its qualified name."""
        self.drafts[local] = self.drafts[draft.key] = draft

    def refresh(self) -> None:
        """Bring what expressions see up to date with the drafts."""
        self.shapes = {name: draft.shape() for name, draft in self.drafts.items()}
        self.words = {
            "role": frozenset(self.roles),
            "ledger": frozenset(self.ledgers),
            "policy": frozenset(self.dispatch),
            "dispatch": frozenset(self.dispatch),
            "notice": frozenset(self.notices),
            "scorecard": frozenset(self.scorecards),
            "report": frozenset(self.reports),
        }

    def has_local(self, name: str) -> bool:
        """Return whether ``name`` is the short name of a record."""
        return "." not in name and name in self.drafts

    def local_names(self) -> tuple[str, ...]:
        """Return the short names of all records, for suggestions."""
        return tuple(name for name in self.drafts if "." not in name)


def reach_of(plugins: Mapping[str, Plugin], needed: Iterable[str]) -> Reach:
    """Return what ``needed`` plugins and core offer. Names of core come first, then in the order required."""
    reach = Reach()
    offered = [plugins[name] for name in (CORE, *needed) if name in plugins]
    for plugin in offered:
        for record in plugin.records.values():
            draft = _draft(record)
            reach.drafts[record.key] = draft
            reach.drafts.setdefault(record.name, draft)
            reach.formulas |= _computed(record)
            if record.origin == "record" and not record.sealed:
                reach.targets.setdefault(record.name, record)
        for key, addition in plugin.additions.items():
            _add(reach.drafts[key], addition)
            reach.formulas |= _computed(addition)
        reach.roles.update({name: role.label for name, role in plugin.roles.items()})
        reach.ledgers.update(plugin.ledgers)
        reach.scorecards.update(plugin.scorecards)
        reach.reports.update(plugin.reports)
        reach.notices.update(plugin.notices)
        reach.dispatch.update({name: policy.of for name, policy in plugin.dispatch.items()})
        reach.rules.update(plugin.rules)
        reach.folders[plugin.name] = plugin.folder
    return reach


def _draft(record: RecordType) -> RecordDraft:
    draft = RecordDraft(record.key, {}, {}, numbered=record.number is not None)
    _add(draft, record)
    return draft


def _add(draft: RecordDraft, record: RecordType) -> None:
    draft.states |= record.states
    draft.timers |= set(record.timers)
    draft.actions |= {name: frozenset(ask.name for ask in action.ask) for name, action in record.actions.items()}
    for name, one in record.fields.items():
        draft.specs[name] = one.spec
        if one.value is not None:
            draft.computed.add(name)
        if one.spec.required or ((one.value or one.default) is not None and not _empty(one.value or one.default)):
            draft.present.add(name)
        if one.default is not None:
            draft.defaulted.add(name)


def _computed(record: RecordType) -> dict[tuple[str, str], Formula]:
    return {(record.key, name): one.value for name, one in record.fields.items() if one.value is not None}


def _empty(formula: object) -> bool:
    return bool(getattr(formula, "may_be_empty", True))
