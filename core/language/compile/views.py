"""Views: which pages a business has, and whether what they show exists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.language.compile.reach import RecordDraft
from core.language.compile.values import condition, where
from core.language.compile.workshop import Workshop
from core.language.manifest.sections import ExcelShape, SectionShape, TileShape, ViewShape
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.kinds import record_kind

# Kind of view -> the keys it cannot do without, and the ones it also knows. `label`, `cite` and `of` are everybody's.
VIEW_KINDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "list": (frozenset(), frozenset({"where", "columns", "sort", "excel"})),
    "table": (frozenset({"columns"}), frozenset({"where", "sort", "excel"})),
    "form": (frozenset({"sections"}), frozenset()),
    "board": (frozenset({"columns"}), frozenset({"where", "card", "sort"})),
    "calendar": (frozenset({"date"}), frozenset({"where", "card"})),
    "timeline": (frozenset({"rows", "span"}), frozenset({"where", "card", "columns"})),
    "dashboard": (frozenset({"tiles"}), frozenset({"where"})),
    "print": (frozenset({"sections"}), frozenset({"where", "sign"})),
    "pairs": (frozenset({"against", "compare"}), frozenset({"where", "columns", "sort", "take"})),
}
_EVERYBODYS = frozenset({"kind", "of", "label", "cite"})


def compile_views(shop: Workshop, extra_kinds: Iterable[str] = ()) -> dict[str, dict[str, object]]:
    """Return the views as plain data: names checked, `where` and `when` compiled, labels as texts."""
    found = {}
    for name, shape in shop.manifest.views.items():
        path = ("views", name)
        if shop.known(
            shape.kind,
            [*VIEW_KINDS, *extra_kinds],
            Text("kind of view", "视图类型"),
            (*path, "kind"),
            "unknown-view-kind",
        ):
            found[name] = _view(shop, shape, path)
    return found


def _view(shop: Workshop, shape: ViewShape, path: KeyPath) -> dict[str, object]:
    _check_keys(shop, shape, path)
    view: dict[str, object] = {"kind": shape.kind, "label": shop.label(shape.label, path, needed=False)}
    draft = _record(shop, shape, path)
    if draft is not None:
        view["of"] = draft.key
        own = {"self": record_kind(draft.key)}
        if shape.where is not None:
            view["where"] = where(shop, shape.where, (*path, "where"), shop.scope(own, own="self"))
        _check_columns(shop, draft, shape, path)
        if shape.sections:
            view["sections"] = tuple(
                _section(shop, draft, row, (*path, "sections", n)) for n, row in enumerate(shape.sections)
            )
        view |= _pair(shop, draft, shape, path)
        if shape.excel:
            view["excel"] = _excel(shop, draft, shape.excel, (*path, "excel"))
    for key in ("columns", "card", "span", "sort"):
        if value := getattr(shape, key):
            view[key] = tuple(value)
    for key in ("rows", "date"):
        if (word := getattr(shape, key)) is not None:
            view[key] = word
    if shape.sign:
        view["sign"] = tuple(Text(each.en, each.zh) for each in shape.sign)
    if shape.tiles:
        view["tiles"] = tuple(_tile(shop, row, (*path, "tiles", n)) for n, row in enumerate(shape.tiles))
    if shape.cite:
        view["cite"] = tuple(shape.cite)
    return view


def _check_keys(shop: Workshop, shape: ViewShape, path: KeyPath) -> None:
    needed, also = VIEW_KINDS.get(shape.kind, (frozenset[str](), None))
    written = set(shop.root.at(path).keys())
    for key in sorted(needed - written):
        shop.key_fault("missing-key", f"a {shape.kind} needs `{key}`", f"{shape.kind} 视图须有 `{key}`", path)
    for key in sorted(written - needed - also - _EVERYBODYS) if also is not None else ():
        shop.key_fault("needless-key", f"a {shape.kind} has no `{key}`", f"{shape.kind} 视图没有 `{key}`", (*path, key))


def _record(shop: Workshop, shape: ViewShape, path: KeyPath) -> RecordDraft | None:
    if shape.of is None:
        if shape.kind != "dashboard":
            shop.key_fault("missing-key", "a view says `of` which record it is", "视图须写 `of`（记录类型）", path)
        return None
    known = shop.known(shape.of, shop.reach.local_names(), Text("record", "记录"), (*path, "of"), "unknown-record")
    return shop.reach.drafts[shape.of] if known else None


def _check_columns(shop: Workshop, draft: RecordDraft, shape: ViewShape, path: KeyPath) -> None:
    for key in ("columns", "card", "span"):
        for index, name in enumerate(getattr(shape, key)):
            known_path(shop, draft, name, (*path, key, index), timers=key != "columns")
    for index, name in enumerate(shape.columns if shape.kind == "timeline" else ()):
        if not name.startswith(f"{shape.rows}."):
            shop.fault(
                "not-of-the-row",
                f"beside a row stands what its record says: `{shape.rows}.…`",
                f"行首只能显示该行记录的字段：`{shape.rows}.…`",
                (*path, "columns", index),
            )
    for index, name in enumerate(shape.sort):
        known_path(shop, draft, name.removeprefix("-"), (*path, "sort", index), timers=False)
    for key in ("rows", "date"):
        if (name := getattr(shape, key)) is not None:
            known_path(shop, draft, name, (*path, key), timers=False)


def known_path(shop: Workshop, draft: RecordDraft, name: str, path: KeyPath, *, timers: bool) -> bool:
    """Whether ``name`` is a field, a timer (where allowed), or a field reached through a ref: ``project.customer``."""
    first, _, rest = name.partition(".")
    words = [*draft.readable, *(draft.timers if timers else ())]
    if not shop.known(first, words, Text(f"field of {draft.name}", f"{draft.name} 字段"), path, "unknown-field"):
        return False
    target = draft.specs[first].to if first in draft.specs else None
    if not rest:
        return True
    if target is None:
        shop.fault("unknown-field", f"`{first}` is not a ref", f"`{first}` 不是 ref 字段", path)
        return False
    return known_path(shop, shop.reach.drafts[target], rest, path, timers=False)


def _pair(shop: Workshop, draft: RecordDraft, shape: ViewShape, path: KeyPath) -> dict[str, object]:
    """Return what stands side by side, checked: fields of the record, and of the one its ``against`` points to."""
    if shape.against is None:
        return {}
    pair: dict[str, object] = {"against": shape.against, "compare": dict(shape.compare), "take": shape.take}
    other = shop.reach.drafts.get(draft.specs[shape.against].to or "") if shape.against in draft.specs else None
    if other is None:
        shop.fault(
            "not-a-ref", "`against` is a ref of the record", "`against` 须为该记录的 ref 字段", (*path, "against")
        )
        return pair
    for name, there in shape.compare.items():
        what = Text(f"field of {draft.name}", f"{draft.name} 字段")
        shop.known(name, draft.specs, what, (*path, "compare", name), "unknown-field")
        what = Text(f"field of {other.name}", f"{other.name} 字段")
        shop.known(there, other.specs, what, (*path, "compare", name), "unknown-field")
    if shape.take is not None:
        spec = draft.specs.get(shape.take)
        options = spec.item.options if spec is not None and spec.item is not None else None
        if not options or set(options) - shape.compare.keys():
            shop.fault(
                "bad-take",
                "`take` is a list of an enum whose options are compared fields",
                "`take` 须为列表字段，其枚举选项均为所比较的字段",
                (*path, "take"),
            )
    return pair


def _section(shop: Workshop, draft: RecordDraft, row: SectionShape, path: KeyPath) -> dict[str, object]:
    for index, name in enumerate(row.fields):
        known_path(shop, draft, name, (*path, "fields", index), timers=False)
    section: dict[str, object] = {"fields": tuple(row.fields)}
    if row.label:
        section["label"] = Text(row.label.en, row.label.zh)
    if row.when is not None:
        section["when"] = condition(shop, row.when, (*path, "when"), shop.scope({"self": record_kind(draft.key)}))
    return section


def _excel(shop: Workshop, draft: RecordDraft, shape: ExcelShape, path: KeyPath) -> dict[str, object]:
    for index, role in enumerate(shape.export):
        shop.known_role(role, (*path, "export", index))
    if shape.import_ is not None:
        shop.known(
            shape.import_,
            draft.actions,
            Text(f"action of {draft.name}", f"{draft.name} 操作"),
            (*path, "import"),
            "unknown-action",
        )
    return {"export": tuple(shape.export), "import": shape.import_}


def _tile(shop: Workshop, row: TileShape, path: KeyPath) -> dict[str, object]:
    tile: dict[str, object] = {
        key: value for key, value in row.model_dump(exclude={"label", "where", "cite"}).items() if value is not None
    }
    if row.label:
        tile["label"] = Text(row.label.en, row.label.zh)
    if row.scorecard is not None:
        shop.known(
            row.scorecard, shop.reach.scorecards, Text("scorecard", "考核表"), (*path, "scorecard"), "unknown-scorecard"
        )
        return tile
    hows = [how for how in ("count", "sum", "avg", "min", "max") if how in tile]
    if len(hows) != 1:
        shop.fault(
            "bad-tile",
            "a tile shows a scorecard, or one of count, sum, avg, min, max",
            "看板块须为 scorecard 或 count、sum、avg、min、max 之一",
            path,
        )
        return tile
    how = hows[0]
    name, _, part = str(tile[how]).partition(".")
    if not shop.known(name, shop.reach.local_names(), Text("record", "记录"), (*path, how), "unknown-record"):
        return tile
    draft = shop.reach.drafts[name]
    if part:
        shop.known(part, draft.specs, Text(f"field of {name}", f"{name} 字段"), (*path, how), "unknown-field")
    if row.by is not None:
        known_path(shop, draft, row.by, (*path, "by"), timers=False)
    tile |= {"how": how, "of": draft.key, "field": part or None}
    if row.where is not None:
        tile["where"] = where(shop, row.where, (*path, "where"), shop.scope({name: record_kind(draft.key)}, own=name))
    return tile
