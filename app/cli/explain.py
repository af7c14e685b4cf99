"""``branchline explain``: why a record of this node stands as it does, told as the API would tell the same person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

import typer

from app.cli.common import Config, language, opened, say
from app.web.why import explained
from core.language.definition import RecordType
from core.model.clock import from_iso
from core.model.errors import Language, NotFound, Text
from stores.actor import Actor
from stores.node import Node
from stores.reads import records
from stores.staff import person
from stores.storage import people

Json = Mapping[str, Any]


def explain(
    config: Config,
    plugin: Annotated[str, typer.Argument(help="Plugin. 插件。")],
    record: Annotated[str, typer.Argument(help="Record type. 记录类型。")],
    which: Annotated[str, typer.Argument(help="Its number or id. 编号或 id。")],
    login: Annotated[
        str, typer.Option("--as", help="With whose eyes: a login of this node. 以谁的身份查看（登录名）。")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="As the API answers. 输出与 API 相同的 JSON。")] = False,
) -> None:
    """Say why: deadlines and their days, who did what by which rule, fines, choices, scores. 解释记录的来龙去脉。"""
    with opened(config) as service:
        node = service.node
        asker = _Asker(node, _actor(node, login), language())
        kind = node.catalog.record(plugin, record)
        told = explained(asker, kind, _id(asker, kind, which))
        zone = node.zone
    if as_json:
        say(json.dumps(told, ensure_ascii=False, indent=2, default=str))
        return
    for line in in_words(told, language(), zone):
        say(line)


@dataclass(frozen=True, slots=True)
class _Asker:
    node: Node
    actor: Actor
    language: Language


def _actor(node: Node, login: str) -> Actor:
    with node.database.read() as connection:
        account = people.account_by_login(connection, login)
        if account is None:
            what = (f"nobody signs in as `{login}` here", f"本机没有登录名 `{login}`")
            raise NotFound.of("no-such-login", *what, field="login")
        return person(connection, node, account.staff_id)


def _id(asker: _Asker, kind: RecordType, which: str) -> str:
    """Return the id of the record with a number that the person may see; what is no number is an id."""
    page = records.query(asker.node, asker.actor, kind, where=[("number", "eq", which)], fields=["id"], limit=1)
    return str(page.rows[0]["id"]) if page.rows else which


def in_words(told: Json, tongue: Language, zone: ZoneInfo) -> Iterator[str]:
    """Yield the lines that a person reads: what stands, then what was done, then what came of it."""
    say_ = _Words(tongue, zone)
    name, state = told["number"] or told["id"], told["state_label"] or told["state"] or "—"
    yield f"{told['label']} {name} · {state} · {told['plugin']} {told['version']}"
    for timer in told["timers"]:
        head = say_("deadline", "时限")
        yield f"{head} {timer.get('label', timer['name'])}: {say_.local(timer['due'])}" + (
            f" ({timer['fault']})" if "fault" in timer else ""
        )
        yield from say_.deadline(timer)
    for step in told["steps"]:
        late = say_(f", {step['late_s']} s late", f"，迟 {step['late_s']} 秒") if step["late_s"] else ""
        why = f" — {step['reason']}" if step["reason"] else ""
        under = f"{told['plugin']} {step['version'] or ''}"
        yield f"{say_.local(step['at'])} {step['label']} · {step['by_name']}{late} · {under}{why}"
        yield from say_.rules(step["rules"])
        for timer in step["timers"]:
            yield from say_.deadline(timer)
    for entry in told["ledger"]:
        yield f"{entry['ledger']} {entry['amount']} · {entry['state']} · {entry['why']}"
        yield from say_.rules(entry["rules"])
    for pick in told["dispatch"]:
        yield f"{say_('chosen', '派单')} {pick.get('label', pick['policy'])}: {pick['chosen']}"
        yield from say_.rules(pick.get("rules", ()))
    if score := cast("Json | None", told["score"]):
        yield str(score["label"])
        for item in score["items"].values():
            yield f"  {item['label']}: {item['value'] or item['by']} / {item['target'] or '—'} · {item['weight']}"
            yield from say_.rules(item["rules"])


@dataclass(frozen=True, slots=True)
class _Words:
    tongue: Language
    zone: ZoneInfo

    def __call__(self, en: str, zh: str) -> str:
        return Text(en, zh).say(self.tongue)

    def local(self, cell: str) -> str:
        """Return a moment on the clock of the store."""
        return from_iso(cell).astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def rules(self, rules: Sequence[Json]) -> Iterator[str]:
        """Yield cited rules, indented."""
        yield from (f"  {rule['number']} {rule['text'] or ''}".rstrip() for rule in rules)

    def deadline(self, timer: Json) -> Iterator[str]:
        """Yield what a deadline was worked out from, and the days that did not count."""
        yield from self.rules(timer.get("rules", ()))
        if "rule" in timer:
            yield f"  = {timer['rule']}"
        yield from (f"    {name} = {value}" for name, value in timer.get("inputs", {}).items())
        yield from (
            f"    {each['day']} {self('not counted', '不计')}: {each['why']}" for each in timer.get("skipped", ())
        )
