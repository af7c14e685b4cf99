"""A hub and its branches in one process, checked against a reference that keeps every full causal history.

The product asks two numbers of a value's stamp to know who has seen whom. The reference keeps, for every change,
the set of all changes its author knew. Both must agree at every merge, in any weather.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random

import pytest

from core.model.clock import HybridClock
from core.model.merge import NEVER, FieldStamp, FieldState, Merged, MergePolicy, merge_field, seen
from core.model.values import Cell

SEEDS = range(25)


@dataclass
class Change:
    id: int
    origin: str
    old: Cell
    new: Cell
    hlc: int
    base_hs: int
    history: frozenset[int]  # every change its author knew: the reference, never asked by the product


@dataclass
class Node:
    name: str
    clock: HybridClock
    state: FieldState = field(default_factory=lambda: FieldState(None, NEVER))
    base_hs: int = 0
    pending: list[Change] = field(default_factory=list)
    known: set[int] = field(default_factory=set)


class Chain:
    """One field of one record in a hub and its branches. Edits are numbered; clocks run as they like."""

    def __init__(self, seed: int, policy: MergePolicy, branches: int = 3) -> None:
        self.dice, self.policy = Random(seed), policy
        self.hub = Node("hq.1", HybridClock(self._wall))
        self.branches = [Node(f"b{n}.1", HybridClock(self._wall)) for n in range(branches)]
        self.hs, self.edits = 0, []  # type: tuple[int, list[Change]]
        self.author: int | None = None  # the edit whose value stands at the hub; None: nobody's alone
        self.merges, self.concurrent, self.conflicts = 0, 0, 0

    def _wall(self) -> int:
        return self.dice.choice((0, 1_000, 1_060, 2_000, 10**9))  # back, forward, a year off

    def edit(self, node: Node, new: Cell) -> None:
        """Write a value on a branch, line up or line down."""
        change = Change(
            len(self.edits), node.name, node.state.cell, new, node.clock.tick(), node.base_hs, frozenset(node.known)
        )
        self.edits.append(change)
        node.known.add(change.id)
        node.pending.append(change)
        self._replay(node, change)

    def push(self, node: Node) -> None:
        """Send up all a branch has; the reply may be lost, and then it sends the same again."""
        for change in node.pending:
            if change.id not in self.hub.known:  # exactly once: (origin, seq) in the log
                self._merge(change)
                self.hub.clock.observe(change.hlc)
        if self.dice.random() < 0.8:
            node.pending.clear()

    def pull(self, node: Node) -> None:
        """Bring a branch the state, and with it the knowledge of all that is in it."""
        node.state, node.base_hs = self.hub.state, self.hs
        node.pending = [change for change in node.pending if change.id not in self.hub.known]
        node.known |= self.hub.known
        node.clock.observe(self.hub.clock.last)
        for change in node.pending:
            self._replay(node, change)

    def storm(self, steps: int, value: Cell) -> None:
        for _ in range(steps):
            node = self.dice.choice(self.branches)
            self.dice.choice((self.push, self.pull, lambda n: self.edit(n, self.fresh(n, value))))(node)

    def calm(self) -> None:
        for node in self.branches * 2:
            while node.pending:
                self.push(node)
            self.pull(node)
        for node in self.branches:
            self.pull(node)

    def fresh(self, node: Node, like: Cell) -> Cell:
        """What somebody at the branch enters next, on top of what the branch shows."""
        shown, number = node.state.cell, len(self.edits)
        if self.policy is MergePolicy.SUM:
            return int(shown or 0) + self.dice.randint(-3, 3)
        if self.policy is MergePolicy.UNION:
            items = json.loads(str(shown)) if shown else []
            kept = items[1:] if items and self.dice.random() < 0.3 else items
            return json.dumps([*kept, f"photo {number}"], separators=(",", ":"))
        if self.policy is MergePolicy.APPEND:
            return f"{shown}\nnote {number}" if shown else f"note {number}"
        return self.dice.randint(1, 4)  # few values, so that two shops often agree

    def _replay(self, node: Node, change: Change) -> None:
        """Put a branch's own change over the state that came down, by the same step as at the hub."""
        stamp = FieldStamp(0, change.hlc, change.origin)
        merged = merge_field(
            self.policy, node.state, change.old, change.new, stamp, change.base_hs, is_home=self._home(change)
        )
        node.state = FieldState(merged.cell, merged.stamp)

    def _merge(self, change: Change) -> None:
        self.hs += 1
        before, stamp = self.hub.state, FieldStamp(self.hs, change.hlc, change.origin)
        merged = merge_field(
            self.policy, before, change.old, change.new, stamp, change.base_hs, is_home=self._home(change)
        )
        if self.policy not in (MergePolicy.SUM, MergePolicy.UNION, MergePolicy.APPEND):
            self._check(change, before, merged)
        self.hub.state = FieldState(merged.cell, merged.stamp)
        self.hub.known.add(change.id)
        self.merges += 1

    def _home(self, change: Change) -> bool:
        return change.origin == "b0.1"

    def _check(self, change: Change, before: FieldState, merged: Merged) -> None:
        """Compare one merge with the reference."""
        knew = self.author is None or self.author in change.history
        assert seen(before.stamp, change.origin, change.base_hs) == knew
        blocked = self.policy is MergePolicy.IMMUTABLE and before.cell is not None
        conflict = before.cell != change.new and (not knew or blocked)
        assert merged.conflict == conflict
        expected = change.new if knew and not blocked else self._ruled(change, before, knew)
        assert merged.cell == expected
        if merged.stamp.origin == change.origin and merged.stamp.hlc == change.hlc:
            self.author = change.id
        self.concurrent += not knew
        self.conflicts += conflict

    def _ruled(self, change: Change, before: FieldState, knew: bool) -> Cell:
        """What the policy's one-line definition says about two writes."""
        assert self.author is not None
        rival = self.edits[self.author]
        first, last = sorted((rival, change), key=lambda edit: (edit.hlc, edit.origin))
        match self.policy:
            case MergePolicy.LATEST | MergePolicy.HOOK:
                return last.new
            case MergePolicy.MAX:
                return max(int(before.cell or 0), int(change.new or 0))
            case MergePolicy.MIN:
                return min(int(before.cell or 0), int(change.new or 0))
            case MergePolicy.IMMUTABLE:
                return before.cell if knew else first.new
            case MergePolicy.HOME:
                return change.new if self._home(change) else before.cell
            case _:
                return before.cell


def settled(seed: int, policy: MergePolicy, steps: int = 120) -> Chain:
    chain = Chain(seed, policy)
    chain.storm(steps, 0)
    chain.calm()
    return chain


@pytest.mark.parametrize("policy", MergePolicy)
def test_who_has_seen_whom_is_exact_and_every_unseen_difference_is_flagged(policy: MergePolicy) -> None:
    chains = [settled(seed, policy) for seed in SEEDS]

    assert sum(chain.merges for chain in chains) == sum(len(chain.edits) for chain in chains) > 500
    if policy not in (MergePolicy.SUM, MergePolicy.UNION, MergePolicy.APPEND):
        assert sum(chain.concurrent for chain in chains) > 100, (
            "the storm has too few concurrent edits to prove anything"
        )
        assert sum(chain.conflicts for chain in chains) > 50


@pytest.mark.parametrize("policy", MergePolicy)
def test_after_the_storm_every_branch_shows_what_headquarters_holds(policy: MergePolicy) -> None:
    for seed in SEEDS:
        chain = settled(seed, policy)

        assert {(node.state, node.base_hs) for node in chain.branches} == {(chain.hub.state, chain.hs)}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_latest_edit_of_all_stands_in_the_end_since_clocks_follow_what_they_hear_of(seed: int) -> None:
    chain = settled(seed, MergePolicy.LATEST)

    last = max(chain.edits, key=lambda edit: (edit.hlc, edit.origin))

    assert chain.hub.state.cell == last.new


@pytest.mark.parametrize("seed", SEEDS)
def test_every_count_is_counted_exactly_once(seed: int) -> None:
    chain = settled(seed, MergePolicy.SUM)

    assert int(chain.hub.state.cell or 0) == sum(int(e.new or 0) - int(e.old or 0) for e in chain.edits)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_photo_is_there_unless_somebody_took_it_away(seed: int) -> None:
    chain = settled(seed, MergePolicy.UNION)

    def items(cell: Cell) -> set[str]:
        return set(json.loads(str(cell))) if cell else set()

    taken = set().union(*(items(e.new) - items(e.old) for e in chain.edits))
    removed = set().union(*(items(e.old) - items(e.new) for e in chain.edits))

    assert items(chain.hub.state.cell) == taken - removed


@pytest.mark.parametrize("seed", SEEDS)
def test_every_note_is_there_once_and_each_shops_notes_are_in_its_own_order(seed: int) -> None:
    chain = settled(seed, MergePolicy.APPEND)

    lines = str(chain.hub.state.cell).split("\n")

    assert sorted(lines) == sorted(f"note {edit.id}" for edit in chain.edits)
    for node in chain.branches:
        own = [f"note {edit.id}" for edit in chain.edits if edit.origin == node.name]
        assert [line for line in lines if line in own] == own
