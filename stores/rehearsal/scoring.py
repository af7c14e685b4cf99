"""The ``score`` step: marks given by hand, then the card is closed, as its reviewer would do it."""

from __future__ import annotations

from collections.abc import Mapping

from core.language.compile.scorecards import mark_field, mark_fields
from core.language.definition import RecordType, ScoreItem
from core.language.expressions import Row
from core.model.errors import Forbidden, NodeError, Text
from stores.actor import SYSTEM_ACTOR, Actor
from stores.acts.act import act
from stores.acts.calls import Call
from stores.rehearsal.cast import Cast


def score(cast: Cast, actor: Actor, written: Mapping[str, object]) -> tuple[str, str]:
    """Mark and close the oldest open card of a person; return the card's record type and id.

    ``written`` is ``{card: person, item: mark, …}``: the card's name comes first. Of an item with parts the mark is
    ``{part: mark, …}``, or one figure for each of them.
    """
    names = list(written)
    plugin = cast.stage.plugin
    name = next((each for each in names if each in plugin.scorecards), None)
    if name is None:
        raise NodeError.of(
            "unknown-scorecard", f"no scorecard among {', '.join(names)}", f"{'、'.join(names)} 中没有考核表"
        )
    record = cast.stage.record(name)
    card = _open_card(cast, record, cast.find(str(written[name]), plugin.scorecards[name].subject))
    for item in (each for each in names if each != name):
        marks = _marks(plugin.scorecards[name].items.get(item), item, written[item])
        action = next((a.name for a in record.actions.values() if marks.keys() <= {ask.name for ask in a.ask}), None)
        if action is None:
            raise NodeError.of(
                "unknown-item", f"`{name}` has no item `{item}` to mark", f"`{name}` 没有可评分的项目 `{item}`"
            )
        act(cast.stage.node, Call(record, action, actor, id=card.id, ask=marks))
    try:
        act(cast.stage.node, Call(record, "close", actor, id=card.id))
    except Forbidden:
        act(cast.stage.node, Call(record, "close", SYSTEM_ACTOR, id=card.id))
    return record.key, card.id


def _marks(item: ScoreItem | None, name: str, written: object) -> dict[str, object]:
    parts = item.parts if item else ()
    if isinstance(written, Mapping):
        return {mark_field(name, str(part)): mark for part, mark in written.items()}
    return dict.fromkeys(mark_fields(name, parts), written)


def _open_card(cast: Cast, record: RecordType, subject: str) -> Row:
    for row in cast.stage.all_rows(record):
        if row.values.get("subject") == subject and row.values.get("total") is None:
            return row
    raise NodeError.of(
        "no-card",
        "there is no open card for this person; cards are made when the period begins",
        "此人没有未关闭的考核表；考核表在周期开始时生成",
        fix=Text("begin the scenario in the period", "请让场景从该周期内开始"),
    )
