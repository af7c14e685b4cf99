"""Is every rule proved? Each mutant of a plugin is played against the scenarios that could notice it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal
from zoneinfo import ZoneInfo

from core.host.host import Host
from core.language.compile.change import Changes
from core.language.definition import Plugin
from core.language.mutants import Mutant, mutants_of
from core.language.rulebook import cited_at
from core.language.yaml_tree import KeyPath, YamlNode, dotted
from core.model.errors import DefinitionError
from stores.rehearsal import ZONE, rehearse
from stores.rehearsal.footprint import Footprint, footprint
from stores.rehearsal.infection import Watch
from stores.rehearsal.stage import Album, Scene
from stores.storage.tables import share_tables

End = Literal["noticed", "refused", "survived"]
_PEOPLE = ("staff", "assignment", "department", "duty", "absence", "time_off")  # what a sample of a person may touch
_FIRINGS_SPARE = 50  # a mutant may fire a few timers more than the rule it broke before it counts as running wild


@dataclass(frozen=True, slots=True)
class Trial:
    """How a mutant ended: noticed ``by`` a scenario, refused by the loader, or not noticed at all."""

    mutant: Mutant
    end: End
    by: str | None = None


class Prover:
    """One plugin, its scenarios with their footprints, and its mutants, in the order of the YAML."""

    def __init__(self, host: Host, plugin: Plugin, zone: ZoneInfo = ZONE) -> None:
        self.host, self.plugin, self.zone = host, plugin, zone
        catalog = host.catalog
        base = {name: each for name, each in catalog.plugins.items() if name != plugin.name}
        self._changes = Changes(plugin, base, catalog.functions, catalog.fields)
        self.mutants = tuple(_each_once(mutants_of(self._changes.root)))
        self._albums = {name: Album() for name in plugin.scenarios}
        self.footprints: list[Footprint] = []
        self._watch = Watch(plugin)
        self._noticed = defaultdict[KeyPath, Counter[str]](Counter)  # place -> scenarios that noticed there

    def walk(self, mutants: Iterable[Mutant]) -> None:
        """Play every scenario once as it is: see where it goes, and which of the broken rules would come out otherwise.

        Needed before mutants are tried; ``mutants`` are those that will be.
        """
        for mutant in mutants:
            self._watch.add(mutant, self._changes)
        with self._watch:
            for name, scenario in self.plugin.scenarios.items():
                self._watch.begin(name)
                album = self._albums[name]
                self.footprints.append(footprint(self.host, self.plugin, scenario, self.zone, album))

    @property
    def failing(self) -> list[str]:
        """The scenarios that fail as it is: they cannot prove anything."""
        return [each.scenario for each in self.footprints if not each.passed]

    def try_out(self, mutant: Mutant) -> Trial:
        """Play the mutant until a scenario notices.

        Those that noticed something beside it come first, then the ones that cite its rule, then the quick ones.
        """
        root = mutant.applied(self._changes.root)
        try:
            plugin = self._changes.changed(root, mutant.path)
        except DefinitionError:
            return Trial(mutant, "refused")
        host = self._host(mutant, plugin)
        for each in self._who_could_notice(mutant):
            if self._notices(host, mutant, each):
                self._remember(mutant, each)
                return Trial(mutant, "noticed", each.scenario)
        return Trial(mutant, "refused" if self._loader_minds(root) else "survived")

    def _host(self, mutant: Mutant, plugin: Plugin) -> Host:
        """Return a host that runs the mutant; its columns are those of the plugin, so it shares the tables."""
        host = self.host.trying(replace(plugin, digest=f"{plugin.digest}/{mutant.name}/{mutant.node}"))
        share_tables(self.host.catalog, host.catalog)
        return host

    def _notices(self, host: Host, mutant: Mutant, each: Footprint) -> bool:
        """Return whether a scenario fails. That nothing works any more is noticed, too."""
        plugin = host.catalog.plugin(self.plugin.name)
        scenario = self.plugin.scenarios[each.scenario]
        try:
            most = 2 * each.firings + _FIRINGS_SPARE
            begins = self._beginning(mutant, each)
            return not rehearse(host, plugin, scenario, self.zone, firings_max=most, begins=begins).passed
        except Exception:  # noqa: BLE001 - a mutant may break what the loader makes sure of
            return True

    def _beginning(self, mutant: Mutant, each: Footprint) -> Scene | None:
        """Return from where a scenario may begin: what comes before must be the same with the mutant as without."""
        path, album = mutant.path, self._albums[each.scenario]
        if path[0] in ("roles", "calendar") or path[:2] in [("records", name) for name in _PEOPLE]:
            return None
        passed_by = each.before is None or each.before.crosses(mutant, self.plugin)
        return album.people if passed_by else album.opening

    def _who_could_notice(self, mutant: Mutant) -> list[Footprint]:
        cited = cited_at(self.plugin, dotted(mutant.path))
        found = [each for each in self.footprints if each.passed and self._could_notice(each, mutant)]
        near = [self._noticed[mutant.path[:length]] for length in range(len(mutant.path), 1, -1)]

        def promise(each: Footprint) -> tuple[object, ...]:
            citing = not cited & set(self.plugin.scenarios[each.scenario].cite)
            return (*(-count[each.scenario] for count in near[:-1]), citing, -near[-1][each.scenario], each.seconds)

        return sorted(found, key=promise)

    def _remember(self, mutant: Mutant, each: Footprint) -> None:
        """Note who noticed a mutant: what stands beside it is best shown to the same."""
        for length in range(2, len(mutant.path) + 1):
            self._noticed[mutant.path[:length]][each.scenario] += 1

    def _could_notice(self, each: Footprint, mutant: Mutant) -> bool:
        """Return whether a scenario passes by a mutant and does not find it the same as the rule, every time."""
        if not each.crosses(mutant, self.plugin):
            return False
        return self._watch.differs(mutant, each.scenario) or each.asks(mutant, self.plugin)

    def _loader_minds(self, root: YamlNode) -> bool:
        """Return whether the checks of the whole refuse the mutant or warn of what they did not warn of before."""
        try:
            warnings = self._changes.whole(root).warnings
        except DefinitionError:
            return True
        known = {(each.code, each.what.en) for each in self.plugin.warnings}
        return any((each.code, each.what.en) not in known for each in warnings)


def _each_once(mutants: Iterable[Mutant]) -> Iterable[Mutant]:
    seen: dict[str, int] = {}
    for mutant in mutants:
        count = seen[mutant.name] = seen.get(mutant.name, 0) + 1
        if count > 1:  # the same words twice in one rule: told apart by their turn
            said = f" ({count})"
            mutant = replace(mutant, what=replace(mutant.what, en=mutant.what.en + said, zh=mutant.what.zh + said))  # noqa: PLW2901
        yield mutant
