"""What a hook is handed: the action under way, the action that was committed, the access that was logged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from core.model.errors import Text

if TYPE_CHECKING:
    from core.language.definition import Action, RecordType
    from core.language.expressions import Row, World


class ActionContext(Protocol):
    """An action that is being checked: everything may be read, nothing may be written."""

    @property
    def record_type(self) -> RecordType:
        """The type of the record acted on."""

    @property
    def action(self) -> Action:
        """The action, as the plugin declares it."""

    @property
    def record(self) -> Row:
        """The record as the action would leave it."""

    @property
    def old(self) -> Row | None:
        """The record before the action; None when the action creates it."""

    @property
    def ask(self) -> Mapping[str, object]:
        """What the actor entered, as values."""

    @property
    def me(self) -> str | None:
        """The staff id of the actor; None for the system."""

    @property
    def now(self) -> datetime:
        """The instant of the action, aware, UTC; taken once."""

    @property
    def store(self) -> str:
        """The store the record belongs to."""

    @property
    def settings(self) -> Mapping[str, object]:
        """The plugin's settings as they stand in this store; None = not configured."""

    @property
    def world(self) -> World:
        """The rest of the node, read inside the same transaction."""


class EffectContext(ActionContext, Protocol):
    """An action that is being carried out: what it adds here is committed, or rolled back, with the rest of it."""

    def post(self, ledger: str, account: str, amount: Decimal | int, why: Text | None = None) -> None:
        """Write an entry into one of the plugin's ledgers."""

    def create(self, record: str, values: Mapping[str, object], state: str | None = None) -> str:
        """Create a record (``plugin.record``) and return its id."""

    def notice(self, name: str) -> None:
        """Send one of the plugin's notices about this record."""

    def after_commit(self, work: Callable[[], None]) -> None:
        """Run ``work`` once the transaction is durable; never when it is rolled back."""


@dataclass(frozen=True, slots=True)
class ActionEvent:
    """An action that is durable on the node that did it. ``id`` is unique: a listener may be told twice."""

    id: str
    tx: str
    store: str
    record_type: str  # plugin.record
    record_id: str
    action: str
    actor: str
    at: datetime
    state: str | None
    values: Mapping[str, object]  # the record after the action


@dataclass(frozen=True, slots=True)
class NoticeToSend:
    """A notice on its way out. ``id`` is the same at every attempt. ``to`` are staff ids, ``roles`` posts."""

    id: str
    name: str  # plugin.notice
    store: str
    to: tuple[str, ...]
    roles: tuple[str, ...]
    en: str
    zh: str
    about_type: str
    about_id: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """One look at data that is masked for everybody else: by whom, at what, why."""

    who: str
    record_type: str
    record_id: str
    field: str
    reason: str
    at: datetime
