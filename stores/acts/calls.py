"""A wish to act, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from core.language.definition import RecordType
from core.model.errors import Problem
from core.model.merge import FieldStamp
from stores.actor import Actor


class Call(NamedTuple):
    """One wish to act: who, what, on which record, with what entered.

    ``ask`` holds JSON values as they came in; ``at`` (aware) is when it happened if that was not now;
    ``reason`` answers warnings. ``signed`` lists the roles that have signed so far, when a request is
    replayed; ``base_hs`` is up to where in headquarters' order the person who asked had seen the record (None:
    everything there is here), ``asked`` the stamp of the request: what its node had written before, he had seen, too.
    """

    record: RecordType
    action: str
    actor: Actor
    id: str | None = None
    ask: Mapping[str, object] = MappingProxyType({})
    at: datetime | None = None
    reason: str | None = None
    store: str | None = None
    signed: tuple[str, ...] = ()
    base_hs: int | None = None
    asked: FieldStamp | None = None
    replayed: bool = False


class Receipt(NamedTuple):
    """What an action did. ``provisional``: it waits for the record's home or for signatures, as ``request``."""

    tx: str
    record: RecordType
    id: str
    number: str | None = None
    state: str | None = None
    provisional: bool = False
    request: str | None = None
    warnings: tuple[Problem, ...] = ()
    touched: tuple[tuple[str, str], ...] = ()
