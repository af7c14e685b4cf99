"""Migrations: declared steps between versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Literal, cast

from core.language.compile.workshop import Workshop
from core.language.definition import MigrationStep
from core.language.manifest.sections import MigrationShape
from core.language.source import KeyPath
from core.language.versions import Version, parse_version
from core.model.errors import Text
from core.model.fields import BadValue, FieldSpec
from core.model.values import Cell

How = Literal["rename", "map", "fill", "drop"]
_HOWS = ("rename", "map", "fill", "drop")


@dataclass
class _Names:
    """The fields a record has before the step under way, with their specs; None for one that is given up later."""

    specs: dict[str, FieldSpec | None]
    states: Mapping[str, Text] = field(default_factory=dict)


def compile_migrations(shop: Workshop) -> dict[str, tuple[MigrationStep, ...]]:
    """Return the steps of every version, oldest version first.

    They are checked from the newest back, because only the fields of today are declared: a name that a later step
    renames or drops was a field then.
    """
    versions = sorted(_versions(shop).items(), reverse=True)
    names = {
        name: _Names({each: shop.reach.drafts[name].specs[each] for each in shop.reach.drafts[name].stored}, states)
        for name in shop.reach.local_names()
        if shop.reach.drafts[name].key == f"{shop.owner}.{name}"
        for states in (shop.reach.drafts[name].states,)
    }
    found: dict[str, tuple[MigrationStep, ...]] = {}
    for _, version in versions:
        rows = list(enumerate(shop.manifest.migrations[version]))
        steps = [_step(shop, names, row, ("migrations", version, index)) for index, row in reversed(rows)]
        found[version] = tuple(step for step in reversed(steps) if step)
    return dict(reversed(found.items()))


def _versions(shop: Workshop) -> dict[Version, str]:
    found: dict[Version, str] = {}
    own = None if shop.manifest.extends else parse_version(shop.manifest.version)  # an overlay has its own numbers
    for version in shop.manifest.migrations:
        path, number = ("migrations", version), parse_version(version)
        if number is None:
            what = (f"`{version}` is not a version", f"`{version}` 不是版本号")
            shop.key_fault("bad-version", *what, path, Text("write 1.1.0", "请写 1.1.0"))
            continue
        if own is not None and number > own:
            what = (f"{version} is newer than the plugin itself", f"{version} 比插件自身的版本还新")
            shop.key_fault("bad-version", *what, path)
        found[number] = version
    return found


def _step(shop: Workshop, names: dict[str, _Names], row: MigrationShape, path: KeyPath) -> MigrationStep | None:
    hows = [how for how in _HOWS if getattr(row, how) is not None]
    if len(hows) != 1:
        what = ("a step is one of rename, map, fill, drop", "每步只能是 rename、map、fill、drop 之一")
        shop.fault("bad-migration", *what, path)
        return None
    how = cast(How, hows[0])
    record, _, name = str(getattr(row, how)).partition(".")
    if not shop.known(record, names, Text("record", "记录"), (*path, how), "unknown-record"):
        return None
    place, known = shop.root.place(path), names[record]
    match how:
        case "rename":
            _rename(shop, known, row, record, name, path)
            return MigrationStep(how, record, name, place, to=row.to)
        case "drop":
            _drop(shop, known, row, record, name, path)
            return MigrationStep(how, record, name, place)
        case "map":
            return MigrationStep(how, record, name, place, mapping=_mapping(shop, known, row, record, name, path))
        case "fill":
            value = None
            if shop.known(name, known.specs, _field_of(record), (*path, how), "unknown-field"):
                value = _cell(shop, known.specs[name], row.value, (*path, "value"))
            return MigrationStep(how, record, name, place, value=value)


def _rename(shop: Workshop, known: _Names, row: MigrationShape, record: str, name: str, path: KeyPath) -> None:
    if row.to is None:
        shop.fault("missing-key", "a rename says `to`", "rename 须写 `to`", path)
    elif shop.known(row.to, known.specs, _field_of(record), (*path, "to"), "unknown-field"):
        if name in known.specs:
            _still_there(shop, record, name, (*path, "rename"))
        known.specs[name] = known.specs.pop(row.to)


def _drop(shop: Workshop, known: _Names, row: MigrationShape, record: str, name: str, path: KeyPath) -> None:
    if name in known.specs:
        _still_there(shop, record, name, (*path, "drop"))
    known.specs.setdefault(name, None)
    if row.accept is None:
        shop.fault(
            "drop-not-accepted",
            f"dropping {record}.{name} loses data",
            f"删除 {record}.{name} 会丢失数据",
            path,
            Text("add `accept: data_loss` if that is meant", "如确实需要，请加 `accept: data_loss`"),
        )


def _still_there(shop: Workshop, record: str, name: str, path: KeyPath) -> None:
    shop.fault("bad-migration", f"{record}.{name} is still declared", f"{record}.{name} 仍在声明中", path)


def _mapping(
    shop: Workshop, known: _Names, row: MigrationShape, record: str, name: str, path: KeyPath
) -> dict[Cell, Cell]:
    if not row.with_:
        shop.fault("missing-key", "a map says `with: {old: new}`", "map 须写 `with: {旧: 新}`", path)
    if not shop.known(name, [*known.specs, "state"], _field_of(record), (*path, "map"), "unknown-field"):
        return {}
    found: dict[Cell, Cell] = {}
    for old, new in (row.with_ or {}).items():
        at = (*path, "with", old)
        if name == "state":
            shop.known(str(new), known.states, Text(f"state of {record}", f"{record} 状态"), at, "unknown-state")
            found[old] = str(new)
        else:
            found[_old_cell(known.specs[name], old)] = _cell(shop, known.specs[name], new, at)
    return found


def _old_cell(spec: FieldSpec | None, written: str) -> Cell:
    """Return the cell of an old value; one that is no value any more, such as an option given up, stands as it is."""
    try:
        return written if spec is None else spec.cell(spec.parse(written, UTC))
    except BadValue:
        return written


def _cell(shop: Workshop, spec: FieldSpec | None, value: object, path: KeyPath) -> Cell:
    """Return the cell of a value as written in YAML; a moment without an offset is UTC."""
    try:
        return str(value) if spec is None else spec.cell(spec.parse(value, UTC))
    except BadValue as bad:
        shop.fault(bad.code, bad.what.en, bad.what.zh, path, bad.fix)
        return None


def _field_of(record: str) -> Text:
    return Text(f"field of {record}", f"{record} 字段")
