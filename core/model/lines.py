"""A piece of one log by column. Thousands of lines come at once: they are looked at a column at a time.

A line by itself is an ``Entry``; ``Lines`` makes one only when somebody asks for it. The texts here are byte for byte
what ``canonical_json`` writes, put together from whole columns: a log is hashed at the speed it is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate, chain
from operator import ne
from typing import Any, overload

from core.model.change import FORMAT, HASHED, Entry
from core.model.values import Cell, canonical_json, read_json

TEXTS = ("tx", "action", "at", "received", "boot", "actor", "store", "pk")
NUMBERS = ("nth", "of", "hlc", "mono", "base_hs")
_HEAD = Entry._fields[: HASHED - 2]  # all that is hashed before the body and the facts
_UNCLEAN = re.compile(r'["\\\x00-\x1f]')  # what JSON writes otherwise than it is


class Clean(list[str]):
    """Texts that are known to stand in JSON as they are, ids and moments: nobody looks through them once more."""


class Same(list[Any]):
    """One value as often as there are lines: who has looked at the first has looked at all."""


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one record type and one kind that touch the same fields.

    ``places`` are theirs in the piece, rising; ``cells`` has two columns per field, old and new, one item per line.
    """

    type: str
    kind: str
    fields: tuple[str, ...]
    places: Sequence[int]
    cells: Sequence[Sequence[Cell]]

    def new(self, name: str) -> Sequence[Cell]:
        """Return the column of a field's new values."""
        return self.cells[2 * self.fields.index(name) + 1]


class Lines(Sequence[Entry]):
    """Lines of one origin, ``first`` and those after it without a gap.

    ``columns`` has every field of ``Entry`` but origin, seq and hash; of body and facts the canonical JSON texts.
    """

    __slots__ = ("_blocks", "columns", "first", "hashes", "origin")

    def __init__(
        self,
        origin: str,
        first: int,
        columns: Mapping[str, Sequence[Any]],
        hashes: Sequence[str],
        blocks: Sequence[Block] | None = None,
    ) -> None:
        """``blocks`` may be given by whoever has read the lines out of them."""
        self.origin = origin
        self.first = first
        self.columns = columns
        self.hashes = hashes
        self._blocks = blocks

    def __len__(self) -> int:
        return len(self.hashes)

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> Lines: ...
    def __getitem__(self, place: int | slice) -> Entry | Lines:
        """Return one line as an entry, or some lines that follow one another."""
        if isinstance(place, slice):
            start, stop, step = place.indices(len(self))
            assert step == 1, "a piece of a log has no gaps"
            if stop - start == len(self):
                return self
            some = {name: column[place] for name, column in self.columns.items()}
            return Lines(self.origin, self.first + start, some, self.hashes[place])
        number = range(self.first, self.first + len(self))[place]
        *plain, body, facts = (self.columns[name][place] for name in Entry._fields[2:HASHED])
        pairs = {name: (old, new) for name, (old, new) in read_json(body).items()}
        told = None if facts is None else read_json(facts)
        return Entry._make((self.origin, number, *plain, pairs, told, self.hashes[place]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash((self.origin, self.first, tuple(self.hashes)))

    def __repr__(self) -> str:
        return f"Lines({self.origin!r}, {self.first}, {len(self)} lines)"

    @property
    def last(self) -> int:
        """The number of the last line."""
        return self.first + len(self) - 1

    def table(self) -> list[Sequence[Any]]:
        """Return the lines by column, one for each field of ``Entry``, body and facts as texts."""
        numbers = range(self.first, self.first + len(self))
        return [[self.origin] * len(self), numbers, *(self.columns[n] for n in Entry._fields[2:HASHED]), self.hashes]

    def transactions(self) -> list[int]:
        """Return for every line the number, from 0, of its transaction in this piece."""
        deeds = self.columns["tx"]
        return list(accumulate(map(ne, deeds[1:], deeds), initial=0))[: len(self)]

    def blocks(self) -> Sequence[Block]:
        """Return the lines gathered by record type, kind and fields."""
        if self._blocks is None:
            self._blocks = self._gathered()
        return self._blocks

    def _gathered(self) -> list[Block]:
        """Raises ValueError where a body is not what a log line says: it was edited behind the node's back."""
        gathered: dict[tuple[str, ...], tuple[list[int], list[list[Cell]]]] = {}
        bodies = read_json(f"[{','.join(self.columns['body'])}]")  # one text: thousands of calls would cost more
        told = zip(self.columns["type"], self.columns["kind"], bodies, strict=True)
        for place, (type_, kind, body) in enumerate(told):
            shape = (type_, kind, *body)
            if shape not in gathered:
                gathered[shape] = ([], [])
            places, pairs = gathered[shape]
            places.append(place)
            pairs += body.values()
        return [
            Block(type_, kind, tuple(fields), places, _columns(pairs, 2 * len(fields)))
            for (type_, kind, *fields), (places, pairs) in gathered.items()
        ]


def _columns(pairs: Sequence[list[Cell]], count: int) -> list[list[Cell]]:
    """Return the columns of old and new values, ``count`` of them, of the pairs of many lines one after the other."""
    if not (set(map(type, pairs)) <= {list} and set(map(len, pairs)) <= {2}):
        raise ValueError("no old and new value")
    cells = list(chain.from_iterable(pairs))
    return [cells[n::count] for n in range(count)]


def lines_of(entries: Sequence[Entry]) -> Lines:
    """Return entries of one origin that follow one another, at least one, as lines."""
    if isinstance(entries, Lines):
        return entries
    plain = {name: [getattr(entry, name) for entry in entries] for name in Entry._fields[2:-1]}
    plain["body"] = [canonical_json(entry.body) for entry in entries]
    plain["facts"] = [None if entry.facts is None else canonical_json(entry.facts) for entry in entries]
    return Lines(entries[0].origin, entries[0].seq, plain, [entry.hash for entry in entries])


def bodies_of(blocks: Sequence[Block], count: int) -> list[str]:
    """Return the canonical texts of the bodies of ``count`` lines, each of which lies in one block."""
    texts = [""] * count
    for block in blocks:
        order = sorted(range(len(block.fields)), key=block.fields.__getitem__)
        form, columns = "", list[Sequence[object]]()
        for n in order:
            old, new = (_written(block.cells[2 * n + side], columns) for side in (0, 1))
            form += f",{_literal(canonical_json(block.fields[n]))}:[{old},{new}]"
        made = _filled(f"{{{form[1:]}}}", columns, len(block.places))
        for place, text in zip(block.places, made, strict=True):
            texts[place] = text
    return texts


def chained(previous: str, origin: str, first: int, columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return the hashes of lines, each from the one before: what ``chain`` gives for one line after the other."""
    count = len(columns["tx"])
    told = {"origin": Same([origin] * count), "seq": range(first, first + count), **columns}
    varying: list[Sequence[object]] = []
    parts = [_written(told[name], varying) for name in _HEAD]
    heads = _filled(f"[{FORMAT},{','.join(parts)},", varying, count)
    ends = {text: f",{'null' if text is None else text}]".encode() for text in set(columns["facts"])}
    hashes, begin = [], blake2b(digest_size=16).copy
    for head, body, facts in zip(heads, columns["body"], columns["facts"], strict=True):
        line = begin()
        line.update((previous + head).encode() + body.encode() + ends[facts])
        previous = line.hexdigest()
        hashes.append(previous)
    return hashes


def is_same(column: Sequence[object]) -> bool:
    """Say whether a column holds one value all the way down."""
    if type(column) is Same or not column:
        return True
    first = column[0]
    return column[-1] == first and column.count(first) == len(column) and len(set(map(type, column))) == 1


def _filled(form: str, columns: Sequence[Sequence[object]], count: int) -> list[str]:
    return list(map(form.__mod__, zip(*columns, strict=True))) if columns else [form % ()] * count


def _written(column: Sequence[object], varying: list[Sequence[object]]) -> str:
    """Return how a column stands in a form: what never changes is written out, the rest is added to ``varying``."""
    if is_same(column):
        return _literal(canonical_json(column[0] if column else None))
    kinds = set(map(type, column))
    if kinds == {int}:
        varying.append(column)
        return "%d"
    if kinds == {str} and (type(column) is Clean or not _UNCLEAN.search("".join(column))):  # type: ignore[arg-type]  # they are texts
        varying.append(column)
        return '"%s"'
    varying.append([canonical_json(value) for value in column])
    return "%s"


def _literal(text: str) -> str:
    return text.replace("%", "%%")
