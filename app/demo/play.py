"""Plays the demo: makes the chain, lives through the evening, shows the table; then the nodes stay up, or not."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from app.demo import report
from app.demo.chain import PASSWORD, Chain, running
from app.demo.clock import StoryClock
from app.demo.script import Script, read_script
from app.demo.story import Stage
from app.demo.year import run as year
from app.demo.year.life import Give
from app.demo.year.run import DAYS, Size
from app.logs import start_logging
from core.model.errors import Language, NodeError, Text
from core.model.scope import HEADQUARTERS
from stores.actor import SYSTEM_ACTOR
from stores.acts.act import act
from stores.acts.calls import Call
from stores.node import Node
from stores.posts import ASSIGNMENT
from stores.reads.oversight import BRANCH

HOUSE = Path(__file__).parents[2]
YEAR_SENT_S_MAX = 900.0  # the longest a branch may take to send its year
PAUSE_S_MAX = 1.5  # the longest a stretch of simulated time is drawn out
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How the demo runs. ``speed``: simulated minutes a second, 0 = as fast as it goes; ``port_base`` 0 = any ports.

    With a ``size`` the chain lives through a year of that size, from a ``seed``, instead of the evening of the story.
    """

    stay: bool
    speed: float
    port_base: int
    folder: Path | None
    language: Language
    script: Path = HOUSE / "config" / "chain.yaml"
    plugins: Path = HOUSE / "plugins"
    size: Size | None = None
    seed: int = 2026


def play(options: Options, say: Say, table: Callable[[list[report.Line]], str]) -> bool:
    """Play the demo and return whether every node agrees at the end; ``say`` gets one line at a time."""
    script = read_script(options.script)
    begins = script.start - timedelta(days=DAYS) if options.size else script.start
    clock = StoryClock(begins, time.monotonic)
    with ExitStack() as stack:
        folder = _folder(options, stack)
        stack.enter_context(_log_to(folder / "demo.log"))
        say(_starting(script, options.language))
        chain = stack.enter_context(
            running(script.members, folder, options.plugins, clock, options.port_base, options.language)
        )
        for member in chain.members.values():
            say(f"  {member.address}  {member.plan.label.say(options.language)}")
        if options.size is None:
            _stage(script, chain, options, say).play(script.steps)
            settled = chain.settled()
        else:
            settled = _year(script, chain, options, options.size, say)
        found = report.lines(chain)
        say("\n" + table(found))
        agreed = settled and all(line.agrees for line in found)
        say(_verdict(agreed, options.language))
        if options.stay:
            _stay(chain, options, say)
    return agreed


def _year(script: Script, chain: Chain, options: Options, size: Size, say: Say) -> bool:
    """Let every store live through a year without its network, then plug it in; say whether all has arrived."""
    names = {id(member.service.node): name for name, member in chain.members.items()}

    def give(node: Node, given: Sequence[tuple[str, str]]) -> None:
        chain.settled([names[id(node)]])
        headquarters = chain.headquarters.service.node
        record = headquarters.catalog.records[ASSIGNMENT]
        for staff, role in given:
            ask = {"staff": staff, "role": role}
            act(headquarters, Call(record, "give", SYSTEM_ACTOR, ask=ask, store=HEADQUARTERS))
        chain.settled([names[id(node)]])

    _name_branches(script, chain)
    lives = year.lives_of([m.service.node for m in chain.branches], chain.clock.move_to, options.seed, size, give)
    year.begin(lives)
    chain.plug(plugged=False)
    begins = chain.clock()
    year.live(lives, begins, script.start, lambda day: say(f"  {day:%Y-%m}"))
    for each in lives:
        say(f"  {each.plan.plugin:<20} {each.done.total():>7} {_DONE.say(options.language)}")
    if copied := year.grow(lives, size, begins, script.start):
        say(_COPIED.filled({"count": copied}).say(options.language))
    chain.plug(plugged=True)
    if not chain.settled(seconds=YEAR_SENT_S_MAX):
        return False
    _at_headquarters(chain, options, size, give)
    return chain.settled()


def _name_branches(script: Script, chain: Chain) -> None:
    """Write down what the stores are called and where they are, as the evening of the script does."""
    headquarters = chain.headquarters.service.node
    record = headquarters.catalog.records[BRANCH]
    for step in script.steps:
        if step.do == f"{BRANCH}.add":
            act(headquarters, Call(record, "add", SYSTEM_ACTOR, ask=step.ask, store=HEADQUARTERS))


def _at_headquarters(chain: Chain, options: Options, size: Size, give: Give) -> None:
    """Let headquarters do with the year what only it decides about."""
    nodes, now = [chain.headquarters.service.node], chain.clock()
    lives = year.lives_of(nodes, chain.clock.move_to, options.seed, size, give, year.PLANS_OF_HEADQUARTERS)
    year.begin(lives)
    year.live(lives, now, now + timedelta(minutes=1))


_DONE = Text("actions", "次操作")
_COPIED = Text("  {count} records copied in bulk", "  批量复制 {count} 条记录")


def _stage(script: Script, chain: Chain, options: Options, say: Say) -> Stage:
    def tell(moment: datetime, where: str, what: str) -> None:
        say(f"{moment.astimezone(script.zone):%H:%M}  {where:<11} {what}")

    def wait(span: timedelta) -> None:
        if options.speed > 0:
            time.sleep(min(span.total_seconds() / 60 / options.speed, PAUSE_S_MAX))

    return Stage(chain, script.start, script.zone, options.language, tell, wait)


def _stay(chain: Chain, options: Options, say: Say) -> None:
    """Keep the nodes up, timers and all, until Ctrl+C."""
    chain.clock.run()
    for member in chain.members.values():
        member.service.timers.start()
    language = options.language
    for member in chain.members.values():
        say(f"\n{member.plan.label.say(language)}  {member.address}/")
        for login, about in member.plan.people.items():
            say(f"  {login:<6} {PASSWORD}  {about.name}  {', '.join(about.roles)}")
    say(Text("\nThe nodes stay up; Ctrl+C ends them.", "\n各节点保持运行，按 Ctrl+C 结束。").say(language))
    try:
        Event().wait()
    except KeyboardInterrupt:
        say("")


def _folder(options: Options, stack: ExitStack) -> Path:
    if options.folder is None:
        return Path(stack.enter_context(TemporaryDirectory(prefix="branchline-demo-", ignore_cleanup_errors=True)))
    if options.folder.exists() and any(options.folder.iterdir()):
        raise NodeError.of(
            "folder-in-use",
            f"{options.folder} is not empty",
            f"{options.folder} 不是空文件夹",
            fix=Text("name a new or empty folder with --dir", "请用 --dir 指定新的或空的文件夹"),
        )
    options.folder.mkdir(parents=True, exist_ok=True)
    return options.folder.resolve()


def _log_to(file: Path) -> ExitStack:
    """Send the nodes' own log to a file: the screen belongs to the story."""
    stack = ExitStack()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    start_logging("info", stack.enter_context(file.open("w", encoding="utf-8")))

    def back() -> None:
        root.handlers[:] = handlers
        root.setLevel(level)

    stack.callback(back)
    return stack


def _starting(script: Script, language: Language) -> str:
    count = len(script.members)
    text = Text(
        f"starting headquarters and {count - 1} branches, each with its own database and its own server …",
        f"正在启动总部与 {count - 1} 个门店，各有独立的数据库和服务 …",
    )
    return text.say(language)


def _verdict(agreed: bool, language: Language) -> str:
    good = Text("Every node agrees with headquarters.", "所有节点与总部一致。")
    bad = Text("THE NODES DO NOT AGREE: see the table.", "节点之间不一致：请见上表。")
    return (good if agreed else bad).say(language)
