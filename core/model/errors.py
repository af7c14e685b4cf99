"""What went wrong, where, and the way out: in Chinese and in English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import ClassVar, Literal

Language = Literal["zh", "en"]
Level = Literal["error", "warn"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages of the house. Plugins write it as ``{en: …, zh: …}``."""

    en: str
    zh: str

    def say(self, language: Language) -> str:
        """Return the sentence in ``language``."""
        return self.zh if language == "zh" else self.en

    def filled(self, values: Mapping[str, object]) -> Text:
        """Return the text with ``{name}`` places filled in; an unknown name stays as it is written."""
        known = _Blanks(values)
        return Text(self.en.format_map(known), self.zh.format_map(known))


class _Blanks(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a plugin file: ``file:line:column`` and the path of keys that leads there."""

    file: str
    line: int
    column: int
    path: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class CitedRule:
    """A rule of a rule book that something carries out; without a rule book only its number is known."""

    number: str
    mark: str | None = None
    text: Text | None = None

    def say(self, language: Language) -> dict[str, str | None]:
        """Return the rule as plain data, in one language."""
        return {"number": self.number, "mark": self.mark, "text": self.text.say(language) if self.text else None}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: what it is, where it is, how to mend it.

    ``code`` is a stable kebab-case word (listed in docs/errors.md). ``place`` is set for faults in
    plugin files, ``field`` for faults in what a person entered.
    """

    code: str
    what: Text
    fix: Text | None = None
    place: Place | None = None
    field: str | None = None
    level: Level = "error"
    rules: tuple[CitedRule, ...] = ()  # of the business, that were broken

    def at(self, place: Place | None = None, field: str | None = None) -> Problem:
        """Return the same problem with its place or field filled in."""
        return replace(self, place=place or self.place, field=field or self.field)

    def render(self, language: Language = "en") -> str:
        """Return the lines a person reads: place, problem, way out."""
        head = f"{self.place}: " if self.place else f"{self.field}: " if self.field else ""
        lines = [head + self.what.say(language)]
        if self.place and self.place.path:
            lines[0] += f"  [{self.place.path}]"
        if self.fix:
            lines.append(("  改法：" if language == "zh" else "  fix: ") + self.fix.say(language))
        for rule in self.rules:
            word = "  规则 " if language == "zh" else "  rule "
            lines.append(word + rule.number + (f": {rule.text.say(language)}" if rule.text else ""))
        return "\n".join(lines)


@dataclass
class NodeError(Exception):
    """What a person can cause and can mend. What only our own mistake can cause is an ``assert``."""

    problems: tuple[Problem, ...] = field(default_factory=tuple)
    status: ClassVar[int] = 422  # the HTTP status the API answers with

    def __post_init__(self) -> None:
        super().__init__(str(self))

    def __str__(self) -> str:
        return "\n".join(problem.render("en") for problem in self.problems)

    @classmethod
    def of(cls, code: str, en: str, zh: str, *, fix: Text | None = None, field: str | None = None) -> NodeError:
        """Return an error with one problem."""
        return cls((Problem(code, Text(en, zh), fix=fix, field=field),))


class DefinitionError(NodeError):
    """A plugin file says something it may not say; every problem carries its place."""


class ActionRefused(NodeError):
    """An action was not carried out: a field, a check, an outcome or a hook said no. Nothing was saved."""


class SignInNeeded(NodeError):
    """Nobody is signed in, or the session has ended."""

    status = 401


class Forbidden(NodeError):
    """The person's role may not do this here."""

    status = 403


class NotFound(NodeError):
    """No such plugin, record type, record or action, or the reader may not know that it exists."""

    status = 404


class Clash(NodeError):
    """The record is no longer in the state the person saw."""

    status = 409


def one_of(words: Sequence[str]) -> Text:
    """Return which words there are to write, as a way out."""
    if len(words) == 1:
        return Text(f"write {words[0]}", f"请写 {words[0]}")
    return Text(f"write one of {', '.join(words)}", f"请写 {'、'.join(words)} 之一")


def suggest(word: str, known: Iterable[str]) -> Text | None:
    """Return "did you mean …?" for the nearest of ``known``, or None when nothing is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return Text(f"did you mean `{near[0]}`?", f"是否为 `{near[0]}`？") if near else None
