"""Would a broken rule come out otherwise? Asked whenever the rule is worked out, while a scenario is played once.

A mutant of a rule's text that gives, every time, what the rule gives cannot be noticed: the play would be the same
to the last step. So most plays of mutants need not be played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass

from core.language.compile.change import Changes
from core.language.definition import Plugin
from core.language.expressions import Env, Expression
from core.language.mutants import Mutant
from core.language.yaml_tree import dotted
from core.model.errors import DefinitionError

Run = Callable[[Env], object]
_WORKED_OUT_HERE = ("when", "rule", "due", "while", "is", "value", "default", "amount", "account", "key")


class Watch:
    """Mutants beside the rules they break. Between ``with`` and its end the plugin's own rules ask them as well."""

    def __init__(self, plugin: Plugin) -> None:
        self._rules: dict[str, list[Expression]] = {}
        for each in _expressions(plugin):
            if each.place is not None:
                self._rules.setdefault(each.place.path, []).append(each)
        self._mutants: dict[str, list[tuple[str, Run]]] = {}  # path -> name and mutant
        self._differ: dict[str, set[str]] = {}  # mutant -> scenarios in which it came out otherwise
        self._scenario, self._asking = "", False
        self._own: list[tuple[Expression, Run]] = []

    def add(self, mutant: Mutant, changes: Changes) -> None:
        """Take in a mutant, if it is one of a rule's text that is worked out here and not by the database."""
        path, node = dotted(mutant.path), mutant.node
        was = changes.root.at(mutant.path).value
        if node is None or not isinstance(node.value, str) or not isinstance(was, str) or path not in self._rules:
            return
        if path not in changes.recipes or not _worked_out_here(mutant):
            return
        try:
            broken = changes.recipes[path](node.value.removeprefix("=").lstrip())
        except DefinitionError:
            return
        if all(broken.settings == each.settings for each in self._rules[path]):  # else it may be inactive
            self._mutants.setdefault(path, []).append((mutant.name, broken.run))
            self._differ[mutant.name] = set()

    def begin(self, scenario: str) -> None:
        """From now on it is this scenario that is played."""
        self._scenario = scenario

    def differs(self, mutant: Mutant, scenario: str) -> bool:
        """Return whether a mutant came out otherwise at least once in a scenario, or was not asked at all."""
        found = self._differ.get(mutant.name)
        return found is None or scenario in found

    def __enter__(self) -> None:
        for path, mutants in self._mutants.items():
            for rule in self._rules[path]:
                self._own.append((rule, rule.run))
                object.__setattr__(rule, "run", self._asked(rule.run, mutants))

    def __exit__(self, *_: object) -> None:
        for rule, run in self._own:
            object.__setattr__(rule, "run", run)
        self._own.clear()

    def _asked(self, own: Run, mutants: list[tuple[str, Run]]) -> Run:
        def run(env: Env) -> object:
            if self._asking:
                return own(env)
            told = _outcome(own, env)
            self._asking = True
            try:
                for name, mutant in mutants:
                    if self._scenario not in self._differ[name] and _outcome(mutant, env) != told:
                        self._differ[name].add(self._scenario)
            finally:
                self._asking = False
            value, error = told
            if isinstance(error, _Raised):
                raise error.error
            return value

        return run


class _Raised:
    """An exception that equals another of its kind."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Raised) and type(other.error) is type(self.error)

    def __hash__(self) -> int:
        return hash(type(self.error))


def _outcome(run: Run, env: Env) -> tuple[object, _Raised | None]:
    try:
        return run(env), None
    except Exception as error:  # noqa: BLE001 - whatever a rule raises is what it gives
        return None, _Raised(error)


def _worked_out_here(mutant: Mutant) -> bool:
    path = mutant.path
    if "where" in path or path[0] not in ("records", "dispatch"):
        return False
    return path[-1] in _WORKED_OUT_HERE or (len(path) > 2 and path[-2] in ("set", "with")) or path[-1] == "at"


def _expressions(plugin: Plugin) -> Iterator[Expression]:
    """Yield every expression of a plugin that is not a ``where``, wherever it stands."""
    waiting: list[object] = [plugin.records, plugin.additions, plugin.dispatch]
    seen: set[int] = set()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, Expression):
            yield thing
        elif isinstance(thing, Mapping):
            waiting.extend(thing.values())
        elif isinstance(thing, list | tuple | frozenset):
            waiting.extend(thing)
        elif is_dataclass(thing) and not isinstance(thing, type):
            waiting.extend(getattr(thing, each.name) for each in fields(thing))
