"""Settings as they stand: in a store layer by layer, and across the chain where stores differ from it."""

from __future__ import annotations

from fastapi import APIRouter, Request

from app.chain.overseeing import check_overseer
from app.web.body import JsonMap
from app.web.caller import Caller, CurrentCaller
from core.language.definition import Setting
from core.model.clock import from_iso
from core.model.errors import NotFound
from core.model.fields import FieldSpec
from core.model.scope import HEADQUARTERS
from stores import rows
from stores.layers import Layer, Standing
from stores.reads.reading import Reading
from stores.reads.settings import deviations, standings

router = APIRouter(prefix="/api/settings")


@router.get("")
def settings(request: Request, caller: CurrentCaller) -> JsonMap:
    """Return all settings as they stand in the caller's store (at headquarters also of another ``store``).

    Each with its value and whose it is (``default``, ``chain`` or ``store``), what was set by whom and when, what a
    store may choose, and what was set but does not count. ``plugin`` picks one business.
    """
    asked = request.query_params
    store = asked.get("store") or caller.actor.store
    if caller.actor.store not in {store, HEADQUARTERS}:
        raise NotFound.of("other-store", f"you do not work in store `{store}`", f"您不属于门店 `{store}`")
    wanted = [caller.catalog.plugin(asked["plugin"])] if asked.get("plugin") else caller.catalog.plugins.values()
    with caller.node.database.read() as connection:
        reading = Reading(connection, caller.node, caller.actor)
        told = {
            plugin.name: [_stands(caller, reading, each) for each in standings(connection, caller.node, plugin, store)]
            for plugin in wanted
            if plugin.settings
        }
    return {"store": store, "plugins": told}


@router.get("/drift")
def drift(caller: CurrentCaller) -> JsonMap:
    """Return every setting that some store has set for itself: what holds there and what holds in the chain.

    ``differs`` is false where a store has set the same as the chain; it will not follow when the chain changes.
    ``counts`` is false, with the reason, where headquarters has locked the setting or narrowed its limits. For
    administrators and auditors of headquarters.
    """
    check_overseer(caller.actor)
    with caller.node.database.read() as connection:
        reading = Reading(connection, caller.node, caller.actor)
        told = []
        for one in deviations(connection, caller.node):
            reason = one.standing.passed.get(one.layer.id)
            told.append(
                {
                    "plugin": one.plugin.name,
                    **_named(caller, one.standing.setting),
                    "store": one.store,
                    "value": _json(caller, one.standing.setting, one.standing.value),
                    "chain": _json(caller, one.chain.setting, one.chain.value),
                    "chain_from": one.chain.layer,
                    "differs": one.standing.value != one.chain.value,
                    "counts": reason is None,
                    "reason": reason.say(caller.language) if reason else None,
                    "set": _set(caller, reading, one.layer),
                }
            )
    return {"rows": told}


def _stands(caller: Caller, reading: Reading, standing: Standing) -> JsonMap:
    setting = standing.setting
    return {
        **_named(caller, setting),
        "value": _json(caller, setting, standing.value),
        "configured": standing.value is not None,
        "from": standing.layer,
        "default": _json(caller, setting, setting.default),
        "chain": _set(caller, reading, standing.chain) if standing.chain else None,
        "own": _set(caller, reading, standing.own) if standing.own else None,
        "locked": standing.locked,
        **_limits(standing.limits),
        "passed_over": [reason.say(caller.language) for reason in standing.passed.values()],
    }


def _named(caller: Caller, setting: Setting) -> JsonMap:
    label, rules = setting.label.say(caller.language), list(setting.cite)
    return {"name": setting.name, "label": label, "type": setting.spec.type, "rules": rules}


def _set(caller: Caller, reading: Reading, layer: Layer) -> JsonMap:
    """Return what somebody has set: the value as entered, by whom and when."""
    staff = caller.catalog.records["core.staff"]
    person = rows.load(reading.connection, caller.node, staff, layer.by) if layer.by else None
    at = from_iso(layer.at).astimezone(caller.node.zone).isoformat()
    name = person.values["name"] if person else None
    return {"id": layer.id, "value": layer.value, "by": layer.by, "by_name": name, "at": at}


def _limits(spec: FieldSpec | None) -> JsonMap:
    """Return the least and the most a store may choose, as a person reads them."""
    if spec is None:
        return {"least": None, "most": None}
    bounds = {"least": spec.min, "most": spec.max}
    return {name: None if bound is None else spec.kind.show_bound(bound, spec) for name, bound in bounds.items()}


def _json(caller: Caller, setting: Setting, value: object) -> object:
    return None if value is None else setting.spec.json(value, caller.node.zone)
