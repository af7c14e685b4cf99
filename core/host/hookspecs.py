"""What a Python plugin may answer. Each hook's docstring is its manual page; docs/hooks.md is made from them.

A plugin adds *kinds of things* (functions, field types, channels) and *narrows* rules. None of these hooks can
loosen what a plugin.yaml forbids. pluggy asks the plugin registered last first: order by ``tryfirst`` and ``trylast``,
never by the order of installation. A hook takes only the arguments it names, so a later version may offer more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from core.host.contexts import AccessEntry, ActionContext, ActionEvent, EffectContext, NoticeToSend
from core.model.errors import Problem
from core.model.values import Cell

if TYPE_CHECKING:
    from core.language.definition import Dispatch, Field, Plugin, RecordType
    from core.language.expressions import Row
    from core.language.expressions.functions import Function
    from core.model.change import Entry
    from core.model.fields import FieldType

PROJECT = "branchline"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


# --- while plugins are loaded ---------------------------------------------------------------------------------------


@hookspec
def bundles() -> Iterable[Path]:  # type: ignore[empty-body]
    """Name folders with a plugin.yaml that an installed distribution brings along.

    Asked at the start and at every reload, on every node, before anything is compiled. Only distributions found by
    their ``branchline`` entry point and objects given to ``Host.register`` are asked: a hooks.py belongs to one folder
    and cannot bring others. The folders are then treated like any plugin folder; ``BRANCHLINE_PLUGINS`` applies.

    Example:
        A distribution that carries a business in its own package::

            from pathlib import Path
            from core.host.hookspecs import hookimpl

            @hookimpl
            def bundles():
                return [Path(__file__).parent / "bicycle_rental"]
    """


@hookspec
def functions() -> Iterable[Function]:  # type: ignore[empty-body]
    """Add functions that rules may call by name.

    Asked at the start and at every reload, before the plugin that brings them is compiled. A function of a hooks.py is
    known to its own plugin and to plugins that require it; one of an installed distribution is known to all. It must be
    pure and quick: the same arguments give the same result on every node. It never runs as SQL, so it may not touch the
    searched record inside a ``where``; the check at load says so. A name that is already taken is a fault.

    Example:
        A function ``luhn(text)`` that says whether a card number is well formed::

            from core.host.hookspecs import hookimpl
            from core.language.expressions.functions import Function, Param
            from core.model.errors import Text
            from core.model.kinds import BOOL

            def luhn(number: str) -> bool:
                digits = [int(figure) for figure in reversed(number)]
                doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
                return (sum(digits[::2]) + sum(doubled)) % 10 == 0

            @hookimpl
            def functions():
                doc = Text("Whether the check digit of a card number is right.", "卡号校验位是否正确。")
                return [Function("luhn", (Param("number", ("text",)),), BOOL, doc, 'luhn("79927398713")', luhn)]
    """


@hookspec
def field_types() -> Iterable[FieldType]:  # type: ignore[empty-body]
    """Add types that fields may have.

    Asked at the start and at every reload, before the plugin that brings them is compiled. The type decides how a value
    is read from a form, stored in a cell and masked. Cells travel to every node: a node without the plugin keeps and
    forwards them, but shows them as they are stored. A type whose name is taken is a fault.

    Example:
        A Chinese number plate, kept in capitals::

            from core.host.hookspecs import hookimpl
            from core.model.fields.texts import TextField

            class Plate(TextField):
                name = "plate"

                def parse(self, raw, spec, zone):
                    value = super().parse(raw, spec, zone)
                    return value.upper() if value else None

            @hookimpl
            def field_types():
                return [Plate()]
    """


@hookspec
def holiday_sources() -> Mapping[str, Callable[[int], Mapping[date, str]]]:  # type: ignore[empty-body]
    """Add sources of holidays that ``calendar: {holidays: …}`` may name.

    Asked at the start and at every reload. A source takes a year and returns its days off with their names; make-up
    working days stand in the plugin's ``calendar.work``. It must give the same days on every node, so it reads a table
    that comes with the plugin, never the network.

    Example:
        The days a mall closes::

            from datetime import date
            from core.host.hookspecs import hookimpl

            @hookimpl
            def holiday_sources():
                return {"mall": lambda year: {date(year, 12, 24): "Mall closed"}}
    """


@hookspec
def lint(plugin: Plugin) -> Iterable[Problem]:  # type: ignore[empty-body]
    """Return what is wrong with a plugin that compiled, or nothing.

    Runs at the start and at every reload, after the built-in checks, once for each plugin that was compiled anew. A
    problem of level ``error`` keeps the plugin from being activated, so that its last good version goes on running;
    ``warn`` is shown by ``branchline plugin check``. It does not run for a plugin that failed the built-in checks.

    Example:
        A house rule: every record type has a scenario::

            from core.host.hookspecs import hookimpl
            from core.model.errors import Problem, Text

            @hookimpl
            def lint(plugin):
                used = {step.do[0] for scenario in plugin.scenarios.values() for step in scenario.steps if step.do}
                for record in plugin.records.values():
                    if record.origin == "record" and record.name not in used:
                        what = Text(f"no scenario uses `{record.name}`", f"没有场景用到 `{record.name}`")
                        yield Problem("record-without-scenario", what, place=record.place, level="warn")
    """


@hookspec
def activated(plugin: Plugin) -> None:
    """Hear that a plugin, or a new version of it, is running.

    Told at the start for every plugin and after a reload for every plugin that is new or has changed, once the new
    catalog is in use. An exception is logged and changes nothing: the plugin is already running.

    Example:
        Keep a list of what ran when::

            import logging
            from core.host.hookspecs import hookimpl

            @hookimpl
            def activated(plugin):
                logging.getLogger(__name__).info("%s %s is running", plugin.name, plugin.version)
    """


@hookspec
def deactivated(plugin: Plugin) -> None:
    """Hear that a plugin is no longer running: it was removed, or is no longer listed.

    Told after a reload, once the new catalog is in use. It is not told of a plugin that was replaced by another version
    of itself, nor when the node stops. The plugin's data stay where they are.

    Example:
        Let go of what ``activated`` opened::

            from core.host.hookspecs import hookimpl

            printers = {}

            @hookimpl
            def deactivated(plugin):
                printers.pop(plugin.name, None)
    """


# --- around an action -----------------------------------------------------------------------------------------------


@hookspec(firstresult=True)
def clock() -> datetime | None:
    """Say what time it is, or None to leave it to the node's own clock.

    Asked once at the start of each action and each round of timers, on the node that acts. The answer is aware. The
    same instant is used for the whole action; it is not asked when changes from other nodes are applied. A rehearsal
    does not ask: it brings its own clock.

    Example:
        A shop whose PC has no battery takes the time from its radio clock::

            from datetime import datetime, timezone
            from pathlib import Path
            from core.host.hookspecs import hookimpl

            RADIO = Path("/run/radio-clock")  # the receiver writes seconds since 1970

            @hookimpl
            def clock():
                return datetime.fromtimestamp(int(RADIO.read_text()), timezone.utc) if RADIO.exists() else None
    """


@hookspec
def check_action(ctx: ActionContext) -> Iterable[Problem]:  # type: ignore[empty-body]
    """Return what keeps an action from being carried out, or nothing.

    Runs inside the action's transaction, after the declared checks, on the record's home node; for an action that only
    fills in fields, on the node where it is done. It reads and does not write. A problem of level ``warn`` lets the
    actor go on with a reason. An exception refuses the action: a check that cannot answer has not said yes. It does
    not run when changes from other nodes are applied: those were decided at home. No network and no sleep here.

    Example:
        A rental is refused when the customer already has two bicycles::

            from core.host.hookspecs import hookimpl
            from core.model.errors import Problem, Text

            @hookimpl
            def check_action(ctx):
                if ctx.record_type.name == "rental" and ctx.action.new and (ctx.record.values.get("bikes") or 0) > 2:
                    yield Problem("too-many-bikes", Text("At most two bicycles", "最多租两辆"), field="bikes")
    """


@hookspec
def apply_action(ctx: EffectContext) -> None:
    """Do more as part of an action: post to a ledger, create a record, send a notice.

    Runs inside the action's transaction, after the declared effects, on the record's home node only. What it adds is
    committed, or rolled back, with the rest; an exception rolls everything back. It does not run when changes from
    other nodes are applied: what it did there arrives as records of its own. Work that leaves the node belongs in
    ``after_commit`` or in ``action_committed``. No network and no sleep here.

    Example:
        Every tenth visit earns a point::

            from core.host.hookspecs import hookimpl

            @hookimpl
            def apply_action(ctx):
                visits = ctx.record.values.get("visits") or 0
                if ctx.action.name == "visit" and visits and visits % 10 == 0:
                    ctx.post("points", account=ctx.record.id, amount=1)
    """


@hookspec
def action_committed(event: ActionEvent) -> None:
    """Hear of an action that is durable.

    Told after the commit, outside the transaction, on the node that acted; other nodes do not tell it again. It waits
    in the outbox, written with the action, until every plugin has taken it: told at least once, also when the node
    stopped right after the commit. It may be told twice, ``event.id`` is the same both times. After an exception all
    are told again later, at growing intervals; the action stands.

    Example:
        Count the rentals of the day for the display at the door::

            from collections import Counter
            from core.host.hookspecs import hookimpl

            seen, rentals = set(), Counter()

            @hookimpl
            def action_committed(event):
                if event.action == "hand_out" and event.id not in seen:
                    seen.add(event.id)
                    rentals[event.at.date()] += 1
    """


@hookspec
def channels() -> Iterable[str]:  # type: ignore[empty-body]
    """Name the channels by which this plugin carries notices out of the node: ``sms``, ``wecom``, ``mail``.

    Asked when a notice is written, on the node that writes it: from then on the notice waits in the outbox, once for
    each channel, and ``deliver`` is called for it.

    Example:
        Headquarters' messages go to a printer at the desk::

            from core.host.hookspecs import hookimpl

            @hookimpl
            def channels():
                return ["desk_printer"]
    """


@hookspec(firstresult=True)
def deliver(notice: NoticeToSend, channel: str) -> str | None:
    """Carry a notice out by one of the channels that ``channels`` named; return a receipt.

    Called after the commit, outside every transaction, on the node that wrote the notice. An exception means: not
    delivered. It is tried again at growing intervals for a day, also after a restart, then set aside where the status
    page counts it. It may be called twice for one notice: ``notice.id`` is the same. The receipt is kept for a month.
    None means that there was nobody to tell by this channel; the first answer of any plugin counts.

    Example:
        Print for the desk, and for nobody else::

            from core.host.hookspecs import hookimpl

            printed = {}

            @hookimpl
            def deliver(notice, channel):
                if channel != "desk_printer" or "desk" not in notice.roles:
                    return None
                printed.setdefault(notice.id, notice.zh)
                return f"line {list(printed).index(notice.id) + 1}"
    """


# --- reading --------------------------------------------------------------------------------------------------------


@hookspec
def read_filter(reader: str | None, roles: frozenset[str], record: RecordType) -> str | None:
    """Narrow what a reader may see of a record type, by a rule in the plugin language; None narrows nothing.

    Asked when a list, a record or an export is read. The rule is compiled once and joined to the role's own ``where``
    with *and*: it can hide records, never show more. A rule that does not compile, and a hook that raises, hide
    everything of that type. Aggregates inside rules are not narrowed, so that a balance is the same for everybody.

    Example:
        An outside auditor sees no record that is still a draft::

            from core.host.hookspecs import hookimpl

            @hookimpl
            def read_filter(reader, roles, record):
                return 'self.state != "draft"' if "auditor" in roles and "draft" in record.states else None
    """


@hookspec
def read_logged(entry: AccessEntry) -> None:
    """Hear that somebody looked at data that are masked for others, or took a list away as an Excel file.

    Of a list ``record_id`` is empty and ``field`` is ``*``; the reason says how many records it had.
    Told after the entry is durable, on the node where the person looked. An exception is logged; the entry stands.

    Example:
        Tell the security desk when a reason is too short to mean anything::

            import logging
            from core.host.hookspecs import hookimpl

            @hookimpl
            def read_logged(entry):
                if len(entry.reason) < 4:
                    logging.getLogger(__name__).warning("%s opened %s without a reason", entry.who, entry.record_id)
    """


# --- people and choices ---------------------------------------------------------------------------------------------


@hookspec(firstresult=True)
def authenticate(credentials: Mapping[str, str], store: str) -> str | None:
    """Return the staff id of the person who signs in, or None when this plugin does not know them.

    Asked at sign-in, before the node's own passwords, outside any transaction, with ``login`` and ``password`` as they
    were entered. Repeated attempts are slowed down before anybody is asked. The staff record must exist and be active,
    whatever the answer: a plugin can vouch for a person, not invent one. An exception counts as None.

    Example:
        Sign in by the badge reader at the till, which types the badge and a proof that it is the reader::

            import hmac
            from core.host.hookspecs import hookimpl

            SECRET, PEOPLE = b"from the settings file", {"S17": "0198c0de-0000-7000-8000-000000000017"}

            @hookimpl
            def authenticate(credentials, store):
                badge, proof = credentials["login"], credentials["password"]
                wanted = hmac.new(SECRET, badge.encode(), "sha256").hexdigest()
                return PEOPLE.get(badge) if hmac.compare_digest(proof, wanted) else None
    """


@hookspec(firstresult=True)
def is_away(person: str, at: datetime, store: str) -> bool | None:
    """Say whether a person is away at an instant; None leaves it to the absence records.

    Asked for deputies and by ``is_away(…)`` in rules, inside the action's transaction, on the node that decides. It
    must be quick and the same when asked again. An exception counts as None.

    Example:
        Nobody is away while the shop takes stock::

            from core.host.hookspecs import hookimpl

            STOCKTAKING = {"2026-12-31"}

            @hookimpl
            def is_away(person, at, store):
                return False if at.date().isoformat() in STOCKTAKING else None
    """


@hookspec(firstresult=True)
def on_duty(person: str, day: date, store: str) -> bool | None:
    """Say whether a person is on duty on a business day; None leaves it to the duty records.

    Asked by ``on_duty(…)`` in rules and rankings, inside the action's transaction, on the node that decides. It must be
    quick and the same when asked again. An exception counts as None.

    Example:
        A roster that came with the plugin::

            from core.host.hookspecs import hookimpl

            ROSTER = {("0198c0de-0000-7000-8000-000000000017", 5)}  # Saturdays

            @hookimpl
            def on_duty(person, day, store):
                return True if (person, day.weekday()) in ROSTER else None
    """


@hookspec
def dispatch_facts(policy: Dispatch, item: Row, candidates: Sequence[Row]) -> Mapping[str, Mapping[str, object]]:  # type: ignore[empty-body]
    """Add facts about the candidates, by their id, to the explanation of a ranking.

    Asked while candidates are ranked, inside the transaction, read only. The facts are shown and kept beside the
    decision; they do not change the order, which the policy alone decides. An exception is logged and adds nothing.

    Example:
        Show how many letters a name has::

            from core.host.hookspecs import hookimpl

            @hookimpl
            def dispatch_facts(policy, item, candidates):
                return {row.id: {"letters in name": len(row.values["name"])} for row in candidates}
    """


# --- between nodes --------------------------------------------------------------------------------------------------


@hookspec(firstresult=True)
def merge_field(record: RecordType, field: Field, base: Cell, ours: Cell, theirs: Cell) -> Cell:
    """Merge two values of a field with ``merge: hook`` that were written without knowing of each other.

    Asked by the hub while it merges and by a branch while it replays its own changes, inside the transaction. It must
    be pure: every node with the same three cells must find the same answer, also with ``ours`` and ``theirs`` swapped,
    or the nodes drift apart. None leaves it to ``latest``. The conflict is recorded in any case.

    Example:
        Of two remarks keep the longer; of equally long ones the one later in the alphabet::

            from core.host.hookspecs import hookimpl

            @hookimpl
            def merge_field(record, field, base, ours, theirs):
                return max(ours or "", theirs or "", key=lambda remark: (len(remark), remark)) or None
    """


@hookspec
def entry_outgoing(entry: Entry, peer: str) -> Iterable[str]:  # type: ignore[empty-body]
    """Name the fields of a change that must not be sent to a peer.

    Asked once for each entry, inside the transaction that writes it, so that the seal over the log covers what others
    will see. It can only take away: a field withheld stays on this node, in the record and in the log. An exception
    rolls the action back: what should stay here must not leave by accident. No network and no sleep here.

    Example:
        Guests' phone numbers stay in the shop::

            from core.host.hookspecs import hookimpl

            @hookimpl
            def entry_outgoing(entry, peer):
                return ["guest_phone"] if entry.type == "nightclub_booking.booking" else []
    """


@hookspec
def conflict_found(conflict: Mapping[str, object]) -> None:
    """Hear that two nodes wrote what cannot both stand. ``conflict`` has the cells of the conflict record and its id.

    Told after the batch that found it is durable, on headquarters, where changes are merged. An exception is logged;
    the conflict stays in the inbox.

    Example:
        Collect double bookings for the evening meeting::

            from core.host.hookspecs import hookimpl

            double_bookings = []

            @hookimpl
            def conflict_found(conflict):
                if conflict["kind"] == "exclusive":
                    double_bookings.append(conflict["record_id"])
    """


@hookspec
def synced(peer: str, stats: Mapping[str, int]) -> None:
    """Hear that a round with headquarters is complete: ``stats`` counts pushed, pulled, conflicts, quarantined.

    Told after the round, outside any transaction, on the node that called; ``peer`` is the address it called. A round
    that did not get through is not told. An exception is logged.

    Example:
        A lamp that shows whether headquarters could use everything::

            from core.host.hookspecs import hookimpl

            lamp = {}

            @hookimpl
            def synced(peer, stats):
                lamp[peer] = "yellow" if stats["conflicts"] or stats["quarantined"] else "green"
    """


@hookspec
def cli(group: object) -> None:
    """Add commands to ``branchline``. ``group`` is the ``typer.Typer`` that the commands are added to.

    Asked once when the command line starts, before arguments are read, on whatever machine it runs. Only installed
    distributions are asked: which plugin folders there are is known to a node's settings, not to the command line.

    Example:
        ``branchline greet`` says hello::

            from core.host.hookspecs import hookimpl

            @hookimpl
            def cli(group):
                @group.command()
                def greet():
                    print("hello")
    """


HOOKS: Collection[str] = tuple(name for name, value in list(globals().items()) if hasattr(value, "branchline_spec"))
