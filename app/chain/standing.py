"""How a node stands, in a shop's words: what waits, what conflicts, what is wrong, is it safe to switch off."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from app.service import Service
from core.model.clock import from_iso
from core.model.errors import Language, Problem, Text
from stores.actor import SYSTEM_ACTOR
from stores.acts import firing
from stores.changes import log, quarantine
from stores.node import Node
from stores.reads import records
from stores.storage import checkpoints, closings, holdups, outbox
from stores.storage.closings import Closing
from stores.storage.credentials import nodes
from sync.branch.comparing import Compared

HELD_BACK_MAX = 20  # lines of the quarantine that the status names


def standing(service: Service, language: Language) -> dict[str, object]:
    """Return the node's standing as plain data; texts in ``language``, moments in the branch's time."""
    node = service.node
    due = firing.next_due(node)
    told = brief(service, language)
    with node.database.read() as connection:
        told["log"] = {origin: seq for origin, (seq, _) in checkpoints.heads(connection).items()}
        told["outbox"] = dict(zip(("waiting", "set_aside"), outbox.counts(connection), strict=True))
        told["closed"] = [_closed(node, language, each) for each in closings.latest(connection)]
        told["timers"] = {"next": _local(node, due), "faults": told.pop("timer_faults")}
        if node.is_hub:
            told["nodes"] = {each.node: each.store for each in nodes(connection)}
    catalog = node.catalog
    return {
        **told,
        "requests": count(node, "core.request", "waiting"),
        "plugins": {plugin.name: plugin.version for plugin in catalog.plugins.values()},
        "revision": catalog.revision,
    }


def brief(service: Service, language: Language) -> dict[str, object]:
    """Return what every page says of the node: what waits, what is wrong. Nothing in it costs more with the years."""
    node = service.node
    told: dict[str, object] = {}
    with node.database.read() as connection:
        told["quarantined"], told["parked"] = quarantine.counts(connection)
        told["timer_faults"] = len(firing.faults(connection))
        if not node.is_hub:
            told["sync"] = _sync(service, language, *log.unsent(connection), checkpoints.pulled(connection))
    told["conflicts"] = count(node, "core.conflict", "open")
    told["faults"] = [problem.render(language) for problem in _faults(node)]
    return told


def fault_words(node: Node, language: Language) -> list[str]:
    """Return what is wrong with plugins in words alone: where their files lie on this machine is not for everybody."""
    return [problem.what.say(language) for problem in _faults(node)]


def _faults(node: Node) -> list[Problem]:
    hung = node.host.watchdog.problems() if node.host.watchdog is not None else []
    return [*(problem for fault in node.catalog.faults for problem in fault.problems), *hung]


def money_unsent(service: Service) -> Decimal:
    """Return how many yuan the changes speak of that headquarters does not have; for who looks after the node only.

    A sum over records tells of records that not everybody reads.
    """
    with service.node.database.read() as connection:
        return Decimal(service.unsent.fen(connection, service.node)) / 100


def held_back(service: Service, language: Language) -> list[dict[str, object]]:
    """Return what could not be merged last, and why; for who looks after the node only."""
    with service.node.database.read() as connection:
        kept = quarantine.latest(connection, HELD_BACK_MAX)
    return [
        {"origin": each.origin, "seq": each.seq, "type": each.type, "code": each.code, "what": each.why.say(language),
         "since": _cell(service.node, each.kept_at), "tries": each.tries}
        for each in kept
    ]  # fmt: skip


def held_up(service: Service, language: Language) -> list[dict[str, object]]:
    """Return the sessions that hold up headquarters' PostgreSQL; for who looks after the node only."""
    with service.node.database.read() as connection:
        found = holdups.holdups(connection)
    return [
        {"pid": each.pid, "seconds": each.seconds, "waiting": each.waiting, "what": each.problem.render(language)}
        for each in found
    ]


def count(node: Node, record: str, state: str) -> int:
    """Return how many records of a type are in a state here."""
    page = records.query(
        node, SYSTEM_ACTOR, node.catalog.records[record], where=[("state", "eq", state)], limit=1, total=True
    )
    return page.total or 0


def _sync(service: Service, language: Language, waiting: int, oldest: str | None, pulled: int) -> dict[str, object]:
    node = service.node
    told: dict[str, object] = {
        "waiting": waiting,
        "oldest": _cell(node, oldest),
        "pulled_to": pulled,
        "safe_to_switch_off": waiting == 0,
    }
    if service.worker is None:
        return told
    seen = service.worker.status()
    return {
        **told,
        "files_up": seen.files_up,
        "files_down": seen.files_down,
        "safe_to_switch_off": waiting == 0 and seen.files_up == 0,
        "online": seen.online,
        "since": _cell(node, seen.since),
        "last_sync": _cell(node, seen.last_sync),
        "clock_offset_ms": seen.clock_offset_ms,
        "pushed": seen.pushed,
        "pulled": seen.pulled,
        "plugins_differ": list(seen.skew),
        "problem": seen.error.what.say(language) if seen.error else None,
        "problem_code": seen.error.code if seen.error else None,
        "unclosed": seen.unclosed.what.say(language) if seen.unclosed else None,
        "compared": _compared(node, seen.compared),
    }


def _closed(node: Node, language: Language, closing: Closing) -> dict[str, object]:
    """Tell of the last closed day of a store, also in one sentence."""
    said = Text(
        "day closed: {records} record{s}, head {head}, all at headquarters, counter-signed",
        "已日结：{records} 条记录，校验 {head}，全部已到总部并经总部签署",
    )
    signed = datetime.fromtimestamp(closing.time / 1000, UTC)
    return {
        "store": closing.store,
        "day": closing.day,
        "changes": closing.changes,
        "records": closing.records,
        "in_quarantine": closing.waiting,
        "head": closing.hash,
        "signed_at": _local(node, signed),
        "said": said.filled(
            {"records": closing.records, "s": "s"[closing.records == 1 :], "head": closing.hash[:8]}
        ).say(language),
    }


def _compared(node: Node, seen: Compared | None) -> dict[str, object] | None:
    """Tell how the last comparison with headquarters ended."""
    if seen is None:
        return None
    repaired = seen.repaired + seen.removed
    return {"at": _cell(node, seen.at), "same": seen.same, "repaired": repaired, "in_quarantine": seen.waiting}


def _local(node: Node, moment: datetime | None) -> str | None:
    return moment.astimezone(node.zone).isoformat(timespec="seconds") if moment else None


def _cell(node: Node, cell: str | None) -> str | None:
    return _local(node, from_iso(cell)) if cell else None
