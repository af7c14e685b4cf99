"""Run one action: check it, and write everything it does, or nothing.

This is the only way anything is written by a person, a timer, a replayed request or a test.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from types import TracebackType
from typing import NamedTuple, cast

from sqlalchemy import Connection

from core.host.contexts import ActionEvent
from core.language.definition import SYSTEM, Action, RecordType
from core.language.expressions import EmptyValue, Env, Formula, Row
from core.language.outcomes import Outcome
from core.model.errors import ActionRefused, Clash, NodeError, NotFound, Problem, Text, suggest
from core.model.fields import BadValue
from stores import rows
from stores.acts import backdate, checking, effects, intake, outbox, requests, telling, timers
from stores.acts.calls import Call, Receipt
from stores.acts.citing import cite, rules_of
from stores.acts.figures import inactive
from stores.acts.permission import check_may, check_sees, may_know
from stores.acts.work import Later, Work
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.world import NodeWorld, Shared

LATE_AFTER = timedelta(seconds=60)  # a timer that fires later than this says so in the log


class Decided(NamedTuple):
    """An action that may go on, and all that it does: nothing of it is written yet."""

    deed: Deed
    edits: list[Edit]
    new: list[tuple[RecordType, Row]]  # the records that it makes
    receipt: Receipt
    event: ActionEvent | None  # what plugins in Python are told, if any listens
    later: list[Later]


def act(node: Node, call: Call) -> Receipt:
    """Carry out ``call`` in one transaction and tell the node's listeners. Raises NodeError; then nothing is saved."""
    with node.database.write() as connection:
        receipt, after = perform(connection, node, call)
    node.committed()
    for later in after:
        later()
    return receipt


def perform(connection: Connection, node: Node, call: Call) -> tuple[Receipt, list[Later]]:
    """Carry out ``call`` inside the caller's write transaction.

    Returns the receipt and what is to be called once the transaction has been committed.
    """
    decided = decide(connection, node, call)
    if isinstance(decided, Receipt):
        return decided, []
    with TOLD_PLAINLY:
        commit(connection, node, decided.deed, decided.edits)
        timers.rearm(connection, node, decided.receipt.touched, decided.deed.at, made=made([decided]))
        if decided.event is not None:
            outbox.put_event(connection, node, decided.event, decided.receipt.record)
    return decided.receipt, decided.later


def made(some: Sequence[Decided]) -> dict[str, dict[str, Row]]:
    """Return the new records whose timers are to be armed, by type and id, as the database would give them back."""
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    for each in some:
        for record, row in each.new:
            if record.timers:
                found[record.key][row.id] = rows.made(row, each.deed.at)
    return found


def decide(connection: Connection, node: Node, call: Call, shared: Shared | None = None) -> Decided | Receipt:
    """Check ``call`` and return all that it does, not yet written; the receipt when it was written down as a request.

    ``shared`` is what the actions of one batch have in common. Raises NodeError as ``act`` does.
    """
    with TOLD_PLAINLY:
        work = _begin(connection, node, call, shared)
        try:
            return _decided(work)
        except NodeError as error:
            cite(work, error)
            raise


def _decided(work: Work) -> Decided | Receipt:
    """Check what is asked and gather what it does, or pass it on to the record's home or to those who must sign."""
    _check_right(work)
    _go_back(work)
    if work.at_home or work.call.at is None:  # of a late fact elsewhere the home knows what is to be undone
        _check_state(work)
    if problems := _take_in(work):
        raise ActionRefused(tuple(problems))
    if work.action.decisive and not work.at_home:
        warnings = [check for check in work.action.checks if check.level == "warn"]
        checking.check_those(work, warnings, checking.asked_of_kernel(work))  # where somebody can still answer
        return requests.ask(work)
    checking.check(work)
    outcome, index = _choose(work)
    if missing := requests.missing_signatures(work, outcome):
        return requests.ask(work, outcome, missing)
    return _gathered(work, outcome, index)


class _ToldPlainly(AbstractContextManager[None]):
    """A rule that works out what its field cannot hold refuses the action; it is not a fault of the node."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if isinstance(error, BadValue):
            raise ActionRefused((error.problem(),)) from error


TOLD_PLAINLY = _ToldPlainly()


def _begin(connection: Connection, node: Node, call: Call, shared: Shared | None) -> Work:
    action = _action(call)
    now = call.at or (shared.now if shared else node.now())
    old = None
    if not action.new:
        assert call.id is not None, "`_action` has seen to it"
        old = rows.get(connection, node, call.record, call.id)
    store = _store(node, call, old)
    known = (shared.rows, shared) if shared else ()
    world = NodeWorld(connection, node, action.owner or call.record.plugin, store, *known)
    draft = Row(call.record.key, call.id or node.new_id(), dict(old.values) if old else {"store": store})
    env = world.env(draft, now, call.actor, old=old)
    world.put(draft)
    return Work(connection, node, call, call.record, action, world, now, old, draft, env)


def _check_right(work: Work) -> None:
    """Refuse who may not do this; who may not even see the record is told that there is none."""
    record, actor, old = work.record, work.call.actor, work.old
    if old is not None and not may_know(record, work.world.store, actor):
        raise rows.missing(record, old.id)
    work.roles = check_may(work.world, record, work.action, actor)
    if old is None:
        return
    if not check_sees(work.world, record, work.roles, old, work.env, actor):
        raise rows.missing(record, old.id)
    if rows.alive(old) == (work.action.deletes == "undelete"):
        raise rows.missing(record, old.id) if not rows.alive(old) else _not_deleted(record)


def _go_back(work: Work) -> None:
    """Take the record back to when the late fact happened; only its home can."""
    if work.call.at is None or work.call.actor.id == SYSTEM:
        return
    if not work.call.replayed:
        backdate.check_window(work)
    if work.old is None or not work.at_home:
        return
    work.old = backdate.rewind(work, work.old)
    work.env.names["old"] = work.old
    work.draft.values.update(work.old.values)


def _action(call: Call) -> Action:
    found = call.record.actions.get(call.action)
    if found is None:
        what = Text(
            f"{call.record.label.en} has no action `{call.action}`", f"{call.record.label.zh}没有操作 `{call.action}`"
        )
        raise NotFound((Problem("no-such-action", what, fix=suggest(call.action, call.record.actions)),))
    if found.new != (call.id is None):
        raise NotFound.of(
            "wrong-address",
            f"`{call.action}` {'makes a new record' if found.new else 'is done on an existing record'}",
            f"“{found.label.zh}”{'用于新建记录' if found.new else '须针对已有记录'}",
        )
    return found


def _store(node: Node, call: Call, old: Row | None) -> str:
    if old is not None:
        return str(old.values["store"])
    if call.store is not None and call.store != call.actor.store and not call.actor.roles_in(call.store):
        raise NotFound.of("other-store", f"you do not work in store `{call.store}`", f"您不属于门店 `{call.store}`")
    return call.store or (node.store if call.actor.id == SYSTEM else call.actor.store)


def _check_state(work: Work) -> None:
    if work.old is None or work.action.sources is None:
        return
    state = str(work.old.values["state"])
    if state in work.action.sources:
        return
    record, action = work.record, work.action
    here = record.states.get(state, Text(state, state))
    wanted = [record.states[name] for name in sorted(action.sources or ())]
    raise Clash(
        (
            Problem(
                "state",
                Text(
                    f"`{action.label.en}` is not possible: the {record.label.en} is `{here.en}`",
                    f"不能执行“{action.label.zh}”：该{record.label.zh}当前为“{here.zh}”",
                ),
                fix=Text(
                    "possible in: " + ", ".join(t.en for t in wanted),
                    "可执行的状态：" + "、".join(t.zh for t in wanted),
                ),
            ),
        )
    )


def _take_in(work: Work) -> list[Problem]:
    """Put what was entered into the draft. Asked fields of a replayed request merge with what is there."""
    work.asked, problems = intake.parse(work.world, work.action, work.call.ask)
    if not work.call.replayed:  # a home may be told of an upload before its bytes arrive
        problems += intake.take_uploads(work.world, work.action, work.draft, work.asked)
    if work.action.new:
        work.env.names["ask"] = work.asked
    for ask in work.action.ask:
        if ask.field is not None and ask.name in work.asked:
            work.draft.values[ask.field] = requests.settle_field(work, ask.field, work.asked[ask.name])
    if work.action.new:
        intake.fill_defaults(work.record, work.draft, work.env)
        work.draft.values.setdefault("state", None)
        work.draft.values.setdefault("number", None)
        work.draft.values.setdefault("written_at", None)
    everything = {ask.name: work.asked.get(ask.name) for ask in work.action.ask}
    work.env.names["ask"] = everything
    told = {problem.field for problem in problems}
    empty = intake.required(work.record, work.action, work.draft, work.asked)
    return problems + [problem for problem in empty if problem.field not in told]


def _choose(work: Work) -> tuple[Outcome, int]:
    for index, outcome in enumerate(work.action.outcomes):
        if outcome.when is None or _holds(outcome.when, work.env):
            if outcome.refuse is not None:
                message = telling.told(work, outcome.refuse, outcome.fills)
                broken = rules_of(work, outcome.cite, work.action.cite)
                raise ActionRefused((Problem("refused", message, rules=broken),))
            return outcome, index
    raise ActionRefused.of(
        "no-outcome",
        f"no rule of `{work.action.label.en}` fits this case",
        f"“{work.action.label.zh}”没有适用于此情形的规则",
    )


def _holds(formula: Formula, env: Env) -> bool:
    try:
        return not inactive(formula, env) and bool(formula(env))
    except EmptyValue:
        return False


def _gathered(work: Work, outcome: Outcome, index: int) -> Decided:
    effects.gather(work, outcome)
    checking.let_hooks_apply(work)
    effects.check_keys(work)
    deed = Deed(
        tx=work.node.new_id(),
        action=f"{work.record.key}.{work.action.name}",
        actor=work.call.actor.id,
        at=work.now,
        facts=_facts(work, index),
    )
    edits, new = effects.edits(work), effects.new_records(work)
    record, row = work.gathered.instead or (work.record, work.draft)
    receipt = Receipt(
        deed.tx,
        record,
        row.id,
        cast("str | None", row.values.get("number")),
        cast("str | None", row.values.get("state")),
        warnings=tuple(work.warnings),
        touched=tuple((edit.record.key, edit.id) for edit in edits),
    )
    heard = work.node.host.hears("action_committed")
    return Decided(deed, edits, new, receipt, effects.event_of(work, receipt) if heard else None, work.gathered.later)


def _not_deleted(record: RecordType) -> Clash:
    what = Text(f"the {record.label.en} is not deleted", f"该{record.label.zh}未被删除")
    return Clash((Problem("not-deleted", what),))


def _facts(work: Work, index: int) -> dict[str, object]:
    """What the log keeps beside the values: why this outcome, on whose word, under which rules."""
    once = {
        ask.name: ask.spec.json(work.asked[ask.name], work.node.zone)
        for ask in work.action.ask
        if ask.field is None and work.asked.get(ask.name) is not None
    }
    facts: dict[str, object] = {}
    if len(work.action.outcomes) > 1:
        facts["outcome"] = index
    if once:
        facts["ask"] = once
    if work.warnings:
        facts["warned"] = [p.code for p in work.warnings]
    if work.call.reason:
        facts["reason"] = work.call.reason
    if work.call.at is not None and (behind := work.node.now() - work.now) > LATE_AFTER:
        facts["late_s"] = int(behind.total_seconds())
    return facts
