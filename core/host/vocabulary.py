"""What hooks add to the language: functions, field types, sources of holidays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol, cast

import pluggy

from core.host.watchdog import Watchdog
from core.language.definition import Plugin
from core.language.expressions.functions import FUNCTIONS, Functions
from core.language.expressions.registry import Function
from core.language.public_days import known_country
from core.language.working_days import HolidaySource
from core.model.errors import DefinitionError, Problem, Text, suggest
from core.model.fields import FIELD_TYPES, Fields


class Named(Protocol):
    """What goes by a name."""

    @property
    def name(self) -> str:
        """The name."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words a plugin may use: what is built in and what the hooks in its reach bring."""

    functions: Functions
    fields: Fields
    holidays: Mapping[str, HolidaySource]


def vocabulary(
    manager: pluggy.PluginManager, silent: Collection[object], watchdog: Watchdog | None = None
) -> Vocabulary:
    """Return the words that all registered plugins but the ``silent`` ones bring; their functions run under watch.

    Raises DefinitionError when a hook fails or brings a name that is taken.
    """
    try:
        functions = list(_functions(manager.subset_hook_caller("functions", silent), watchdog))
        types = list(chain.from_iterable(manager.subset_hook_caller("field_types", silent)()))
        sources = [dict(answer) for answer in manager.subset_hook_caller("holiday_sources", silent)()]
    except Exception as error:
        what = Text(f"a hook that adds to the language failed: {error!r}", f"扩展语言的钩子出错：{error!r}")
        raise DefinitionError((Problem("vocabulary-failed", what),)) from error
    _refuse_doubles("function", FUNCTIONS, functions)
    _refuse_doubles("field type", FIELD_TYPES, types)
    holidays = {name: source for answer in sources for name, source in answer.items()}
    return Vocabulary(FUNCTIONS.with_(*functions), Fields(types), holidays)


def _functions(caller: pluggy.HookCaller, watchdog: Watchdog | None) -> Iterator[Function]:
    for each in reversed(caller.get_hookimpls()):
        brought = cast("Iterable[Function]", each.function())
        for function in brought:
            if watchdog is None or function.run is None:
                yield function
            else:
                yield replace(
                    function, run=watchdog.guarded(function.run, each.plugin_name, f"functions: {function.name}")
                )


def unknown_holidays(plugin: Plugin, words: Vocabulary) -> list[Problem]:
    """Return a problem when the calendar names holidays that neither a country nor a hook has."""
    name = plugin.calendar.holidays
    if name is None or name in words.holidays or known_country(name):
        return []
    what = Text(f"no holidays are known for `{name}`", f"没有 `{name}` 的节假日资料")
    fix = suggest(name, words.holidays) or Text("write a country code, e.g. cn", "请写国家代码，例如 cn")
    return [Problem("unknown-holidays", what, fix=fix)]


def _refuse_doubles(kind: str, known: Iterable[str], new: Iterable[Named]) -> None:
    taken, problems = set(known), []
    for each in new:
        if each.name in taken:
            what = Text(f"there is already a {kind} `{each.name}`", f"`{each.name}` 已存在，不能重复添加")
            problems.append(Problem("name-taken", what, fix=Text("give it another name", "请改用其他名称")))
        taken.add(each.name)
    if problems:
        raise DefinitionError(tuple(problems))
