"""Setting a setting: what is entered must fit what the plugin declared, or the rules would stop in the shop."""

from __future__ import annotations

import json
from typing import cast

from sqlalchemy import select

from core.language.definition import Plugin, Setting
from core.model.errors import Problem, Text, suggest
from core.model.fields import BadValue
from core.model.scope import HEADQUARTERS
from stores.acts.work import Work
from stores.layers import narrowed, read
from stores.reads.settings import standing_of


def problems(work: Work) -> list[Problem]:
    """Return what is wrong with a ``core.setting`` as it would be: name, lock, type, limits."""
    values = work.draft.values
    plugin = work.node.catalog.plugins.get(str(values["plugin"]))
    if plugin is None:
        fix = suggest(str(values["plugin"]), work.node.catalog.plugins)
        what = Text(f"there is no plugin `{values['plugin']}` here", f"没有插件 `{values['plugin']}`")
        return [Problem("no-such-plugin", what, fix=fix, field="plugin")]
    setting = plugin.settings.get(str(values["name"]))
    if setting is None:
        return [_unknown(plugin, str(values["name"]))]
    return _unfit(work, setting) or _excluded(work, plugin, setting, values["value"])


def _unfit(work: Work, setting: Setting) -> list[Problem]:
    """Return why a value does not fit. An empty one is fine: every rule that needs it is then inactive (C-11)."""
    values, zone = work.draft.values, work.node.zone
    value, least, most = (cast("str | None", values[name]) for name in ("value", "least", "most"))
    if values["store"] != HEADQUARTERS:
        if values["locked"] or least is not None or most is not None:
            return [_NOT_YOURS]
        return _unfit_in_store(work, setting, value)
    try:
        read(setting.spec, value, zone)
    except BadValue as bad:
        return [bad.problem("value")]
    for name, bound in (("least", least), ("most", most)):
        try:
            read(setting.spec, bound, zone)
            narrowed(setting, *((bound, None) if name == "least" else (None, bound)))
        except BadValue as bad:
            return [bad.problem(name)]
    return []


def _unfit_in_store(work: Work, setting: Setting, value: str | None) -> list[Problem]:
    """Return why a store may not choose a value: what headquarters has locked, or limited."""
    standing = standing_of(work.connection, work.node, str(work.draft.values["plugin"]), setting, HEADQUARTERS)
    if standing.locked:
        return [_locked(setting)]
    try:
        read(setting.spec, value, work.node.zone)
        read(standing.limits or setting.spec, value, work.node.zone)
    except BadValue as bad:
        return [bad.problem("value")]
    return []


def _excluded(work: Work, plugin: Plugin, setting: Setting, text: object) -> list[Problem]:
    """Return why a switch may not be turned on: another one that excludes it, or that it excludes, is on."""
    if text is None or json.loads(str(text)) is not True:
        return []
    store = str(work.draft.values["store"])
    now = work.node.settings(work.connection, plugin.name, store)
    others = [*setting.excludes, *(each.name for each in plugin.settings.values() if setting.name in each.excludes)]
    on = [n for n in dict.fromkeys(others) if now.get(n) is True or (store == HEADQUARTERS and _on_in_a_store(work, n))]
    return [_both_on(setting, plugin.settings[name]) for name in on]


def _on_in_a_store(work: Work, name: str) -> bool:
    """Say whether some store has turned a switch on for itself; what headquarters sets is for all of them."""
    table = work.node.table(work.record)
    mine = (table.c.plugin == work.draft.values["plugin"], table.c.name == name, table.c.value == "true")
    return work.connection.execute(select(table.c.id).where(*mine, table.c._life % 2 == 1).limit(1)).first() is not None


def _both_on(setting: Setting, other: Setting) -> Problem:
    what = Text(
        f"{setting.label.en} cannot be on together with: {other.label.en}",
        f"“{setting.label.zh}”不能与“{other.label.zh}”同时开启",
    )
    fix = Text(f"turn `{other.name}` off first", f"请先关闭 `{other.name}`")
    return Problem("excludes", what, fix=fix, field="value")


def _unknown(plugin: Plugin, name: str) -> Problem:
    what = Text(f"{plugin.label.en} has no setting `{name}`", f"{plugin.label.zh}没有设置 `{name}`")
    return Problem("no-such-setting", what, fix=suggest(name, plugin.settings), field="name")


def _locked(setting: Setting) -> Problem:
    what = Text(f"{setting.label.en} is set by headquarters for the whole chain", f"“{setting.label.zh}”由总部统一设置")
    fix = Text("ask headquarters to change it for the chain", "请联系总部统一修改")
    return Problem("locked", what, fix=fix, field="name")


_NOT_YOURS = Problem(
    "not-yours",
    Text("locks and limits of a setting are headquarters' to set", "设置的锁定和上下限由总部规定"),
    field="locked",
)
