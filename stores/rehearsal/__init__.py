"""Rehearsals: a plugin's scenarios, played on a node in memory under a simulated clock by the code of a store."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from core.host.host import Host
from core.language.definition import Plugin, Scenario
from core.model.errors import NodeError, Text
from stores.rehearsal.play import Play
from stores.rehearsal.stage import Scene, Stage
from stores.rehearsal.verdict import Miss, Missed, Verdict, because

__all__ = ["Miss", "Verdict", "rehearse"]

ZONE = ZoneInfo("Asia/Shanghai")


def rehearse(
    host: Host,
    plugin: Plugin,
    scenario: Scenario,
    zone: ZoneInfo = ZONE,
    *,
    firings_max: int | None = None,
    begins: Scene | None = None,
) -> Verdict:
    """Play one scenario from an empty node and say what differed from what it expects.

    A step that goes wrong ends the play: what follows stands on it. Of the closing ``then`` all are looked at.
    Nothing outside the process is touched, and two plays never see each other; ``begins`` spares a scenario that is
    played again and again what comes before its first step.
    """
    try:
        with Stage.opened(
            host, plugin, scenario.now, zone, scenario.store, firings_max=firings_max, begins=begins
        ) as stage:
            return Verdict(scenario.name, tuple(Play(stage, scenario).misses()))
    except Missed as missed:
        return Verdict(scenario.name, (missed.miss,))
    except NodeError as error:
        return Verdict(scenario.name, (Miss(scenario.place, because(Text("cannot be set up", "无法开始"), error)),))
