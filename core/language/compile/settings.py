"""Settings, roles and the calendar: what stands at the head of a plugin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, time

from core.language.compile.drafts import shared_options
from core.language.compile.typed import inferred, spec_of
from core.language.compile.workshop import ZONE, Workshop
from core.language.definition import EVERYONE, SYSTEM, CalendarRules, Role, Setting
from core.language.manifest.records import SettingShape
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.fields import FieldSpec
from core.model.values import BadValue

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def compile_settings(shop: Workshop) -> dict[str, Setting]:
    """Return the settings and enter their types, so that every rule may use them."""
    found: dict[str, Setting] = {}
    for name, shape in shop.manifest.settings.items():
        path = ("settings", name)
        spec = _spec(shop, shape, path)
        label = shop.label(shape.label, path, needed=True)
        if spec is None:
            shop.enter_setting(name, FieldSpec("text"))
            continue
        shop.enter_setting(name, spec)
        default = _default(shop, spec, shape.default, (*path, "default"))
        found[name] = Setting(
            name, spec, default, label, shop.root.place(path), shape.lock, tuple(shape.cite), tuple(shape.excludes)
        )
    _check_exclusions(shop, found)
    return found


def compile_roles(shop: Workshop) -> dict[str, Role]:
    """Return the posts."""
    found: dict[str, Role] = {}
    for name, shape in shop.manifest.roles.items():
        path = ("roles", name)
        if name in (SYSTEM, EVERYONE, "new"):
            shop.key_fault("reserved-name", f"`{name}` has a meaning of its own", f"`{name}` 另有含义", path)
        if shape.deputy is not None:
            shop.known_role(shape.deputy, (*path, "deputy"))
        if shape.deputy == name:
            shop.fault("own-deputy", "a post cannot be its own deputy", "岗位不能代理自己", (*path, "deputy"))
        found[name] = Role(
            name, shop.label(shape.label, path, needed=True), shape.deputy, shape.lock, tuple(shape.cite)
        )
    return found


def compile_calendar(shop: Workshop) -> CalendarRules:
    """Return the business's own time."""
    shape = shop.manifest.calendar
    if shape is None:
        return CalendarRules()
    starts = time(0)
    if shape.day_starts is not None:
        starts = _clock(shop, shape.day_starts, ("calendar", "day_starts")) or starts
    opens: dict[str, tuple[tuple[time, time], ...]] = {}
    for days, spans in shape.open.items():
        path = ("calendar", "open", days)
        found = tuple(_spans(shop, spans or [], path))
        for day in _days(shop, days, path):
            if day in opens and "-" not in days and day != "daily":
                shop.key_fault("defined-twice", f"`{day}` is given twice", f"`{day}` 重复", path)
            opens[day] = found
    off, work = (frozenset(_dates(shop, getattr(shape, key), ("calendar", key))) for key in ("off", "work"))
    return CalendarRules(starts, opens, shape.holidays, off, work)


def _check_exclusions(shop: Workshop, settings: Mapping[str, Setting]) -> None:
    """Note switches that exclude something else than a switch, or that are both on from the beginning."""
    for name, setting in settings.items():
        for other in setting.excludes:
            path = ("settings", name, "excludes")
            if not shop.known(other, settings, Text("setting", "设置"), path, "unknown-setting"):
                continue
            if any(settings[each].spec.type != "bool" for each in (name, other)):
                shop.fault("not-a-switch", "only switches (bool) exclude one another", "只有开关（bool）可以互斥", path)
            elif setting.default and settings[other].default:
                shop.fault(
                    "both-on",
                    f"`{name}` and `{other}` exclude one another, and both are on by default",
                    f"`{name}` 与 `{other}` 互斥，却都默认开启",
                    path,
                )


def _spec(shop: Workshop, shape: SettingShape, path: KeyPath) -> FieldSpec | None:
    spec = spec_of(shop, shape, path)
    if spec is None:
        return None
    if shape.type in ("list", "map") and shape.of is None and shape.default is not None:
        guess = inferred(shape.default)
        spec = replace(spec, item=guess.item, parts=guess.parts)
        _warn_of_keys(shop, guess, path)
    if shape.type == "enum" and isinstance(shape.of, str):
        spec = replace(spec, options=shared_options(shop, shape.of, "", (*path, "of")))
    return spec


def _warn_of_keys(shop: Workshop, guess: FieldSpec, path: KeyPath) -> None:
    """Warn of named parts that only the default knows: they have no labels, and pages show their keys."""
    inside = guess.item if guess.item is not None else guess
    if inside.parts:
        keys = "`, `".join(inside.parts)
        shop.warn(
            "label-derived",
            f"`{keys}` have no labels; pages show the keys",
            f"`{keys}` 没有名称，页面将显示键名",
            (*path, "default"),
            Text(
                "add `of: {key: {type: …, label: {en: …, zh: …}}}`", "请补 `of: {键: {type: …, label: {en: …, zh: …}}}`"
            ),
        )


def _default(shop: Workshop, spec: FieldSpec, raw: object, path: KeyPath) -> object:
    if raw is None:
        return None
    try:
        return spec.parse(raw, ZONE)
    except BadValue as bad:
        shop.fault("bad-default", bad.what.en, bad.what.zh, path, bad.fix)
        return None


def _days(shop: Workshop, text: str, path: KeyPath) -> Iterable[str]:
    if text == "daily" or text in WEEK:
        return [text]
    first, _, last = text.partition("-")
    if first in WEEK and last in WEEK:
        start, end = WEEK.index(first), WEEK.index(last)
        return [WEEK[n % 7] for n in range(start, end + 1 if end >= start else end + 8)]
    shop.key_fault(
        "bad-calendar",
        f"`{text}` is not a day",
        f"`{text}` 不是日期名",
        path,
        Text("write daily, mon … sun, or a stretch such as mon-fri", "请写 daily、mon … sun 或 mon-fri"),
    )
    return []


def _spans(shop: Workshop, spans: list[str], path: KeyPath) -> Iterable[tuple[time, time]]:
    for text in spans:
        found = _SPAN.fullmatch(text)
        if found is None:
            shop.fault(
                "bad-calendar",
                f"`{text}` is not a span of time",
                f"`{text}` 不是时间段",
                path,
                Text('write "09:00-18:00"', '请写 "09:00-18:00"'),
            )
            continue
        start, end = _clock(shop, found[1], path), _clock(shop, "00:00" if found[2] == "24:00" else found[2], path)
        if start is not None and end is not None:
            yield start, end


def _clock(shop: Workshop, text: str, path: KeyPath) -> time | None:
    found = _CLOCK.fullmatch(text)
    if found is None:
        shop.fault(
            "bad-calendar",
            f"`{text}` is not a time of day",
            f"`{text}` 不是时刻",
            path,
            Text('write "08:00"', '请写 "08:00"'),
        )
        return None
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


def _dates(shop: Workshop, texts: list[str], path: KeyPath) -> Iterable[date]:
    for index, text in enumerate(texts):
        try:
            yield date.fromisoformat(text)
        except ValueError:
            shop.fault(
                "bad-calendar",
                f"`{text}` is not a date",
                f"`{text}` 不是日期",
                (*path, index),
                Text("write YYYY-MM-DD", "请写 YYYY-MM-DD"),
            )
