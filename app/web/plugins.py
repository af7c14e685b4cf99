"""What runs here, for pages that know no business by name: records, actions, roles, settings, views, faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from fastapi import APIRouter, Request

from app.web.caller import Caller, CurrentCaller, CurrentVisitor
from app.web.documents import Documents
from app.web.guidance import guidance_for
from app.web.openapi import records_of
from app.web.schemas import ask_schema, field_schema
from core.host.catalog import Fault
from core.language.definition import SYSTEM, Action, Plugin, RecordType
from core.model.errors import Language, NotFound, Text

router = APIRouter(prefix="/api")


@router.get("/plugins")
def plugins(caller: CurrentCaller) -> dict[str, object]:
    """Return every running plugin, and the faults of those that do not run in their newest version.

    A plugin may be taken away while it is described, and its settings with it: then what runs now is told instead.
    """
    while True:
        try:
            return _running(caller)
        except NotFound:
            now = caller.node.catalog
            if now is caller.catalog:
                raise
            caller = replace(caller, catalog=now)


def _running(caller: Caller) -> dict[str, object]:
    catalog = caller.catalog
    return {
        "revision": catalog.revision,
        "plugins": [_plugin(caller, plugin) for plugin in catalog.plugins.values()],
        "faults": [_fault(fault, caller.language) for fault in catalog.faults],
    }


@router.get("/{plugin}/openapi.json")
def openapi(plugin: str, request: Request, visitor: CurrentVisitor) -> dict[str, object]:
    """Return the plugin's OpenAPI document in the caller's language. It holds rules, no data: anybody may read it."""
    documents: Documents = request.app.state.documents
    return documents.get(visitor.catalog, plugin, visitor.language)


def _plugin(caller: Caller, plugin: Plugin) -> dict[str, object]:
    language = caller.language
    return {
        "name": plugin.name,
        "version": plugin.version,
        "label": plugin.label.say(language),
        "requires": dict(plugin.requires),
        "roles": {name: role.label.say(language) for name, role in plugin.roles.items()},
        "settings": _settings(caller, plugin),
        "records": {record.name: _record(record, language) for record in records_of(caller.catalog, plugin)},
        "ledgers": {name: ledger.label.say(language) for name, ledger in plugin.ledgers.items()},
        "scorecards": {name: card.label.say(language) for name, card in plugin.scorecards.items()},
        "dispatch": {name: policy.label.say(language) for name, policy in plugin.dispatch.items()},
        "reports": {name: report.label.say(language) for name, report in plugin.reports.items()},
        "views": {name: said(view, language) for name, view in plugin.views.items()},
        "guidance": guidance_for(caller, plugin),
        "warnings": [problem.render(language) for problem in plugin.warnings],
    }


def _settings(caller: Caller, plugin: Plugin) -> dict[str, object]:
    node = caller.node
    with node.database.read() as connection:
        values = node.settings(connection, plugin.name, caller.actor.store)
    return {
        name: {
            "label": setting.label.say(caller.language),
            "type": setting.spec.type,
            "value": None if values.get(name) is None else setting.spec.json(values[name], node.zone),
            "configured": values.get(name) is not None,
            "lock": setting.lock,
            "rules": list(setting.cite),
        }
        for name, setting in plugin.settings.items()
    }


def _record(record: RecordType, language: Language) -> dict[str, object]:
    return {
        "plugin": record.plugin,
        "label": record.label.say(language),
        "kind": record.origin,
        "states": {name: label.say(language) for name, label in record.states.items()},
        "fields": {name: field_schema(field, language) for name, field in record.fields.items()},
        "actions": {a.name: _action(a, language) for a in record.actions.values() if set(a.by) != {SYSTEM}},
        "home": record.sync.home,
        "scope": record.sync.scope,
    }


def _action(action: Action, language: Language) -> dict[str, object]:
    return {
        "label": action.label.say(language),
        "new": action.new,
        "from": None if action.sources is None else sorted(action.sources),
        "by": list(action.by),
        "ask": {ask.name: {**ask_schema(ask, language), "required": ask.spec.required} for ask in action.ask},
    }


def _fault(fault: Fault, language: Language) -> dict[str, object]:
    return {
        "plugin": fault.plugin,
        "kept_version": fault.kept_version,
        "problems": [problem.render(language) for problem in fault.problems],
    }


def said(value: object, language: Language) -> object:
    """Return plain data with its labels in one language."""
    if isinstance(value, Text):
        return value.say(language)
    if isinstance(value, Mapping):
        if value.keys() == {"zh", "en"}:
            return value[language]
        return {str(key): said(each, language) for key, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [said(each, language) for each in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
