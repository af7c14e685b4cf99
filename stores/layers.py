"""Settings in layers: what the plugin declares, what headquarters sets for the chain, what a store sets for itself.

The value nearest to the store stands, if it may: headquarters can lock a setting or narrow its limits, and then what a
store has set, or goes on sending, is passed over with a reason. That is decided here, where settings are read, for
every node alike; ``acts.configuring`` only refuses early what would be passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

from core.language.definition import Setting
from core.model.errors import Text
from core.model.fields import BadValue, FieldSpec
from core.model.scope import HEADQUARTERS

IN_FORCE = (  # what has been set of a plugin and not given up
    "SELECT id, _store, _at, _by, name, value, locked, least, most FROM core_setting "
    "WHERE plugin = ? AND (_life & 1) = 1 AND (dropped IS NULL OR dropped = 0)"
)


@dataclass(frozen=True, slots=True)
class Layer:
    """What somebody has set: a record of ``core.setting``. ``value``, ``least`` and ``most`` are JSON; None: blank."""

    id: str
    owner: str
    at: str
    by: str | None
    name: str
    value: str | None
    locked: bool = False
    least: str | None = None
    most: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One setting in one store: its value, whose it is, and what was set but does not count, with the reason."""

    setting: Setting
    value: object
    chain: Layer | None = None
    own: Layer | None = None
    locked: bool = False
    limits: FieldSpec | None = None  # what a store may choose
    passed: Mapping[str, Text] = field(default_factory=dict)  # id of a layer -> why it does not count

    @property
    def layer(self) -> str:
        """Which layer the value comes from: ``default``, ``chain`` or ``store``."""
        return "store" if self.own else "chain" if self.chain else "default"


def layer_of(row: Sequence[Any]) -> Layer:
    """Return a row of ``IN_FORCE`` as a layer."""
    id, owner, at, by, name, value, locked, least, most = row
    return Layer(id, owner, at, by, name, value, bool(locked), least, most)


def stand(setting: Setting, layers: Iterable[Layer], zone: tzinfo) -> Standing:
    """Lay over each other what was set for one setting and one store, the newest of each layer last."""
    passed: dict[str, Text] = {}
    found = Standing(setting, setting.default, locked=setting.lock == "hq", limits=setting.spec, passed=passed)
    ordered = sorted(layers, key=lambda each: (each.owner != HEADQUARTERS, each.at, each.id))
    for layer in ordered:
        from_above = layer.owner == HEADQUARTERS
        if found.locked and not from_above:
            passed[layer.id] = LOCKED
            continue
        try:
            value = read(setting.spec, layer.value, zone)
            if not from_above and found.limits is not None:
                read(found.limits, layer.value, zone)
            limits = narrowed(setting, layer.least, layer.most) if from_above else found.limits
        except BadValue as bad:
            passed[layer.id] = bad.what
            continue
        locked = setting.lock == "hq" or layer.locked
        over = {"chain": layer, "locked": locked, "limits": limits} if from_above else {"own": layer}
        found = replace(found, value=value, **over)
    return found


def read(spec: FieldSpec, text: str | None, zone: tzinfo) -> object:
    """Return the value in a setting's JSON, None for blank; raise ``BadValue``."""
    if text is None:
        return None
    try:
        entered = json.loads(text)
        json.dumps(entered, ensure_ascii=False).encode()  # half of a surrogate pair hides in an escape
        return spec.parse(entered, zone)
    except BadValue:
        raise
    except (ValueError, ArithmeticError, RecursionError):
        what = Text(f"`{text}` is not JSON", f"`{text}` 不是有效的 JSON")
        fix = Text('write "21:00", 500 or true', '请写 "21:00"、500 或 true')
        raise BadValue(what, fix, "bad-json") from None


def narrowed(setting: Setting, least: str | None, most: str | None) -> FieldSpec:
    """Return what a store may choose: the plugin's limits, narrowed by headquarters'. Raises ``BadValue``."""
    spec = setting.spec
    bounds = {}
    for name, text in (("min", least), ("max", most)):
        if text is not None:
            try:
                bounds[name] = json.loads(text)
            except (ValueError, RecursionError):
                what = Text(f"`{text}` is not JSON", f"`{text}` 不是有效的 JSON")
                raise BadValue(what, code="bad-json") from None
    return replace(spec, **bounds) if bounds else spec


LOCKED = Text("headquarters has set it for the whole chain", "已由总部统一设置")
