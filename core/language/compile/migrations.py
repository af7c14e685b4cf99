"""Migrations: declared steps between versions."""

from __future__ import annotations

from typing import Literal, cast

from core.language.compile.workshop import Workshop
from core.language.definition import MigrationStep
from core.language.manifest.sections import MigrationShape
from core.language.source import KeyPath
from core.language.versions import parse_version
from core.model.errors import Text

_HOWS = ("rename", "map", "fill", "drop")


def compile_migrations(shop: Workshop) -> dict[str, tuple[MigrationStep, ...]]:
    """Return the steps of every version, oldest version first."""
    found: dict[tuple[int, int, int], tuple[str, tuple[MigrationStep, ...]]] = {}
    for version, rows in shop.manifest.migrations.items():
        path = ("migrations", version)
        number = parse_version(version)
        if number is None:
            shop.key_fault(
                "bad-version",
                f"`{version}` is not a version",
                f"`{version}` 不是版本号",
                path,
                Text("write 1.1.0", "请写 1.1.0"),
            )
            continue
        own = None if shop.manifest.extends else parse_version(shop.manifest.version)  # an overlay has its own numbers
        if own is not None and number > own:
            shop.key_fault(
                "bad-version", f"{version} is newer than the plugin itself", f"{version} 比插件自身的版本还新", path
            )
        steps = [_step(shop, row, (*path, index)) for index, row in enumerate(rows)]
        found[number] = (version, tuple(step for step in steps if step))
    if found:
        shop.warn(
            "migration-not-run",
            "migrations are checked, but nodes do not carry them out yet: they only add tables, columns and indexes",
            "迁移步骤已检查，但节点目前只会新增数据表、列和索引，尚不执行这些步骤",
            ("migrations",),
            Text("change the data with actions, or keep the old field", "请用操作修改数据，或保留原字段"),
        )
    return dict(found[number] for number in sorted(found))


def _step(shop: Workshop, row: MigrationShape, path: KeyPath) -> MigrationStep | None:
    hows = [how for how in _HOWS if getattr(row, how) is not None]
    if len(hows) != 1:
        shop.fault(
            "bad-migration", "a step is one of rename, map, fill, drop", "每步只能是 rename、map、fill、drop 之一", path
        )
        return None
    how = cast('Literal["rename", "map", "fill", "drop"]', hows[0])
    record, _, name = str(getattr(row, how)).partition(".")
    if not shop.known(record, shop.reach.local_names(), Text("record", "记录"), (*path, how), "unknown-record"):
        return None
    _check_names(shop, row, how, record, name, path)
    if how == "drop" and row.accept is None:
        shop.fault(
            "drop-not-accepted",
            f"dropping {record}.{name} loses data",
            f"删除 {record}.{name} 会丢失数据",
            path,
            Text("add `accept: data_loss` if that is meant", "如确实需要，请加 `accept: data_loss`"),
        )
    return MigrationStep(how, record, name, shop.root.place(path), row.to, row.with_ or {}, row.value)


def _check_names(shop: Workshop, row: MigrationShape, how: str, record: str, name: str, path: KeyPath) -> None:
    draft = shop.reach.drafts[record]
    what = Text(f"field of {record}", f"{record} 字段")
    if how == "rename":
        if row.to is None:
            shop.fault("missing-key", "a rename says `to`", "rename 须写 `to`", path)
        else:
            shop.known(row.to, draft.stored, what, (*path, "to"), "unknown-field")
    elif how in ("map", "fill"):
        shop.known(
            name, [*draft.stored, "state"] if how == "map" else draft.stored, what, (*path, how), "unknown-field"
        )
    elif name in draft.specs:
        shop.fault("bad-migration", f"{record}.{name} is still declared", f"{record}.{name} 仍在声明中", (*path, how))
    if how == "map" and not row.with_:
        shop.fault("missing-key", "a map says `with: {old: new}`", "map 须写 `with: {旧: 新}`", path)
