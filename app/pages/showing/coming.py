"""How records of a type come about, for a page on which there are none yet: an empty page says what to wait for."""

from __future__ import annotations

from collections.abc import Iterator

from app.pages.frame.desk import Desk
from core.language.definition import SYSTEM, RecordType
from core.language.outcomes import Outcome

WAYS_MAX = 3


def comes_about(desk: Desk, record: RecordType) -> str:
    """Return in one sentence where such records come from: by themselves, from another record, or from whose hand."""
    w = desk.words
    if record.every is not None:
        return w[f"comes_every_{record.every.period}"]
    from_others = list(dict.fromkeys(_from_others(desk, record)))[:WAYS_MAX]
    if from_others:
        return w.of("comes_from", w.between.join(from_others))
    posts = {name: role.label for plugin in desk.catalog.plugins.values() for name, role in plugin.roles.items()}
    roles = dict.fromkeys(role for action in record.actions.values() if action.new for role in action.by)
    named = [desk.say(posts[role]) for role in roles if role in posts][:WAYS_MAX]
    return w.of("comes_by", w.between.join(named)) if named else w.nothing_yet_wait


def _from_others(desk: Desk, record: RecordType) -> Iterator[str]:
    """Yield the steps of other records that make such records; of what happens by itself, only the record."""
    for other in desk.catalog.records.values():
        for action in other.actions.values():
            if other.key != record.key and any(
                _makes(action.owner or other.plugin, outcome, record) for outcome in action.outcomes
            ):
                by_itself = set(action.by) == {SYSTEM}
                yield desk.say(other.label) if by_itself else f"{desk.say(other.label)} · {desk.say(action.label)}"


def _makes(plugin: str, outcome: Outcome, record: RecordType) -> bool:
    made = [*outcome.create, *([outcome.instead] if outcome.instead else [])]
    return any(each.record == record.key for each in made) or any(
        (plugin, each.ledger) == (record.plugin, record.name) for each in outcome.post
    )
