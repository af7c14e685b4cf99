"""What people do not do: steps that only timers take, and records that only other records make."""

from __future__ import annotations

from collections.abc import Mapping

from core.language.definition import SYSTEM
from core.language.mutants.bounds import bounds
from core.language.yaml_tree import KeyPath, YamlNode


def never_entered(root: YamlNode, path: KeyPath) -> bool:
    """Return whether nobody enters the record or entry whose field stands at ``path``: the loader sees what is given.

    What a plugin adds to another's record is entered there.
    """
    if path[0] != "records" or "fields" not in path:
        return path[0] == "ledgers"
    record = _map(root.at(path[:2]).plain())
    begins = [_listed(_map(each).get("from")) for each in _map(record.get("actions")).values()]
    return "label" in record and not any("new" in states for states in begins)


def only_timed(root: YamlNode, path: KeyPath) -> bool:
    """Return whether the action whose ``from`` stands at ``path`` is the system's and cannot happen outside it.

    Where its timers run in these states alone, leaving ``from`` out changes nothing.
    """
    record, action = _map(root.at(path[:2]).plain()), str(path[3])
    step = _map(_map(record["actions"])[action])
    own = [timer for timer in map(_map, _map(record.get("timers")).values()) if timer.get("then") == action]
    if step.get("by") != SYSTEM or not own:
        return False
    runs = [bounds(str(timer.get("while", ""))).get("self.state") for timer in own]
    return all(each is not None and each <= set(_listed(step["from"])) for each in runs)


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
