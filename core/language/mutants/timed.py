"""Steps that only timers take, each in the states alone that the step starts from: there ``from`` changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from core.language.definition import SYSTEM
from core.language.mutants.bounds import bounds
from core.language.yaml_tree import KeyPath, YamlNode


def only_timed(root: YamlNode, path: KeyPath) -> bool:
    """Return whether the action whose ``from`` stands at ``path`` is the system's and cannot happen outside it."""
    record, action = _map(root.at(path[:2]).plain()), str(path[3])
    step = _map(_map(record["actions"])[action])
    own = [timer for timer in map(_map, _map(record.get("timers")).values()) if timer.get("then") == action]
    if step.get("by") != SYSTEM or not own:
        return False
    states = step["from"] if isinstance(step["from"], list | tuple) else [step["from"]]
    runs = [bounds(str(timer.get("while", ""))).get("self.state") for timer in own]
    return all(each is not None and each <= set(states) for each in runs)


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
