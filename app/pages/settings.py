"""Settings as they stand, layer by layer, and the form that sets one: a store's own, or headquarters' for the chain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.chain.overseeing import oversees
from app.pages.actions import inputs
from app.pages.frame.desk import CurrentDesk, Desk, FormDesk, with_query
from app.pages.frame.drawing import page
from app.pages.frame.forms import Form, FormBody
from app.pages.frame.posts import Posts, posts_of
from app.pages.showing.names import name_of
from app.pages.showing.places import places_of
from app.pages.showing.values import Shown, shown, shown_moment
from app.web.actions import carry_out
from core.language.definition import Plugin, Setting
from core.model.errors import Forbidden, NodeError, NotFound, Problem, Text, suggest
from core.model.fields import BadValue, FieldSpec
from core.model.scope import HEADQUARTERS
from stores.acts.permission import acting_roles
from stores.layers import Layer, Standing
from stores.reads.reading import Reading
from stores.reads.settings import standing_of, standings

router = APIRouter(include_in_schema=False)
SETTING = "core.setting"
BOUNDED = frozenset({"int", "decimal", "money", "duration", "date", "time"})  # what has a least and a most
NAMES = ("value", "least", "most")


@dataclass(frozen=True, slots=True)
class Line:
    """One setting as it stands: its value, whose it is, who set it, how far a store may go."""

    label: str
    value: Shown
    whose: str
    tone: str
    limits: str
    set_by: str
    rules: list[str]
    passed: list[str]
    url: str | None


@router.get("/settings")
def settings_page(request: Request, desk: CurrentDesk) -> Response:
    """Show every setting as it stands in a store; at headquarters ``store`` picks one, the chain's own first."""
    asked = request.query_params
    store = _store(desk, asked.get("store") or "")
    wanted = asked.get("plugin") or ""
    plugins = [each for each in desk.catalog.plugins.values() if each.settings]
    editable = store == desk.actor.store and may_set(desk)
    with desk.node.database.read() as connection:
        groups = [
            (desk.say(each.label), each.name, standings(connection, desk.node, each, store))
            for each in plugins
            if wanted in ("", each.name)
        ]
    places = places_of(desk)
    chosen = oversees(desk.actor) and desk.node.is_hub
    return page(
        desk,
        "settings.html",
        title=desk.words.settings,
        groups=[(label, name, [_line(desk, name, each, editable) for each in found]) for label, name, found in groups],
        plugins=[(each.name, desk.say(each.label)) for each in plugins],
        plugin=wanted,
        stores=[(HEADQUARTERS, desk.words.chain_wide), *((s.code, places.name(s.code)) for s in places.all())]
        if chosen
        else [],
        store=store,
        said=desk.words.setting_saved if "done" in asked else "",
        types=SETTING,
    )


@router.get("/settings/{plugin}/{name}")
def form_page(plugin: str, name: str, desk: CurrentDesk) -> Response:
    """Show the form of one setting, holding what stands now."""
    found, setting = _known(desk, plugin, name)
    _check_may(desk)
    return _draw(desk, found, setting, None)


@router.post("/settings/{plugin}/{name}")
def save(plugin: str, name: str, form: FormBody, desk: FormDesk) -> Response:
    """Set it for the person's own layer, or give up what that layer says."""
    found, setting = _known(desk, plugin, name)
    standing = _standing(desk, found, setting)
    mine = _mine(desk, standing)
    try:
        if form.get("drop") is not None:
            if mine is not None:
                _act(desk, mine.id, "drop", {}, form)
        else:
            ask = _entered(desk, setting, form)
            if mine is None:
                _act(desk, None, "set", {"plugin": plugin, "name": name, **_given(ask)}, form)
            else:
                _act(desk, mine.id, "change", ask, form)
    except NodeError as error:
        return _draw(desk, found, setting, form, error)
    return RedirectResponse("/settings" + with_query({"plugin": plugin, "done": "1"}), status_code=303)


def may_set(desk: Desk) -> bool:
    """Return whether the person sets settings at all; which ones is asked when he does."""
    kind = desk.catalog.records[SETTING]
    with desk.node.database.read() as connection:
        world = Reading(connection, desk.node, desk.actor).world(kind.plugin, desk.actor.store)
        return bool(acting_roles(world, desk.actor, kind) & set(kind.actions["set"].by))


def value_shown(desk: Desk, setting: Setting, value: object) -> Shown:
    """Return a setting's value as a person reads it; an empty one says that it is not configured."""
    if value is None:
        return Shown("text", desk.words.not_configured)
    return _with_posts(shown(desk, setting.spec, setting.spec.json(value, desk.node.zone), {}), posts_of(desk))


def _with_posts(told: Shown, posts: Posts) -> Shown:
    """Return a value with posts called as people call them: a setting that names some keeps the words of the rules."""
    if told.kind == "text":
        return replace(told, text=posts.called(told.text)) if posts.knows(told.text) else told
    items = [_with_posts(each, posts) for each in told.items]
    return replace(told, items=items, rows=[[_with_posts(each, posts) for each in row] for row in told.rows])


def set_by(desk: Desk, layer: Layer | None) -> str:
    """Return who has set a layer, and when."""
    if layer is None:
        return ""
    who = desk.words.system if layer.by in (None, "system") else name_of(desk, "core.staff", str(layer.by)) or ""
    return " · ".join(each for each in (who, shown_moment(desk, layer.at).text) if each)


def _store(desk: Desk, asked: str) -> str:
    """Return whose settings are shown: one's own store's, and, for who looks after the chain, any store's."""
    if not asked or asked == desk.actor.store:
        return desk.actor.store
    if desk.actor.store != HEADQUARTERS:
        raise NotFound.of("other-store", f"you do not work in store `{asked}`", f"您不属于门店 `{asked}`")
    return asked


def _known(desk: Desk, plugin: str, name: str) -> tuple[Plugin, Setting]:
    found = desk.catalog.plugin(plugin)
    if name not in found.settings:
        what = Text(f"{found.label.en} has no setting `{name}`", f"{found.label.zh}没有设置 `{name}`")
        raise NotFound((Problem("no-such-setting", what, fix=suggest(name, found.settings)),))
    return found, found.settings[name]


def _check_may(desk: Desk) -> None:
    if not may_set(desk):
        raise Forbidden.of("role", "only administrators set settings", "只有管理员可以修改设置")


def _standing(desk: Desk, plugin: Plugin, setting: Setting) -> Standing:
    with desk.node.database.read() as connection:
        return standing_of(connection, desk.node, plugin.name, setting, desk.actor.store)


def _mine(desk: Desk, standing: Standing) -> Layer | None:
    """Return what the person's own layer says now: headquarters' people set the chain's."""
    return standing.chain if desk.actor.store == HEADQUARTERS else standing.own


def _line(desk: Desk, plugin: str, standing: Standing, editable: bool) -> Line:
    w, setting = desk.words, standing.setting
    locked = standing.locked and desk.actor.store != HEADQUARTERS
    whose = {"default": w.by_plugin, "chain": w.chain_wide, "store": w.own_store}[standing.layer]
    latest = standing.own or standing.chain
    return Line(
        desk.say(setting.label),
        value_shown(desk, setting, standing.value),
        whose + (f" · {w.locked_by_hq}" if standing.locked else ""),
        {"default": "over", "chain": "active", "store": "new"}[standing.layer],
        _limits(desk, setting, standing.limits),
        set_by(desk, latest),
        list(setting.cite),
        [desk.say(each) for each in standing.passed.values()],
        f"/settings/{plugin}/{setting.name}" if editable and not locked else None,
    )


def _limits(desk: Desk, setting: Setting, spec: FieldSpec | None) -> str:
    """Return the least and the most that a store may choose, as a person reads them."""
    if spec is None or (spec.min is None and spec.max is None):
        return ""
    least, most = (_bound(desk, setting, bound) for bound in (spec.min, spec.max))
    return f"{least or '…'} – {most or '…'}"


def _bound(desk: Desk, setting: Setting, bound: object) -> str:
    if bound is None:
        return ""
    spec = setting.spec
    told = spec.kind.show_bound(bound, spec)
    return shown(desk, spec, told, {}).text if spec.type in BOUNDED else str(told)


def _draw(desk: Desk, plugin: Plugin, setting: Setting, sent: Form | None, error: NodeError | None = None) -> Response:
    w = desk.words
    standing = _standing(desk, plugin, setting)
    mine = _mine(desk, standing)
    form = sent if sent is not None else _present(desk, standing, mine)
    problems = error.problems if error else ()
    here = desk.actor.store == HEADQUARTERS
    names = NAMES if here and setting.spec.type in BOUNDED else NAMES[:1]
    labels = {"value": desk.say(setting.label), "least": w.least, "most": w.most}
    drawn = [
        inputs.draw(
            desk, name, labels[name], setting.spec, form,
            hint=w.blank_hint if name == "value" else "",
            problems=[each for each in problems if each.field == name],
        )
        for name in names
    ]  # fmt: skip
    return page(
        desk,
        "setting.html",
        status=error.status if error else 200,
        title=desk.say(setting.label),
        target=f"/settings/{plugin.name}/{setting.name}",
        back="/settings" + with_query({"plugin": plugin.name}),
        business=desk.say(plugin.label),
        inputs=drawn,
        layers=_layers(desk, standing),
        limits=_limits(desk, setting, standing.limits),
        rules=desk.catalog.rules_in_words(plugin.name, setting.cite, desk.language),
        chain_wide=here,
        locked=form.get("locked") == "true",
        fixed=setting.lock == "hq",
        has_own=mine is not None,
        problems=[each for each in problems if each.field not in names],
        passed=[desk.say(each) for each in standing.passed.values()],
    )


def _layers(desk: Desk, standing: Standing) -> list[tuple[str, Shown, str]]:
    """Return the layers from below: whose, what it says, who said so."""
    w, setting = desk.words, standing.setting
    found = [(w.by_plugin, value_shown(desk, setting, setting.default), "")]
    for name, layer in ((w.chain_wide, standing.chain), (w.own_store, standing.own)):
        if layer is not None:
            found.append((name, _told(desk, setting, layer.value), set_by(desk, layer)))
    return found


def _told(desk: Desk, setting: Setting, text: str | None) -> Shown:
    if text is None:
        return Shown("text", desk.words.not_configured)
    return _with_posts(shown(desk, setting.spec, json.loads(text), {}), posts_of(desk))


def _present(desk: Desk, standing: Standing, mine: Layer | None) -> Form:
    """Return what the form holds at first: what the own layer says; without one, the value that stands.

    Left empty it would switch off what needs it, for somebody who only wants to lock it.
    """
    setting = standing.setting
    texts: dict[str, str | None] = {name: getattr(mine, name) for name in NAMES} if mine else {}
    if mine is None and standing.value is not None:
        texts["value"] = json.dumps(setting.spec.json(standing.value, desk.node.zone))
    pairs: list[tuple[str, str]] = []
    for name in NAMES:
        text = texts.get(name)
        if text is not None:
            pairs += inputs.flatten(setting.spec, name, json.loads(text))
    if mine is not None and mine.locked:
        pairs.append(("locked", "true"))
    return Form(tuple(pairs))


def _entered(desk: Desk, setting: Setting, form: Form) -> dict[str, object]:
    """Return what was typed as the action takes it: values as JSON, in the form in which the type writes them."""
    zone, ask = desk.node.zone, dict[str, object]()
    for name in NAMES:
        typed = inputs.gather(setting.spec, name, form)
        if typed is None:
            ask[name] = None
            continue
        try:
            value = setting.spec.json(setting.spec.parse(typed, zone), zone)
        except BadValue as bad:
            raise NodeError((bad.problem(name),)) from None
        ask[name] = json.dumps(value, ensure_ascii=False)
    if desk.actor.store == HEADQUARTERS:
        ask["locked"] = form.get("locked") == "true"
    else:
        del ask["least"], ask["most"]
    return ask


def _given(ask: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in ask.items() if value not in (None, False)}


def _act(desk: Desk, record_id: str | None, action: str, ask: Mapping[str, Any], form: Form) -> None:
    plugin, _, record = SETTING.partition(".")
    body: dict[str, object] = {"ask": dict(ask)}
    reason = form.text("_reason")
    carry_out(desk, plugin, record, record_id, action, {**body, "reason": reason} if reason else body)
