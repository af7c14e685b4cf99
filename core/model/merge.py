"""How two edits of one field become one: who has seen whom, and what the field's policy says when neither has."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Literal, NamedTuple, cast

from core.model.values import Cell, canonical_json, read_json


class MergePolicy(StrEnum):
    """What happens to a field that two nodes changed without knowing of each other.

    ``sum`` ``union`` ``append`` keep what both did: no conflict. With every other policy one value does
    not come through, and a conflict record says so. Details stand at ``merge_field``.
    """

    LATEST = "latest"
    HOME = "home"
    MAX = "max"
    MIN = "min"
    SUM = "sum"
    UNION = "union"
    APPEND = "append"
    IMMUTABLE = "immutable"
    ASK = "ask"
    HOOK = "hook"


class FieldStamp(NamedTuple):
    """Who wrote the value of a field: hub sequence (0 = the hub has not seen it), clock stamp, origin.

    Origin "" is nobody's: the value was put together from several edits. Only its hub sequence can say
    that it was seen, for none of its authors knew the whole of it.
    """

    hs: int
    hlc: int
    origin: str


class FieldState(NamedTuple):
    """The value of a field where the merge is done, and who wrote it."""

    cell: Cell
    stamp: FieldStamp


class Merged(NamedTuple):
    """The field after the merge. ``conflict`` asks for a conflict record: somebody's value did not come through."""

    cell: Cell
    stamp: FieldStamp
    conflict: bool
    kept: Literal["current", "incoming", "both"]


Hook = Callable[[Cell, Cell, Cell], Cell]  # (base, ours, theirs) -> the value to keep; None leaves it to ``latest``

NEVER = FieldStamp(0, 0, "")  # the stamp of a field nobody has written
_LOSSLESS = frozenset({MergePolicy.SUM, MergePolicy.UNION, MergePolicy.APPEND})


def seen(stamp: FieldStamp, origin: str, base_hs: int) -> bool:
    """Return whether a change made by ``origin`` at ``base_hs`` knew the value that carries ``stamp``.

    In a star this is exact without version vectors: an origin knows what it wrote itself, and what the
    hub had merged up to the sequence the origin had received. Nothing else can have reached it.
    """
    return stamp.origin == origin or 0 < stamp.hs <= base_hs or stamp == NEVER


def merge_field(
    policy: MergePolicy,
    current: FieldState,
    old: Cell,
    new: Cell,
    incoming: FieldStamp,
    base_hs: int,
    *,
    is_home: bool = False,
    hook: Hook | None = None,
) -> Merged:
    """Merge one changed field, ``old`` -> ``new``, into the field as it stands here.

    ``incoming`` is the stamp the change gets here: its origin, its rank (``HybridClock.rank``; the stamps of
    one origin may stand still but not go back) and the hub sequence given to it (0 on a branch).
    ``is_home`` tells whether the change was made at the record's home.

    What the change has seen, it replaces; no clock is asked. What it has not seen is ruled by the policy:

    - ``latest``: the later stamp.
    - ``home``: the home's value; what others wrote meanwhile does not come through.
    - ``max`` ``min``: the larger, the smaller; any value before none. It is a conflict all the same: the
      other value may have been the true reading, and only a person can tell.
    - ``immutable``: the earlier stamp; a value once set stays even against a change that has seen it.
    - ``ask``: what is in place stays. ``hook``: the plugin's function says, or else ``latest``.
    - ``sum`` ``union`` ``append``: what the change added is added here, whoever has seen whom. Adding is
      not idempotent: the log's (origin, seq) keeps a change from being merged twice.

    Two nodes that wrote the same value have no conflict. A repeated delivery of a change that its own
    origin has since replaced changes nothing.
    """
    if policy in _LOSSLESS:
        return _merge_lossless(policy, current, old, new, incoming, base_hs)
    cell, stamp = current
    if stamp.origin == incoming.origin and incoming.hlc < stamp.hlc:
        return Merged(cell, stamp, False, "current")
    if seen(stamp, incoming.origin, base_hs):
        if policy is MergePolicy.IMMUTABLE and cell is not None and cell != new:
            return Merged(cell, stamp, True, "current")
        return Merged(new, incoming, False, "incoming")
    later = (incoming.hlc, incoming.origin) > (stamp.hlc, stamp.origin)
    if cell == new:
        author = incoming if later is not (policy is MergePolicy.IMMUTABLE) else stamp
        return Merged(new, author, False, "incoming" if author is incoming else "current")
    if hook is not None and policy is MergePolicy.HOOK:
        decided = hook(old, cell, new)
        if decided is not None:
            return Merged(decided, _joint(incoming, stamp), True, "both")
    if _incoming_wins(policy, cell, new, later, is_home):
        return Merged(new, incoming, True, "incoming")
    return Merged(cell, stamp, True, "current")


def _incoming_wins(policy: MergePolicy, cell: Cell, new: Cell, later: bool, is_home: bool) -> bool:
    match policy:
        case MergePolicy.LATEST | MergePolicy.HOOK:
            return later
        case MergePolicy.HOME:
            return is_home
        case MergePolicy.ASK:
            return False
        case _ if cell is None or new is None:
            return cell is None
        case MergePolicy.IMMUTABLE:
            return not later
        case _:
            assert type(cell) is type(new), f"{cell!r} and {new!r} have no order"
            larger = cast(int, new) > cast(int, cell)
            return larger if policy is MergePolicy.MAX else not larger


def _joint(incoming: FieldStamp, stamp: FieldStamp) -> FieldStamp:
    """Return the stamp of a value put together here, which no origin has seen before it is sent out."""
    return FieldStamp(incoming.hs, max(incoming.hlc, stamp.hlc), "")


def _merge_lossless(
    policy: MergePolicy, current: FieldState, old: Cell, new: Cell, incoming: FieldStamp, base_hs: int
) -> Merged:
    cell, stamp = current
    if cell == old and seen(stamp, incoming.origin, base_hs):
        return Merged(new, incoming, False, "incoming")
    if policy is MergePolicy.SUM:
        joint = _add_number(cell, old, new)
    elif policy is MergePolicy.UNION:
        joint = _add_items(cell, old, new)
    else:
        first = (incoming.hlc, incoming.origin) < (stamp.hlc, stamp.origin)
        joint = _add_lines(cell, old, new, first)
    return Merged(joint, _joint(incoming, stamp), False, "both")


def _add_number(cell: Cell, old: Cell, new: Cell) -> Cell:
    """Return ``cell`` moved by what the change moved it; an empty field counts as 0."""
    assert not isinstance(cell, str)
    assert not isinstance(old, str)
    assert not isinstance(new, str)
    return (cell or 0) + (new or 0) - (old or 0)


def _add_items(cell: Cell, old: Cell, new: Cell) -> Cell:
    """Return ``cell`` with the items the change added and without those it took away, in one fixed order.

    The order is the items' own, since neither side's order can be kept. Exact for items that are added in
    one place each, as photos and signatures are; of one item added in two places and taken away
    in one, the arrival at the hub decides.
    """
    ours, before, after = _items(cell), _items(old), _items(new)
    kept = (ours.keys() - (before.keys() - after.keys())) | (after.keys() - before.keys())
    known = ours | after
    return canonical_json([known[key] for key in sorted(kept)]) if kept else None


def _items(cell: Cell) -> dict[str, object]:
    """Return the items of a list by their canonical text."""
    if cell is None:
        return {}
    assert isinstance(cell, str)
    return {canonical_json(item): item for item in read_json(cell)}


def _add_lines(cell: Cell, old: Cell, new: Cell, first: bool) -> Cell:
    """Return ``cell`` with the lines the change added, each behind all its author knew.

    Beyond that, the earlier stamp stands first. Lines are never taken away, and a line others wrote
    meanwhile is not written twice.
    """
    ours, before, after = _lines(cell), _lines(old), _lines(new)
    known = set(before)
    meanwhile = {line for line in ours if line not in known}
    added = [line for line in _added_lines(before, after) if line not in meanwhile]
    place = next((n for n in range(len(ours), 0, -1) if ours[n - 1] in known), 0) if first else len(ours)
    return "\n".join(ours[:place] + added + ours[place:]) or None


def _added_lines(before: list[str], after: list[str]) -> list[str]:
    """Return the lines a change added: those at the end, or, where it wrote the text anew, those that are new."""
    if after[: len(before)] == before:
        return after[len(before) :]
    return [line for line in after if line not in before]


def _lines(cell: Cell) -> list[str]:
    return cell.split("\n") if isinstance(cell, str) else []
