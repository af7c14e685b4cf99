"""What an action does besides being allowed: set, post, create, pick, notify. Gathered first, written at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import cast

from core.host.contexts import ActionEvent
from core.language.definition import Notice, RecordType
from core.language.expressions import Env, Formula, Row, holds
from core.language.outcomes import Create, Outcome, Post
from core.model.errors import ActionRefused, Problem, Text
from stores import rows
from stores.acts import keys, others, resolve, scorecards, telling
from stores.acts.calls import Receipt
from stores.acts.dispatch import choose
from stores.acts.figures import inactive, inactive_below
from stores.acts.fitting import fitting, plain
from stores.acts.messages import filled, value_or_none
from stores.acts.work import Later, Work
from stores.changes.commit import Edit
from stores.storage import numbers
from stores.world import NodeWorld

Values = dict[str, object]


def gather(work: Work, outcome: Outcome) -> None:
    """Carry out an outcome on the draft and collect the records it makes.

    Order: picks, sets (top to bottom, each sees the one before), state, number, then what it does to other
    records, ledger entries, new records and notices, which see the record as it will be.
    """
    if outcome.instead is not None:
        _make_instead(work, outcome, outcome.instead)
        return
    for name, policy in outcome.pick.items():
        _pick(work, name, policy)
    for name, formula in outcome.set.items():
        if not inactive(formula, work.env):  # a blank figure: what needs it is not written (C-11)
            work.draft.values[name] = fitting(work.record, name, formula(work.env))
    if outcome.to is not None:
        work.draft.values["state"] = outcome.to
    if work.record.origin == "scorecard":
        scorecards.keep(work.world, work.record, work.action.name, work.draft, work.env)
    if (work.record.key, work.action.name) == resolve.RESOLVE:
        work.gathered.changed += resolve.decide(work)
    if work.action.new:
        _number(work.world, work.record, work.draft, work.env)
    others.reach_out(work, outcome)
    for post in outcome.post:
        _post(work, post)
    for create in outcome.create:
        _create(work, create)
    for name in outcome.notice:
        notify(work, name)


def check_keys(work: Work) -> None:
    """Refuse what would hold a key that another record holds: the record itself, and each other one it writes."""
    if work.action.deletes == "delete":
        return  # what goes away holds nothing
    old = work.old if work.action.deletes is None else None
    if work.gathered.instead is None:
        _check_keys(work, work.record, work.draft, work.env, old)
    for record, row in work.gathered.updated.values():
        _check_others_keys(work, record, row, rows.load(work.connection, work.node, record, row.id))
    for record, row in work.gathered.created:
        _check_others_keys(work, record, row, None)


def _check_others_keys(work: Work, record: RecordType, row: Row, old: Row | None) -> None:
    world = work.world.seen_from(record.plugin)
    _check_keys(work, record, row, world.env_in(record.key, work.env).having(self=row), old)


def _check_keys(work: Work, record: RecordType, row: Row, env: Env, old: Row | None = None) -> None:
    if problems := keys.taken(work.world, record, row, old):
        raise ActionRefused(tuple(problems))
    exclusive = keys.clash(work.world, record, row, env, old)
    if exclusive is not None:
        message = telling.told(work, exclusive.message, exclusive.fills)
        broken = work.node.catalog.cited(record.plugin, exclusive.cite)
        raise ActionRefused((Problem(exclusive.name, message, field=exclusive.key[-1], rules=broken),))


def edits(work: Work) -> list[Edit]:
    """Return everything gathered as edits, the record acted on first."""
    created = [
        Edit(record, row.id, str(row.values["store"]), "create", rows.to_cells(record, row.values))
        for record, row in work.gathered.created
    ]
    updated = [
        Edit(record, row.id, str(row.values["store"]), "update", rows.to_cells(record, row.values))
        for record, row in work.gathered.updated.values()
    ]
    main = [] if work.gathered.instead else [_main_edit(work)]
    return [*main, *work.gathered.changed, *updated, *created]


def new_records(work: Work) -> list[tuple[RecordType, Row]]:
    """Return the records that an action makes, as they will stand; the one acted on first."""
    main = [(work.record, work.draft)] if work.action.new and work.gathered.instead is None else []
    return main + work.gathered.created


def _main_edit(work: Work) -> Edit:
    new = rows.to_cells(work.record, work.draft.values)
    store = str(work.draft.values["store"])
    if work.old is None:
        return Edit(work.record, work.draft.id, store, "create", new)
    old = rows.to_cells(work.record, work.old.values)
    changed = {name: cell for name, cell in new.items() if old.get(name) != cell}
    return Edit(work.record, work.draft.id, store, work.action.deletes or "update", changed)


def new_row(world: NodeWorld, record: RecordType, given: Mapping[str, object], env: Env, id: str) -> Row:
    """Return a complete new row: given values, first state, defaults, number."""
    first = next(iter(record.states), None)
    row = Row(record.key, id, {"store": world.store, "state": first, "number": None, "written_at": None})
    own = world.seen_from(record.plugin)
    inner = env.having(self=row)
    row.values.update(given)
    for name, declared in record.stored.items():
        value = row.values.get(name)
        if value is None and declared.default is not None:
            value = value_or_none(declared.default, inner)
        row.values[name] = fitting(record, name, value)
    _number(own, record, row, inner)
    world.put(row)
    return row


def _number(world: NodeWorld, record: RecordType, row: Row, env: Env) -> None:
    if record.number is not None:
        row.values["number"] = numbers.next_number(
            world.connection,
            record,
            world.node.table(record),
            world.store,
            row.values,
            today=cast(date, env.names["today"]),
            zone=env.zone,
            given=world.shared.numbers if world.shared else None,
        )


def _create(work: Work, create: Create) -> None:
    record = work.node.catalog.records[create.record]
    for env in _one_by_one(create, work.env):
        if _applies(create.when, env):
            _create_one(work, record, create, env)


def _one_by_one(create: Create, env: Env) -> Iterator[Env]:
    """Yield what the rules of each record to create see: with ``each``, its item and place in the list."""
    if create.each is None:
        yield env
        return
    items = cast("list[object] | None", create.each(env)) or []
    for index, item in enumerate(items):
        yield env.having(item=item, index=index)


def _make_instead(work: Work, outcome: Outcome, create: Create) -> None:
    """Make another record in place of the new one, and tell those whom the outcome names about it."""
    record = work.node.catalog.records[create.record]
    row = _create_one(work, record, create, work.env)
    work.gathered.instead = (record, row)
    for name in outcome.notice:
        notify(work, name, row)


def _create_one(work: Work, record: RecordType, create: Create, env: Env) -> Row:
    given = {name: None if inactive(formula, env) else formula(env) for name, formula in create.values.items()}
    if create.state is not None:
        given["state"] = create.state
    row = new_row(work.world, record, given, env, work.node.new_id())
    work.gathered.created.append((record, row))
    return row


def _applies(when: Formula | None, env: Env) -> bool:
    """Say whether an effect's own condition holds; one that needs a blank figure does not (C-11)."""
    return when is None or (not inactive(when, env) and holds(when, env))


def _post(work: Work, post: Post) -> None:
    if not _applies(post.when, work.env) or inactive(post.amount, work.env):
        return  # a blank figure: the rule is inactive until it is configured (C-11)
    account, amount = plain(value_or_none(post.account, work.env)), value_or_none(post.amount, work.env)
    if amount is None and inactive_below(work.world, post.amount):
        return
    if account is None or amount is None:
        ledger = work.node.catalog.plugin(work.world.plugin).ledgers[post.ledger]
        raise ActionRefused.of(
            "ledger-incomplete",
            f"nothing can be entered into {ledger.label.en}: nobody or no amount is known",
            f"无法记入{ledger.label.zh}：缺少对象或金额",
            fix=Text("complete the record first", "请先补全记录"),
        )
    own = {name: value_or_none(formula, work.env) for name, formula in post.values.items()}
    _enter(work, post.ledger, account, amount, filled(post.why, post.fills, work.env), post.cite, own)


def _enter(
    work: Work,
    ledger: str,
    account: object,
    amount: object,
    why: Text,
    cite: tuple[str, ...],
    own: Mapping[str, object] = MappingProxyType({}),
) -> None:
    record = work.node.catalog.record(work.world.plugin, ledger)
    given: Values = {
        **own,
        "account": account,
        "amount": amount,
        "why_en": why.en or None,
        "why_zh": why.zh or None,
        "rule": " ".join(cite) or None,
        "source_type": work.record.key,
        "source_id": work.draft.id,
        "source_action": work.action.name,
        "at": work.now,
    }
    row = new_row(work.world, record, given, work.env, work.node.new_id())
    work.gathered.created.append((record, row))


def _pick(work: Work, name: str, policy_name: str) -> None:
    policy = work.node.catalog.plugin(work.world.plugin).dispatch[policy_name]
    decision = choose(work.world, policy, work.draft, work.env)
    work.draft.values[name] = decision.chosen
    record = work.node.catalog.records["core.pick"]
    given: Values = {
        "policy": f"{work.world.plugin}.{policy_name}",
        "record_type": work.record.key,
        "record_id": work.draft.id,
        "chosen": decision.chosen,
        "ranking": decision.frozen(),
        "picked_at": work.now,
    }
    work.gathered.created.append((record, new_row(work.world, record, given, work.env, work.node.new_id())))


def notify(work: Work, name: str, about: Row | None = None) -> None:
    """Gather a notice: its people and posts are fixed now, its text is filled now."""
    notice = work.node.catalog.plugin(work.world.plugin).notices[name]
    row = notice_row(work.world, notice, about or work.draft, work.env, work.node.new_id())
    work.gathered.created.append((work.node.catalog.records["core.notice"], row))


def notice_row(world: NodeWorld, notice: Notice, about: Row, env: Env, id: str) -> Row:
    """Return a notice about a record, ready to be written."""
    people = [plain(value_or_none(to, env)) for to in notice.to if not isinstance(to, str)]
    text = filled(notice.text, notice.fills, env)
    given: Values = {
        "name": f"{world.plugin}.{notice.name}",
        "to": [str(person) for person in people if person is not None],
        "roles": [to for to in notice.to if isinstance(to, str)],
        "en": text.en,
        "zh": text.zh,
        "about_type": about.type,
        "about_id": about.id,
        "sent_at": env.now,
    }
    return new_row(world, world.node.catalog.records["core.notice"], given, env, id)


def event_of(work: Work, receipt: Receipt) -> ActionEvent:
    """Return what plugins are told of the action."""
    _, row = work.gathered.instead or (work.record, work.draft)
    return ActionEvent(
        id=receipt.tx,
        tx=receipt.tx,
        store=str(work.draft.values["store"]),
        record_type=receipt.record.key,
        record_id=receipt.id,
        action=work.action.name,
        actor=work.call.actor.id,
        at=work.now,
        state=receipt.state,
        values=dict(row.values),
    )


class HookContext:
    """What a hook sees of the action under way, and the few things it may add (core.host.contexts)."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.record_type, self.action = work.record, work.action
        self.record, self.old, self.ask = work.draft, work.old, work.asked
        self.me = cast("str | None", work.env.names["me"])
        self.now, self.store = work.now, work.world.store
        self.settings = cast(Mapping[str, object], work.env.names["settings"])
        self.world = work.world

    def post(self, ledger: str, account: str, amount: object, why: Text | None = None) -> None:
        """Add a ledger entry to this action."""
        _enter(self._work, ledger, account, amount, why or Text("", ""), ())

    def create(self, record: str, values: Mapping[str, object], state: str | None = None) -> str:
        """Add a new record to this action; return its id."""
        type_ = self._work.node.catalog.record(self._work.world.plugin, record)
        given = dict(values) | ({"state": state} if state else {})
        row = new_row(self._work.world, type_, given, self._work.env, self._work.node.new_id())
        self._work.gathered.created.append((type_, row))
        return row.id

    def notice(self, name: str) -> None:
        """Add one of the plugin's notices to this action."""
        notify(self._work, name)

    def after_commit(self, call: Later) -> None:
        """Call back once the action is safely written."""
        self._work.gathered.later.append(call)
