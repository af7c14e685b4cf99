"""An expression as a tree: what the parser makes, the checker types, and closures and SQL are made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.model.kinds import ANY, Kind

if TYPE_CHECKING:
    from core.language.expressions.registry import Function

CompareOp = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
ArithmeticOp = Literal["+", "-", "*", "/"]
ORDERINGS = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of an expression: characters ``start`` to ``end`` of its text. The checker fills in the rest."""

    start: int
    end: int
    kind: Kind = ANY
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Node):
    """A number, a text, a duration, true, false or null."""

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """``self``, ``now``, ``settings``, or the record a ``where`` goes through."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Node):
    """A named part of a map or a period: ``settings.cutoff``, ``period.start``."""

    base: Node
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOf(Node):
    """A field of a record or, through a reference, of the record it points to."""

    base: Node
    name: str
    record: str
    computed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOf(Node):
    """An item of a list by position, or of a map by key."""

    base: Node
    index: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf(Node):
    """A list written out."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic(Node):
    """``and`` or ``or``, left to right, stopping as soon as the answer is known."""

    op: Literal["and", "or"]
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Node):
    """``not``; an empty condition counts as false."""

    part: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Node):
    """One or more comparisons in a row: ``a < b <= c``."""

    first: Node
    rest: tuple[tuple[CompareOp, Node], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(Node):
    """Two sides and ``+ - * /``."""

    op: ArithmeticOp
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Negate(Node):
    """``-x``."""

    part: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose(Node):
    """``yes if test else no``."""

    test: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """A function of the registry with its arguments."""

    name: str
    args: tuple[Node, ...]
    function: Function | None = None


def children(node: Node) -> Iterator[Node]:
    """Yield the parts a node is made of, left to right."""
    for slot in node.__slots__:  # what the kind of node adds to Node: all its parts are there
        yield from _nodes_in(getattr(node, slot))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it, each before its parts and those from left to right."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed([*children(node)]))


def _nodes_in(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _nodes_in(part)
