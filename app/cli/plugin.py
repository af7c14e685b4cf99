"""``branchline plugin …``: check, test, begin, look up and explain a business written in YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Annotated, NoReturn

import typer

from app.cli import plugin_explain, plugin_mutants, plugin_scaffold, plugin_text, rule_page
from app.cli.common import language
from core.host.catalog import Fault
from core.host.discovery import MANIFEST, read_head
from core.host.host import Host
from core.host.manual import hooks_manual
from core.host.reference import plugin_reference
from core.language.definition import Plugin, RecordType
from core.language.manifest import json_schema
from core.model.errors import Language, NodeError
from stores.rehearsal import rehearse
from stores.rehearsal.proving import Prover

plugin_app = typer.Typer(
    no_args_is_help=True, help="Write, check and test a business plugin. 编写、检查、测试业务插件。"
)


class Tongue(StrEnum):
    """The two languages of the house."""

    ZH = "zh"
    EN = "en"


Folders = Annotated[list[Path], typer.Argument(help="A plugin's folder, or a folder of plugins", show_default=False)]
Folder = Annotated[Path, typer.Argument(help="The plugin's folder", show_default=False)]
Lang = Annotated[Tongue | None, typer.Option("--lang", help="zh or en; the terminal's language when left out")]


@plugin_app.command()
def check(folders: Folders, lang: Lang = None) -> None:
    """Say what is wrong with a plugin: file, line, column, the way out. Exit code 1 when there is a fault."""
    tongue, faulty = _language(lang), False
    for loaded in _load(folders, tongue):
        faulty = faulty or bool(loaded.faults)
        if loaded.faults:
            typer.echo(plugin_text.faults(loaded.faults, tongue) + "\n")
        if loaded.plugin:
            _say_good(loaded.plugin, tongue)
    raise typer.Exit(1 if faulty else 0)


@plugin_app.command("test")
def run_scenarios(
    folders: Folders,
    lang: Lang = None,
    only: Annotated[str, typer.Option("--only", "-k", help="Run scenarios whose name contains this")] = "",
) -> None:
    """Run a plugin's scenarios through the same code as a store, under a simulated clock."""
    tongue, began, lines = _language(lang), perf_counter(), []
    failed = 0
    for loaded in _load(folders, tongue):
        plugin = _sound(loaded, tongue)
        for scenario in (each for each in plugin.scenarios.values() if only in each.name):
            start = perf_counter()
            verdict = rehearse(loaded.host, plugin, scenario)
            failed += not verdict.passed
            word = plugin_text.pass_word(verdict.passed, tongue)
            lines.append([plugin.name, scenario.name, word, f"{perf_counter() - start:.2f}"])
            for miss in verdict.misses:
                typer.echo(plugin_text.miss(miss, scenario, tongue) + "\n")
    typer.echo(plugin_text.table(plugin_text.test_heads(tongue), lines))
    typer.echo(plugin_text.tally(len(lines), failed, perf_counter() - began, tongue))
    raise typer.Exit(1 if failed or not lines else 0)


@plugin_app.command()
def new(
    name: Annotated[str, typer.Argument(help="Lower case, digits and underscores", show_default=False)],
    into: Annotated[Path, typer.Option("--into", help="The folder of plugins")] = Path("plugins"),
    lang: Lang = None,
) -> None:
    """Begin a business: a small plugin that works, with one record, one timer and one scenario that passes."""
    tongue = _language(lang)
    try:
        folder = plugin_scaffold.write(name, into)
    except NodeError as error:
        _fail(error, tongue)
    typer.echo(plugin_text.scaffold_done(folder, tongue))


@plugin_app.command()
def rules(
    folders: Folders,
    lang: Lang = None,
    write: Annotated[bool, typer.Option("--write", help="Write RULES.md into the plugin's folder")] = False,
) -> None:
    """List the rule book's numbers: where each is carried out, and which scenarios prove it."""
    tongue = _language(lang)
    for loaded in _load(folders, tongue):
        plugin = _sound(loaded, tongue)
        if write:
            (plugin.folder / rule_page.PAGE).write_text(rule_page.rule_page(plugin), encoding="utf-8")
            continue
        typer.echo(plugin_text.table(rule_page.rule_heads(tongue), rule_page.rule_lines(plugin)))


@plugin_app.command()
def mutants(
    folders: Folders,
    lang: Lang = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Processes at work")] = 1,
    only: Annotated[str, typer.Option("--only", help="Only what carries out this rule, e.g. NC-40")] = "",
    record: Annotated[str, typer.Option("--record", help="Only this record, setting, ledger …")] = "",
    sample: Annotated[int, typer.Option("--sample", help="Only so many, drawn by --seed")] = 0,
    seed: Annotated[int, typer.Option("--seed")] = 0,
) -> None:
    """Break each rule of a plugin and list what no scenario notices. Exit code 1 when something is left."""
    tongue, good = _language(lang), True
    for loaded in _load(folders, tongue):
        plugin = _sound(loaded, tongue)
        prover = Prover(loaded.host, plugin)
        choice = plugin_mutants.Choice(only, record, sample, seed)
        for found in plugin_mutants.try_all(prover, choice, jobs):
            if isinstance(found, str):
                typer.echo(f"{found}: {plugin_text.pass_word(False, tongue)}", err=True)
                good = False
            elif isinstance(found, plugin_mutants.Tally):
                for name in found.stale:
                    typer.echo(plugin_mutants.stale(name, tongue))
                typer.echo(f"{plugin.name}: {plugin_mutants.summary(found, tongue)}")
                good = good and found.proved
            else:
                typer.echo(plugin_mutants.survivor(found, plugin, tongue))
    raise typer.Exit(0 if good else 1)


@plugin_app.command()
def explain(
    folder: Folder,
    record: Annotated[str, typer.Argument(help="A record type; all of them when left out")] = "",
    lang: Lang = None,
) -> None:
    """Say in words what a record type does: its states, actions, timers, and who may do what."""
    tongue = _language(lang)
    for loaded in _load([folder], tongue):
        plugin = _sound(loaded, tongue)
        try:
            types = _record_types(loaded, plugin, record)
        except NodeError as error:
            _fail(error, tongue)
        typer.echo("\n\n".join(plugin_explain.record_in_words(plugin, each, tongue) for each in types))


@plugin_app.command()
def schema() -> None:
    """Print the JSON Schema of plugin.yaml, for editors."""
    typer.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


@plugin_app.command()
def reference() -> None:
    """Print the reference of the plugin language: docs/plugin-reference.md."""
    typer.echo(plugin_reference(), nl=False)


@plugin_app.command()
def hooks() -> None:
    """Print the manual of the Python hooks: docs/hooks.md."""
    typer.echo(hooks_manual(), nl=False)


@dataclass(frozen=True, slots=True)
class Loaded:
    """One plugin folder: a host that runs it, the plugin if it is sound, and otherwise its faults."""

    host: Host
    plugin: Plugin | None
    faults: tuple[Fault, ...]


def _load(folders: Sequence[Path], tongue: Language) -> Iterator[Loaded]:
    """Load plugin folders one by one, each with its neighbours, where what it requires is looked for."""
    for folder in folders:
        here = folder.resolve()
        if (here / MANIFEST).is_file():
            found = [here]
        else:
            found = sorted(child for child in here.glob("*") if (child / MANIFEST).is_file())
        if not found:
            _fail(NodeError.of("no-plugin", f"there is no plugin in {folder}", f"{folder} 中没有插件"), tongue)
        yield from (_load_one(each) for each in found)


def _load_one(folder: Path) -> Loaded:
    """Load one plugin; a store's overlay is loaded as that store would, merged into the plugin it changes."""
    head = read_head(folder)
    neighbours = [each for each in sorted(folder.parent.iterdir()) if each != folder and (each / MANIFEST).is_file()]
    store = head.name.rpartition(".")[2] if head.extends else None
    host = Host([folder, *neighbours], only=[head.name], environment={}, store=store)
    faults = tuple(fault for fault in host.catalog.faults if head.name == fault.plugin or fault.folder == folder)
    plugin = None if faults else host.catalog.plugins.get(head.extended or head.name)
    assert plugin or host.catalog.faults, "a plugin that does not run has a fault"
    return Loaded(host, plugin, faults if plugin else host.catalog.faults)


def _sound(loaded: Loaded, tongue: Language) -> Plugin:
    """Return the plugin, or end with its faults: what is not sound cannot be tested or explained."""
    if loaded.plugin is None:
        typer.echo(plugin_text.faults(loaded.faults, tongue), err=True)
        raise typer.Exit(1)
    return loaded.plugin


def _record_types(loaded: Loaded, plugin: Plugin, name: str) -> list[RecordType]:
    """Return the record type of a name, with what others add to it; without a name, all of the plugin's own."""
    if name:
        return [loaded.host.catalog.record(plugin.name, name)]
    return [each for each in plugin.records.values() if each.origin == "record"]


def _say_good(plugin: Plugin, tongue: Language) -> None:
    for warning in plugin.warnings:
        typer.echo(plugin_text.problem(warning, tongue) + "\n")
    typer.echo(plugin_text.all_well(plugin, tongue))


def _fail(error: NodeError, tongue: Language) -> NoReturn:
    typer.echo("\n".join(problem.render(tongue) for problem in error.problems), err=True)
    raise typer.Exit(1)


def _language(tongue: Tongue | None) -> Language:
    if tongue is None:
        return language()
    return "zh" if tongue is Tongue.ZH else "en"
