"""The state of the line, on every page: online or since when not, what waits, whether the PC may be switched off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from app.chain.branches import Branch
from app.chain.overseeing import keeps, oversees
from app.chain.standing import brief, money_unsent
from app.pages.frame.desk import Desk

CLOCK_OFF_S = 30  # a clock that is off by less is nobody's worry


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to say about the line. ``tone`` is its colour; ``url`` leads to what can be done about it."""

    text: str
    tone: Literal["good", "warn", "bad", "plain"] = "plain"
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """The bar: its headline and its parts."""

    tone: Literal["good", "warn", "bad"]
    headline: str
    parts: list[Part] = field(default_factory=list)


# what goes by itself with the network: offline says enough
NO_NETWORK = frozenset({"link-unreachable", "link-timeout", "link-cut", "link-closed", "link-hub-fault", "hub-busy"})


def line_of(desk: Desk) -> Line:
    """Return the bar for the person at the desk."""
    told = brief(desk.service, desk.language)
    sync = told.get("sync")
    line = _linked(desk, sync) if isinstance(sync, Mapping) else Line("good", desk.words.headquarters)
    line.parts.extend(_worries(desk, told))
    return replace(line, tone="warn") if any(part.tone == "bad" for part in line.parts) else line


def _linked(desk: Desk, sync: Mapping[str, Any]) -> Line:
    w = desk.words
    waiting = int(sync["waiting"])
    parts = [Part(w.of("waiting", waiting), "warn" if waiting else "plain")] if waiting else [Part(w.all_sent, "plain")]
    if waiting and sync.get("oldest"):
        parts.append(Part(w.of("oldest", clock_text(desk, str(sync["oldest"])))))
    if waiting and keeps(desk.actor) and (money := money_unsent(desk.service)):
        parts.append(Part(w.of("money_waiting", f"¥{money:,.2f}"), "warn"))
    if files := int(sync.get("files_up", 0)):
        parts.append(Part(w.of("files_waiting", files)))
    safe = bool(sync["safe_to_switch_off"])
    parts.append(Part(w.safe_off if safe else w.not_safe_off, "good" if safe else "warn"))
    offset = sync.get("clock_offset_ms")
    if offset is not None and abs(int(offset)) >= CLOCK_OFF_S * 1000:
        parts.append(Part(w.of("clock_off", round(int(offset) / 1000)), "bad"))
    if sync.get("online"):
        return Line("good", w.online, parts)
    if sync.get("problem") and sync.get("problem_code") not in NO_NETWORK:
        parts.insert(0, Part(str(sync["problem"]).partition("\n")[0], "bad"))
    since = sync.get("since")
    return Line("warn", w.of("offline_since", clock_text(desk, str(since))) if since else w.offline, parts)


def _worries(desk: Desk, told: Mapping[str, Any]) -> list[Part]:
    w = desk.words
    found = []
    if told["conflicts"]:
        found.append(Part(w.of("open_conflicts", told["conflicts"]), "bad", "/conflicts"))
    if told["quarantined"]:
        there = "/quarantine" if oversees(desk.actor) and desk.node.is_hub else None
        found.append(Part(w.of("quarantined", told["quarantined"]), "bad", there))
    if told["timer_faults"]:
        found.append(Part(w.of("timer_faults", told["timer_faults"]), "bad"))
    if told["faults"]:
        found.append(Part(w.of("plugin_faults", len(told["faults"])), "bad"))
    return found


def line_words(desk: Desk, branch: Branch) -> str:
    """Return how the line of a branch stands, in words."""
    w = desk.words
    match branch.state:
        case "online":
            return w.on_line
        case "never":
            return w.never_heard
        case "none":
            return w.no_node
        case "shut":
            return w.of("shut_out_at", _when(desk, branch.ended))
        case "closed":
            return w.of("closed_since", branch.placard.closed_on or "")
    return w.of("silent", _when(desk, branch.heard_at))


def _when(desk: Desk, moment: datetime | None) -> str:
    assert moment is not None, "a line that is silent was heard once, one that was shut out was shut out at some time"
    return clock_text(desk, moment.isoformat())


def clock_text(desk: Desk, moment: str) -> str:
    """Return a moment as short as it can be told today: ``20:44``, ``03-13 20:44``, ``2025-03-13 20:44``."""
    then = datetime.fromisoformat(moment).astimezone(desk.node.zone)
    today = desk.node.now().astimezone(desk.node.zone)
    if then.date() == today.date():
        return then.strftime("%H:%M")
    return then.strftime("%m-%d %H:%M" if then.year == today.year else "%Y-%m-%d %H:%M")
