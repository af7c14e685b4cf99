"""A plugin with one thing changed: only what stands there is compiled again. For trying out many changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from core.language.compile.dispatch import compile_dispatch, enter_dispatch
from core.language.compile.drafts import Blueprint
from core.language.compile.ledgers import compile_ledgers
from core.language.compile.notices import compile_notices
from core.language.compile.plugin import compile_source, enter_names, raise_errors
from core.language.compile.presence import settle_presence
from core.language.compile.reach import reach_of
from core.language.compile.records import additions_of, compile_record
from core.language.compile.reports import compile_reports
from core.language.compile.scorecards import compile_scorecards
from core.language.compile.settings import compile_calendar, compile_roles, compile_settings
from core.language.compile.workshop import Recipe, Workshop
from core.language.definition import Plugin, RecordType
from core.language.expressions.functions import Functions
from core.language.manifest import Manifest, problems_of, read_manifest
from core.language.source import KeyPath, Source, YamlNode, load_source
from core.model.errors import DefinitionError
from core.model.fields import Fields

_MADE_RECORDS = ("records", "ledgers", "scorecards")  # sections whose entries are record types, or become one
_QUICK = {*_MADE_RECORDS, "settings", "roles", "calendar", "dispatch", "notices", "reports"}


class Changes:
    """Compiles a plugin's YAML with one change after the other. ``base`` has core and the required plugins."""

    def __init__(self, plugin: Plugin, base: Mapping[str, Plugin], functions: Functions, fields: Fields) -> None:
        self.plugin, self.base, self.functions, self.fields = plugin, base, functions, fields
        self.source = load_source(plugin.folder)
        self.manifest = read_manifest(self.source.root)
        _, plans = self._names(self.source.root, self.manifest, settled=True)
        self._present = {plan.name: frozenset(plan.draft.present) for plan in plans}

    @cached_property
    def recipes(self) -> Mapping[str, Recipe]:
        """What compiles another text for a rule as if it stood there, by the rule's path."""
        shop, plans = self._names(self.root, self.manifest, settled=True)
        for plan in plans:
            compile_record(shop, plan)
        compile_dispatch(shop, plans)
        compile_scorecards(shop)
        return shop.recipes

    @property
    def root(self) -> YamlNode:
        """The YAML as it is."""
        return self.source.root

    def changed(self, root: YamlNode, path: KeyPath) -> Plugin:
        """Return the plugin with the YAML ``root``, which differs from what it is only below ``path``.

        Raises DefinitionError when what stands there cannot be; the checks of the whole are left out.
        """
        if path[0] not in _QUICK:
            return self.whole(root)
        shop, plans = self._names(root, self._manifest(root, path), settled=False)
        plugin = self._part(shop, plans, path)
        raise_errors(shop)
        return plugin

    def whole(self, root: YamlNode) -> Plugin:
        """Return the plugin with the YAML ``root``, compiled and checked as a loader would."""
        source = Source(root, self.source.files, self.source.digest)
        return compile_source(source, self.plugin.folder, self.base, self.functions, self.fields)

    def _manifest(self, root: YamlNode, path: KeyPath) -> Manifest:
        """Return the shape, of which only the changed entry is read anew."""
        section = str(path[0])
        kind: Any = Manifest.model_fields[section].annotation
        if section == "calendar" or len(path) < 2:
            return read_manifest(root)
        entries = dict(getattr(self.manifest, section))
        here = (section, path[1])
        try:
            if root.has(here):
                entries[path[1]] = TypeAdapter(get_args(kind)[1]).validate_python(root.at(here).plain())
            else:
                entries.pop(path[1], None)
        except ValidationError as error:
            raise DefinitionError(problems_of(error, root, get_args(kind)[1], here)) from None
        return self.manifest.model_copy(update={section: entries})

    def _names(self, root: YamlNode, manifest: Manifest, *, settled: bool) -> tuple[Workshop, list[Blueprint]]:
        """Return a bench on which every name is known, as before any rule is compiled."""
        reach = reach_of(self.base, manifest.requires)
        shop = Workshop(root, manifest, self.plugin.name, reach, self.functions, self.fields)
        plans = enter_names(shop)
        compile_settings(shop)
        compile_roles(shop)
        compile_ledgers(shop)
        enter_dispatch(shop)
        if settled:
            settle_presence(shop, plans)
        else:
            for plan in plans:
                plan.draft.present |= self._present.get(plan.name, frozenset())
            shop.reach.refresh()
        return shop, plans

    def _part(self, shop: Workshop, plans: list[Blueprint], path: KeyPath) -> Plugin:
        """Return the plugin with the changed part compiled."""
        plugin = self.plugin
        match path[0]:
            case "settings":
                return replace(plugin, settings=compile_settings(shop))
            case "roles":
                return replace(plugin, roles=compile_roles(shop))
            case "calendar":
                return replace(plugin, calendar=compile_calendar(shop))
            case "dispatch":
                return replace(plugin, dispatch=compile_dispatch(shop, plans))
            case "reports":
                return replace(plugin, reports=compile_reports(shop))
        compiled = self._records(shop, plans, str(path[1]) if path[0] in _MADE_RECORDS and len(path) > 1 else None)
        if path[0] == "notices":
            return replace(plugin, notices=compile_notices(shop, plans, compiled.values()))
        return replace(
            plugin,
            records={plan.name: compiled[plan.name] for plan in plans if plan.target is None},
            additions=additions_of(plans, compiled),
            ledgers=compile_ledgers(shop),
            scorecards=compile_scorecards(shop),
        )

    def _records(self, shop: Workshop, plans: list[Blueprint], changed: str | None) -> dict[str, RecordType]:
        """Return the record types: the changed one compiled, the others as they are."""
        return {plan.name: compile_record(shop, plan) if plan.name == changed else self._as_is(plan) for plan in plans}

    def _as_is(self, plan: Blueprint) -> RecordType:
        return self.plugin.additions[plan.target.key] if plan.target else self.plugin.records[plan.name]
