"""The stamps of one row: one for the row, and one for each field that was written otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from core.model.merge import NEVER, FieldStamp
from core.model.values import canonical_json, read_json

_quoted = lru_cache(maxsize=4096)(canonical_json)  # the same few names again and again


def pack_one(stamp: FieldStamp) -> str:
    """Return the packed stamps of a row whose fields all share one: the text of ``RowStamps(stamp).pack()``."""
    return f"[{stamp.hs},{stamp.hlc},{_quoted(stamp.origin)},{{}}]"


def pack_each(hs: Iterable[int], hlc: Iterable[int], origin: str) -> list[str]:
    """Return what ``pack_one`` makes of each of many stamps of one origin, given by column."""
    form = f"[%d,%d,{_escaped(origin)},{{}}]"
    return [form % pair for pair in zip(hs, hlc, strict=True)]


def pack_over(packed: str, names: Sequence[str], stamp: FieldStamp) -> str:
    """Return packed stamps after ``stamp``, which the row does not have yet, wrote the fields ``names`` (sorted).

    Most rows have no field that was written otherwise: their text only grows. Equal to what ``RowStamps`` makes of it.
    """
    if not names:
        return packed
    if not packed.endswith(",{}]"):
        return RowStamps.unpack(packed).with_(names, stamp).pack()
    written = f"[{stamp.hs},{stamp.hlc},{_quoted(stamp.origin)}]"
    return f"{packed[:-2]}{','.join([f'{_quoted(name)}:{written}' for name in names])}}}]"


def pack_over_each(
    packed: Sequence[str], names: Sequence[str], hs: Sequence[int], hlc: Sequence[int], origin: str
) -> list[str]:
    """Return what ``pack_over`` makes of each of many rows, of which the same fields are written."""
    form = ",".join([f"{_escaped(name)}:[%d,%d,{_escaped(origin)}]" for name in names])
    count = len(names)
    return [
        f"{text[:-2]}{form % ((place, stamp) * count)}}}]"
        if text.endswith(",{}]") and names
        else pack_over(text, names, FieldStamp(place, stamp, origin))
        for text, place, stamp in zip(packed, hs, hlc, strict=True)
    ]


def _escaped(text: str) -> str:
    return _quoted(text).replace("%", "%%")


@dataclass(frozen=True, slots=True)
class RowStamps:
    """Who wrote each field of a row; the hidden column ``_m``. A row, not a row per field: most fields share one."""

    base: FieldStamp = NEVER
    fields: Mapping[str, FieldStamp] = field(default_factory=dict)

    def of(self, name: str) -> FieldStamp:
        """Return the stamp of a field."""
        return self.fields.get(name, self.base)

    def with_(self, names: Iterable[str], stamp: FieldStamp) -> RowStamps:
        """Return the stamps after ``stamp`` wrote the fields ``names``."""
        if stamp == self.base:
            written = set(names)
            return RowStamps(stamp, {name: other for name, other in self.fields.items() if name not in written})
        return RowStamps(self.base, {**self.fields, **dict.fromkeys(names, stamp)})

    def compact(self, names: Iterable[str]) -> RowStamps:
        """Return the same stamps with the commonest one among ``names``, all fields of the row, as the row's own."""
        stamps = {name: self.of(name) for name in names}
        if not stamps:
            return self
        counts: dict[FieldStamp, int] = {}
        for stamp in stamps.values():
            counts[stamp] = counts.get(stamp, 0) + 1
        base = max(counts, key=lambda stamp: (counts[stamp], stamp))
        return RowStamps(base, {name: stamp for name, stamp in stamps.items() if stamp != base})

    def pack(self) -> str:
        """Return the text of the column: ``[hs,hlc,origin,{field:[hs,hlc,origin]}]``."""
        hs, hlc, origin = self.base
        parts = [
            f"{_quoted(name)}:[{stamp.hs},{stamp.hlc},{_quoted(stamp.origin)}]"
            for name, stamp in sorted(self.fields.items())
        ]
        return f"[{hs},{hlc},{_quoted(origin)},{{{','.join(parts)}}}]"

    @classmethod
    def unpack(cls, text: str, hs: int = 0) -> RowStamps:
        """Return the stamps in a column that ``pack`` wrote; an empty column has none.

        Disks flip bits. A column that does not read is as good as one stamp of nobody at ``hs``, the row's own place in
        the hub's order: whoever has seen the row as it stands has seen its values, and nobody's work is held up.
        """
        if not text:
            return cls()
        try:
            base_hs, hlc, origin, fields = read_json(text)
            stamps = {name: FieldStamp(*stamp) for name, stamp in fields.items()}
            return cls(FieldStamp(base_hs, hlc, origin), stamps)
        except (ValueError, TypeError, AttributeError):
            return cls(FieldStamp(hs, 0, ""))

    @property
    def newest(self) -> int:
        """The highest clock stamp among them."""
        return max(self.base.hlc, *(stamp.hlc for stamp in self.fields.values()), 0)
