"""From a plugin's folder to its definition: read, check the shape, compile every part, check the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.language.checks import CHECKS, Inspection
from core.language.compile.dispatch import compile_dispatch, enter_dispatch
from core.language.compile.drafts import Blueprint, Origin, draft_records
from core.language.compile.guidance import compile_guidance
from core.language.compile.head import check_head, extended
from core.language.compile.ledgers import compile_ledgers, ledger_record
from core.language.compile.migrations import compile_migrations
from core.language.compile.notices import compile_notices
from core.language.compile.presence import settle_presence
from core.language.compile.reach import reach_of
from core.language.compile.records import additions_of, compile_record
from core.language.compile.reports import compile_reports
from core.language.compile.rules import citations_elsewhere, citations_of, compile_rules
from core.language.compile.scorecards import compile_scorecards, scorecard_record
from core.language.compile.settings import compile_calendar, compile_roles, compile_settings
from core.language.compile.views import compile_views
from core.language.compile.workshop import Workshop, text_of
from core.language.definition import Plugin
from core.language.expressions.functions import FUNCTIONS, Functions
from core.language.manifest import RecordShape, read_manifest
from core.language.samples import compile_samples
from core.language.scenarios import compile_scenarios
from core.language.source import KeyPath, Source, load_source
from core.model.errors import DefinitionError, Place, Problem, Text
from core.model.fields import FIELD_TYPES, Fields

BUILTIN = Path(__file__).parent.parent / "builtin"


def compile_core(functions: Functions = FUNCTIONS, fields: Fields = FIELD_TYPES) -> Plugin:
    """Return the built-in plugin every other one stands on."""
    return compile_plugin(BUILTIN, {}, functions, fields)


def compile_plugin(
    folder: Path, base: Mapping[str, Plugin], functions: Functions = FUNCTIONS, fields: Fields = FIELD_TYPES
) -> Plugin:
    """Return the compiled plugin.

    ``base`` has core and the required plugins, compiled; for an overlay also the plugin it extends.

    Raises:
        DefinitionError: with all problems of the stage that failed (YAML, then shape, then meaning), each
        with its place. What only deserves mending is in ``Plugin.warnings``.
    """
    return compile_source(load_source(folder), folder, base, functions, fields)


def compile_source(
    source: Source, folder: Path, base: Mapping[str, Plugin], functions: Functions, fields: Fields
) -> Plugin:
    """Return the plugin whose YAML is already read; otherwise like ``compile_plugin``."""
    root, extends = extended(source.root, base)
    manifest = read_manifest(root)
    owner = extends.name if extends else manifest.plugin
    needed = [*manifest.requires, *(extends.requires if extends else ())]
    shop = Workshop(root, manifest, owner, reach_of(base, needed), functions, fields)
    check_head(shop, base)
    digest = source.digest + (extends.digest if extends else "")
    plugin = _compiled(
        shop,
        Plugin(
            manifest.plugin,
            manifest.version,
            _label(shop),
            folder,
            digest,
            dict(manifest.requires),
            owner if extends else None,
        ),
    )
    raise_errors(shop)
    return replace(plugin, warnings=_in_order([problem for problem in shop.problems if problem.level == "warn"]))


def raise_errors(shop: Workshop) -> None:
    """Raise DefinitionError with the errors noted so far, in the order of the files; warnings do not count."""
    errors = [problem for problem in shop.problems if problem.level == "error"]
    if errors:
        raise DefinitionError(_in_order(errors))


def _compiled(shop: Workshop, plugin: Plugin) -> Plugin:
    """Fill in the parts. Names first, so that every rule may speak of everything; then the rules; then the checks."""
    plans = enter_names(shop)
    settings = compile_settings(shop)
    roles = compile_roles(shop)
    ledgers = compile_ledgers(shop)
    enter_dispatch(shop)
    settle_presence(shop, plans)
    compiled = {plan.name: compile_record(shop, plan) for plan in plans}
    own = {plan.name: compiled[plan.name] for plan in plans if plan.target is None}
    plugin = replace(
        plugin,
        settings=settings,
        calendar=compile_calendar(shop),
        roles=roles,
        records=own,
        additions=additions_of(plans, compiled),
        ledgers=ledgers,
        dispatch=compile_dispatch(shop, plans),
        scorecards=compile_scorecards(shop),
        reports=compile_reports(shop),
        notices=compile_notices(shop, plans, compiled.values()),
        views=compile_views(shop),
        guidance=compile_guidance(shop, compiled),
        samples=compile_samples(shop),
        scenarios=compile_scenarios(shop),
        migrations=compile_migrations(shop),
        rules=compile_rules(shop),
        equivalent=dict(shop.manifest.equivalent),
        citations=(*citations_of(shop.root), *citations_elsewhere(shop)),
    )
    if all(problem.level == "warn" for problem in shop.problems):
        for check in CHECKS:
            check(Inspection(shop, plugin, tuple(plans), compiled))
    return plugin


def enter_names(shop: Workshop) -> list[Blueprint]:
    """Let every rule know the names of everything; return the records to compile."""
    manifest, reach = shop.manifest, shop.reach
    reach.roles.update(
        {name: text_of(role.label) if role.label else Text(name, name) for name, role in manifest.roles.items()}
    )
    reach.notices.update(manifest.notices)
    reach.scorecards.update(manifest.scorecards)
    reach.reports.update(manifest.reports)
    shapes: dict[str, tuple[RecordShape, KeyPath, Origin]] = {
        name: (shape, ("records", name), "record") for name, shape in manifest.records.items()
    }
    made: list[tuple[str, tuple[RecordShape, KeyPath], Origin]] = [
        *((name, ledger_record(name, ledger), "ledger") for name, ledger in manifest.ledgers.items()),
        *((name, scorecard_record(name, card), "scorecard") for name, card in manifest.scorecards.items()),
    ]
    for name, (shape, path), origin in made:
        if name in shapes:
            shop.key_fault("defined-twice", f"`{name}` is also a {shapes[name][2]}", f"`{name}` 与其他记录重名", path)
        shapes[name] = (shape, path, origin)
    return draft_records(shop, shapes)


def _label(shop: Workshop) -> Text:
    return (
        shop.label(shop.manifest.label, ("plugin",), needed=True)
        if shop.manifest.label is None
        else text_of(shop.manifest.label)
    )


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Return the problems in the order of the files, each once."""
    nowhere = Place("", 0, 0)
    own = [problem for problem in problems if not _is_echo(problem)] or problems
    return tuple(sorted(dict.fromkeys(own), key=lambda problem: problem.place or nowhere))


def _is_echo(problem: Problem) -> bool:
    """Whether a problem was found again in the record made from a ledger or scorecard, where nobody wrote it."""
    steps = problem.place.path.split(".") if problem.place else []
    return len(steps) > 2 and steps[0] in ("ledgers", "scorecards") and steps[2] in ("fields", "actions")
