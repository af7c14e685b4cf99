"""One action under way: what its steps hand on to one another. It knows none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from core.language.definition import Action, RecordType
from core.language.expressions import Env, Row
from core.model.errors import Problem
from stores.acts.calls import Call
from stores.changes.commit import Edit
from stores.node import Node
from stores.world import NodeWorld

Later = Callable[[], None]  # done once all is written


@dataclass
class Gathered:
    """What is to be written with the record itself, in the order it came up."""

    created: list[tuple[RecordType, Row]] = field(default_factory=list)
    changed: list[Edit] = field(default_factory=list)
    updated: dict[tuple[str, str], tuple[RecordType, Row]] = field(default_factory=dict)  # as they are to stand
    later: list[Later] = field(default_factory=list)
    instead: tuple[RecordType, Row] | None = None  # made in place of the record itself


@dataclass
class Work:
    """One action under way: what it stands on and what it has gathered to write."""

    connection: Connection
    node: Node
    call: Call
    record: RecordType  # acted on
    action: Action
    world: NodeWorld
    now: datetime  # when it happens for the rules
    old: Row | None
    draft: Row
    env: Env
    roles: frozenset[str] = frozenset()
    asked: dict[str, object] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)
    gathered: Gathered = field(default_factory=Gathered)

    @property
    def at_home(self) -> bool:
        """Whether this node decides about the record."""
        return self.node.is_home(self.record, self.world.store)
