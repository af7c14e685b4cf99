"""A tree of plain values as bytes: MessagePack with packed columns, compressed with zstd, bounded both ways.

The tree holds None, bool, int, text, lists and maps with text keys. A ``Column`` is a list whose items are of
one sort; four sorts take a fraction of the room: all the same, ids, moments, and numbers that only rise.
A packed column is unpacked and compared before it is sent: what cannot be rebuilt exactly goes as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from operator import sub
from typing import cast

import msgpack

from core.model.lines import Clean, Same, is_same
from sync.protocol import HARD_BYTES_MAX, HARD_CHANGES_MAX
from sync.wire.squeezing import broken, squeezed, too_large, unsqueezed

MAGIC = b"BL1\n"
ELEMENTS_MAX = 8_000_000  # values in one frame, counted as they unfold: a small frame must not become a large heap
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
_REST = [f".{rest:03}Z" for rest in range(1000)]  # how the cell of a moment ends
_RESTS = {text: rest for rest, text in enumerate(_REST)}

SAME, IDS, MOMENTS, RISING = 1, 2, 3, 4


class Column(list[object]):
    """A list of values of one field, one per change. MessagePack packs it; JSON writes it as a list."""


def pack(tree: object) -> bytes:
    """Return the frame that carries ``tree``."""
    body = msgpack.packb(tree, default=_pack_column, strict_types=True)
    return MAGIC + squeezed(body)


def unpack(frame: bytes) -> object:
    """Return the tree a frame carries.

    Raises FrameTooLarge when it would unfold to more than HARD_BYTES_MAX bytes or ELEMENTS_MAX values, known
    before memory is spent on it, and FrameError when it is cut short, altered, or no frame at all.
    """
    body = _decompress(frame)
    budget = _Budget()
    try:
        return budget.unpack(body)
    except (ValueError, msgpack.UnpackException, OverflowError, RecursionError) as error:
        raise broken("its content is no MessagePack", "内容不是 MessagePack") from error


def _decompress(frame: bytes) -> bytes:
    if not frame.startswith(MAGIC):
        raise broken("it does not begin like one", "开头不符")
    return unsqueezed(frame[len(MAGIC) :])


class _Budget:
    """Counts values while a frame unfolds, and stops it before it has unfolded too far."""

    def __init__(self) -> None:
        self._left = ELEMENTS_MAX

    def unpack(self, body: bytes, *, columns: bool = True) -> object:
        """Unpack ``body``. Columns hold no columns: unfolding them in one another would eat the C stack."""
        return msgpack.unpackb(
            body,
            raw=False,
            strict_map_key=True,
            max_array_len=HARD_CHANGES_MAX,
            max_map_len=10_000,
            list_hook=self._list,
            object_pairs_hook=self._map,
            ext_hook=self._column if columns else _no_column,
        )

    def _spend(self, count: int) -> None:
        self._left -= count + 1
        if self._left < 0:
            raise too_large(HARD_BYTES_MAX)

    def _list(self, items: list[object]) -> list[object]:
        self._spend(len(items))
        return items

    def _map(self, pairs: list[tuple[object, object]]) -> dict[object, object]:
        self._spend(2 * len(pairs))
        found = dict(pairs)
        if len(found) != len(pairs) or not all(type(key) is str for key in found):
            raise broken("a map has a key twice, or one that is no text", "映射的键重复或不是文本")
        return found

    def _column(self, sort: int, data: bytes) -> list[object]:
        unpacker = _UNPACKERS.get(sort)
        if unpacker is None:
            raise broken("a column of an unknown sort", "未知的列编码")
        return unpacker(self, data)

    def same(self, data: bytes) -> list[object]:
        pair = self.unpack(data, columns=False)
        if not isinstance(pair, list) or len(pair) != 2 or isinstance(pair[1], list | dict):
            raise broken("a column of one value is malformed", "同值列格式错误")
        count = pair[0]
        if type(count) is not int or not 0 <= count <= HARD_CHANGES_MAX:
            raise too_large(HARD_BYTES_MAX)
        self._spend(count)
        return Same([pair[1]] * count)

    def ids(self, data: bytes) -> list[object]:
        self._spend(len(data) // 16)
        return cast(list[object], Clean(_ids(data)))

    def moments(self, data: bytes) -> list[object]:
        return cast(list[object], Clean(_moments(self._sums(data))))

    def rising(self, data: bytes) -> list[object]:
        return list(self._sums(data))

    def _sums(self, data: bytes) -> list[int]:
        steps = self.unpack(data, columns=False)
        if not isinstance(steps, list) or not set(map(type, steps)) <= {int}:
            raise broken("a column of differences is malformed", "差值列格式错误")
        return list(accumulate(cast(list[int], steps)))


def _no_column(_sort: int, _data: bytes) -> object:
    raise broken("a column inside a column", "列中嵌套列")


_UNPACKERS: dict[int, Callable[[_Budget, bytes], list[object]]] = {
    SAME: _Budget.same,
    IDS: _Budget.ids,
    MOMENTS: _Budget.moments,
    RISING: _Budget.rising,
}


def _pack_column(column: object) -> msgpack.ExtType | list[object]:
    """Return the smallest exact form of a column. MessagePack calls this for what it does not know: columns only."""
    assert isinstance(column, Column), f"{type(column)} does not belong in a message"
    values = list(column)
    if len(values) < 2:
        return values
    if is_same(values):
        return msgpack.ExtType(SAME, msgpack.packb([len(values), values[0]]))
    kinds = set(map(type, values))
    if kinds == {int}:
        return _pack_rising(cast(list[int], values))
    if kinds == {str}:
        return _pack_texts(cast(list[str], values))
    return values


def _pack_rising(values: list[int]) -> msgpack.ExtType | list[object]:
    steps = _steps(values)
    if min(steps[1:]) < 0:
        return cast(list[object], values)
    return msgpack.ExtType(RISING, msgpack.packb(steps))


def _pack_texts(values: list[str]) -> msgpack.ExtType | list[object]:
    if len(values[0]) == 36:
        try:
            data = bytes.fromhex("".join(values).replace("-", ""))
        except ValueError:
            return cast(list[object], values)
        if len(data) == 16 * len(values) and _ids(data) == values:
            return msgpack.ExtType(IDS, data)
    if len(values[0]) == 24 and values[0].endswith("Z"):
        try:
            return msgpack.ExtType(MOMENTS, msgpack.packb(_steps(_milliseconds(values))))
        except (ValueError, KeyError, OverflowError):
            pass
    return cast(list[object], values)


def _steps(values: list[int]) -> list[int]:
    return [values[0], *map(sub, values[1:], values)]


def _ids(data: bytes) -> list[str]:
    """Return the ids in ``data``, 16 bytes each; a rest that is none raises ValueError."""
    if len(data) % 16:
        raise ValueError("no whole number of ids")
    digits = bytearray(data.hex("-", 2).encode() + b" ")  # aaaa-bbbb-cccc-dddd-eeee-ffff-gggg-hhhh- for each
    for place, width in ((4, 40), (28, 39), (32, 38)):
        del digits[place::width]
    digits[36::37] = b" " * (len(data) // 16)
    return digits.decode().split()


def _milliseconds(cells: list[str]) -> list[int]:
    """Return moments as milliseconds since 1970; ValueError or KeyError for what ``_moments`` would not rebuild."""
    seconds, rests = _Seconds(), _RESTS
    return [seconds[cell[:19]] + rests[cell[19:]] for cell in cells]


def _moments(milliseconds: list[int]) -> list[str]:
    """Return the cells of moments; beyond the year 9999 raises OverflowError."""
    told, rests = _Told(), _REST
    return [told[moment // 1000] + rests[moment % 1000] for moment in milliseconds]


class _Seconds(dict[str, int]):
    """The first millisecond of each second, by how it is written; of thousands of moments many lie in the same."""

    def __missing__(self, text: str) -> int:
        start = (datetime.fromisoformat(f"{text}Z") - EPOCH) // MILLISECOND
        if _second(start // 1000) != text:
            raise ValueError("no moment as nodes write it")
        self[text] = start
        return start


class _Told(dict[int, str]):
    """How each second is written."""

    def __missing__(self, second: int) -> str:
        self[second] = text = _second(second)
        return text


def _second(second: int) -> str:
    return (EPOCH + 1000 * second * MILLISECOND).isoformat(timespec="seconds")[:19]
