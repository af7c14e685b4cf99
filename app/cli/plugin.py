"""``branchline plugin …``: check, test, begin, look up and explain a business written in YAML."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Annotated, NoReturn

import typer

from app.cli import plugin_explain, plugin_scaffold, plugin_text
from core.host.catalog import Fault
from core.host.discovery import MANIFEST, read_head
from core.host.host import Host
from core.host.manual import hooks_manual
from core.language.definition import Plugin
from core.language.manifest import json_schema
from core.model.errors import Language, NodeError
from stores.rehearsal import rehearse

plugin_app = typer.Typer(
    no_args_is_help=True, help="Write, check and test a business plugin. 编写、检查、测试业务插件。"
)


class Tongue(StrEnum):
    """The two languages of the house."""

    ZH = "zh"
    EN = "en"


Folders = Annotated[list[Path], typer.Argument(help="A plugin's folder, or a folder of plugins", show_default=False)]
Folder = Annotated[Path, typer.Argument(help="The plugin's folder", show_default=False)]
Lang = Annotated[Tongue, typer.Option("--lang", help="zh or en", envvar="BRANCHLINE_LANGUAGE")]


@plugin_app.command()
def check(folders: Folders, lang: Lang = Tongue.EN) -> None:
    """Say what is wrong with a plugin: file, line, column, the way out. Exit code 1 when there is a fault."""
    language = _language(lang)
    faulty = False
    for folder in folders:
        host, names = _load(folder, language)
        faults = [fault for fault in host.catalog.faults if fault.plugin in names]
        faulty = faulty or bool(faults)
        for fault in faults:
            typer.echo("\n\n".join(plugin_text.problem(each, language) for each in fault.problems))
            typer.echo()
        for name in sorted(names & host.catalog.plugins.keys()):
            _say_good(host.catalog.plugins[name], language)
    raise typer.Exit(1 if faulty else 0)


@plugin_app.command()
def test(
    folders: Folders,
    lang: Lang = Tongue.EN,
    only: Annotated[str, typer.Option("--only", "-k", help="Run scenarios whose name contains this")] = "",
) -> None:
    """Run a plugin's scenarios through the same code as a store, under a simulated clock."""
    language = _language(lang)
    lines, failed, count, began = [], 0, 0, perf_counter()
    for folder in folders:
        host, names = _load(folder, language)
        _stop_at_faults(host, names, language)
        for name in sorted(names):
            plugin = host.catalog.plugins[name]
            for scenario in (each for each in plugin.scenarios.values() if only in each.name):
                start = perf_counter()
                verdict = rehearse(host, plugin, scenario)
                count, failed = count + 1, failed + (not verdict.passed)
                lines.append(
                    [
                        name,
                        scenario.name,
                        plugin_text.pass_word(verdict.passed, language),
                        f"{perf_counter() - start:.2f}",
                    ]
                )
                for miss in verdict.misses:
                    typer.echo(plugin_text.miss(miss, scenario, language) + "\n")
    typer.echo(plugin_text.table(plugin_text.test_heads(language), lines))
    typer.echo(plugin_text.tally(count, failed, perf_counter() - began, language))
    raise typer.Exit(1 if failed or not count else 0)


@plugin_app.command()
def new(
    name: Annotated[str, typer.Argument(help="Lower case, digits and underscores", show_default=False)],
    into: Annotated[Path, typer.Option("--into", help="The folder of plugins")] = Path("plugins"),
    lang: Lang = Tongue.EN,
) -> None:
    """Begin a business: a small plugin that works, with one record, one timer and one scenario that passes."""
    language = _language(lang)
    try:
        folder = plugin_scaffold.write(name, into)
    except NodeError as error:
        _fail(error, language)
    typer.echo(plugin_text.scaffold_done(folder, language))


@plugin_app.command()
def rules(folder: Folder, lang: Lang = Tongue.EN) -> None:
    """List the rule book's numbers: where each is carried out, and which scenarios prove it."""
    language = _language(lang)
    host, names = _load(folder, language)
    _stop_at_faults(host, names, language)
    for name in sorted(names):
        plugin = host.catalog.plugins[name]
        typer.echo(plugin_text.table(plugin_text.rule_heads(language), plugin_text.rule_rows(plugin)))


@plugin_app.command()
def explain(
    folder: Folder,
    record: Annotated[str, typer.Argument(help="A record type; all of them when left out")] = "",
    lang: Lang = Tongue.EN,
) -> None:
    """Say in words what a record type does: its states, actions, timers, and who may do what."""
    language = _language(lang)
    host, names = _load(folder, language)
    _stop_at_faults(host, names, language)
    for name in sorted(names):
        plugin = host.catalog.plugins[name]
        try:
            wanted = (
                [host.catalog.record(name, record)]
                if record
                else [r for r in plugin.records.values() if r.origin == "record"]
            )
        except NodeError as error:
            _fail(error, language)
        typer.echo("\n\n".join(plugin_explain.record_in_words(plugin, each, language) for each in wanted))


@plugin_app.command()
def schema() -> None:
    """Print the JSON Schema of plugin.yaml, for editors."""
    typer.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


@plugin_app.command()
def hooks() -> None:
    """Print the manual of the Python hooks: docs/hooks.md."""
    typer.echo(hooks_manual(), nl=False)


def _load(folder: Path, language: Language) -> tuple[Host, set[str]]:
    """Load a folder; a single plugin is loaded with its neighbours, where what it requires is looked for."""
    try:
        if (folder / MANIFEST).is_file():
            name = read_head(folder.resolve()).name
            return Host([folder.resolve(), *_neighbours(folder)], only=[name], entry_points=True, environment={}), {
                name
            }
        host = Host([folder], environment={})
    except NodeError as error:
        _fail(error, language)
    named = {fault.plugin for fault in host.catalog.faults} | set(host.catalog.plugins)
    inside = {name for name in named if _comes_from(host, name, folder)}
    if not inside:
        _fail(NodeError.of("no-plugin", f"there is no plugin in {folder}", f"{folder} 中没有插件"), language)
    return host, inside


def _neighbours(folder: Path) -> list[Path]:
    here = folder.resolve()
    return [each for each in sorted(here.parent.iterdir()) if each != here and (each / MANIFEST).is_file()]


def _comes_from(host: Host, name: str, folder: Path) -> bool:
    places = [fault.folder for fault in host.catalog.faults if fault.plugin == name]
    if name in host.catalog.plugins:
        places.append(host.catalog.plugins[name].folder)
    return any(place is not None and place.resolve().is_relative_to(folder.resolve()) for place in places)


def _stop_at_faults(host: Host, names: set[str], language: Language) -> None:
    faults: list[Fault] = [fault for fault in host.catalog.faults if fault.plugin in names]
    if faults:
        typer.echo(
            "\n\n".join(plugin_text.problem(each, language) for fault in faults for each in fault.problems), err=True
        )
        raise typer.Exit(1)


def _say_good(plugin: Plugin, language: Language) -> None:
    for warning in plugin.warnings:
        typer.echo(plugin_text.problem(warning, language) + "\n")
    typer.echo(plugin_text.all_well(plugin, language))


def _fail(error: NodeError, language: Language) -> NoReturn:
    typer.echo("\n".join(problem.render(language) for problem in error.problems), err=True)
    raise typer.Exit(1)


def _language(tongue: Tongue) -> Language:
    return "zh" if tongue is Tongue.ZH else "en"
