"""A record type in words, for the person who must say whether the YAML is what the business meant."""

from __future__ import annotations

from collections.abc import Iterable

from core.language.definition import SYSTEM, Action, Plugin, RecordType, Timer
from core.language.expressions import Formula
from core.language.outcomes import Outcome
from core.model.errors import Language, Text


def record_in_words(plugin: Plugin, record: RecordType, language: Language) -> str:
    """Return what a record type holds, the states it goes through, who may do what, what happens by itself."""
    say = _Speaker(plugin, record, language)
    lines = [f"# {record.label.say(language)} ({record.key})", "", say.fields(), say.states()]
    lines += ["", say("Actions", "操作"), *(line for action in record.actions.values() for line in say.action(action))]
    if record.timers:
        lines += ["", say("By itself", "自动执行"), *(say.timer(timer) for timer in record.timers.values())]
    if record.exclusive:
        lines += [
            "",
            say("Never two at once", "不得并存"),
            *(f"- {each.message.say(language)}" for each in record.exclusive.values()),
        ]
    lines += ["", say("Who sees it", "谁可查看"), *say.readers()]
    return "\n".join(line for line in lines if line is not None)


class _Speaker:
    """Says things about one record type in one language."""

    def __init__(self, plugin: Plugin, record: RecordType, language: Language) -> None:
        self.plugin, self.record, self.language = plugin, record, language

    def __call__(self, en: str, zh: str) -> str:
        return Text(en, zh).say(self.language)

    def fields(self) -> str:
        """Return the fields, computed ones marked with what they are."""
        shown = [
            f"{field.label.say(self.language)} (= {field.value.text})"
            if field.value
            else field.label.say(self.language)
            for field in self.record.fields.values()
        ]
        return self("Holds: ", "内容：") + self.listed(shown)

    def states(self) -> str:
        """Return the states in their order."""
        if not self.record.states:
            return self("It has no states.", "没有状态。")
        return self("States: ", "状态：") + " · ".join(
            state.say(self.language) for state in self.record.states.values()
        )

    def action(self, action: Action) -> list[str]:
        """Return who may do an action, when, what it checks, and each thing it may come to."""
        who = (
            self("the system", "系统")
            if set(action.by) == {SYSTEM}
            else self.listed(self.role(name) for name in action.by)
        )
        name = f"{action.label.say(self.language)} ({action.name})"
        lines = [f"- {name}{self(': ', '：')}{who}{self(', ', '，')}{self.source(action)}"]
        if action.ask:
            lines.append(
                "    " + self("asks for ", "填写") + self.listed(ask.label.say(self.language) for ask in action.ask)
            )
        for check in action.checks:
            word = self("warns unless", "提醒，除非") if check.level == "warn" else self("only if", "仅当")
            lines.append(f"    {word} {check.rule.text} — {check.message.say(self.language)}")
        lines += [f"    {text}" for outcome in action.outcomes if (text := self.outcome(outcome))]
        return lines

    def source(self, action: Action) -> str:
        """Return where an action starts from."""
        if action.new:
            return self("creates it", "新建")
        if action.sources is None:
            return self("in any state", "任何状态")
        names = [self.state(name) for name in self.record.states if name in action.sources]
        return self("from ", "当前状态：") + self.listed(names)

    def outcome(self, outcome: Outcome) -> str:
        """Return what one outcome does, with its condition."""
        when = self(f"if {outcome.when.text}: ", f"若 {outcome.when.text}：") if outcome.when else ""
        if outcome.refuse:
            return when + self("refused: ", "拒绝：") + outcome.refuse.say(self.language)
        if outcome.instead:
            return when + self("instead creates ", "改为新建") + outcome.instead.record
        parts = [self("becomes ", "变为") + self.state(outcome.to)] if outcome.to else []
        parts += [f"{self.field(name)} = {self.formula(value)}" for name, value in outcome.set.items()]
        parts += [
            f"{self.ledger(each.ledger)} {self.formula(each.amount)} → {self.formula(each.account)}"
            for each in outcome.post
        ]
        parts += [self("creates ", "新建") + each.record for each in outcome.create]
        parts += [self("changes ", "更改") + each.query.text for each in outcome.update]
        parts += [
            (self("restores ", "恢复") if each.restores else self("takes back ", "撤销")) + each.query.text
            for each in outcome.sweep
        ]
        parts += [
            f"{self.field(name)} {self('picked by', '按规则选出')} {policy}" for name, policy in outcome.pick.items()
        ]
        parts += [self("tells ", "通知 ") + name for name in outcome.notice]
        if outcome.confirm:
            parts.append(self("signed by ", "须签字：") + self.listed(self.role(name) for name in outcome.confirm))
        return when + self("; ", "；").join(parts) if parts else ""

    def timer(self, timer: Timer) -> str:
        """Return what happens when a timer is due."""
        action = self.record.actions.get(timer.then)
        done = action.label.say(self.language) if action else timer.then
        text = self(
            f"- while {timer.running.text}: {done}, after {timer.due.text}",
            f"- 当 {timer.running.text} 时，超过 {timer.due.text} 后执行“{done}”",
        )
        if timer.remind:
            text += self("; reminds ", "；提前提醒：") + self.listed(
                f"{each.before} ({each.notice})" for each in timer.remind
            )
        return text

    def readers(self) -> list[str]:
        """Return one line per role that may read it."""
        if self.record.read is None:
            return [self("- every role of this plugin", "- 本插件的所有岗位")]
        lines = []
        for name, rule in self.record.read.items():
            parts = [self("where ", "仅限 ") + rule.where.text] if rule.where else []
            parts += (
                [self("masked: ", "掩码：") + self.listed(self.field(field) for field in rule.mask)]
                if rule.mask
                else []
            )
            parts += (
                [self("hidden: ", "隐藏：") + self.listed(self.field(field) for field in sorted(rule.hide))]
                if rule.hide
                else []
            )
            lines.append(f"- {self.role(name)}{self(': ', '：') if parts else ''}{self('; ', '；').join(parts)}")
        return lines

    def listed(self, items: Iterable[str]) -> str:
        """Return items with the language's comma."""
        return self(", ", "、").join(items)

    def role(self, name: str) -> str:
        """Return a role's label."""
        if name == SYSTEM:
            return self("the system", "系统")
        role = self.plugin.roles.get(name)
        return role.label.say(self.language) if role else name

    def state(self, name: str) -> str:
        """Return a state's label."""
        label = self.record.states.get(name)
        return label.say(self.language) if label else name

    def field(self, name: str) -> str:
        """Return a field's label."""
        field = self.record.fields.get(name)
        return field.label.say(self.language) if field else name

    def ledger(self, name: str) -> str:
        """Return a ledger's label."""
        ledger = self.plugin.ledgers.get(name)
        return ledger.label.say(self.language) if ledger else name

    def formula(self, formula: Formula) -> str:
        """Return a formula as it is written."""
        return formula.text
