"""Reads config/chain.yaml: the nodes, their people, and the story, each with its place for error messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.demo.chain import MemberPlan, PersonPlan
from app.demo.story import Step, start_of
from core.language.source import load_yaml
from core.model.errors import NodeError, Problem, Text

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Label(_Part):
    en: str
    zh: str

    @property
    def text(self) -> Text:
        return Text(self.en, self.zh)


class _Person(_Part):
    name: str
    badge: str
    roles: list[str]


class _Node(_Part):
    store: Name
    label: _Label
    plugins: list[str]
    people: dict[Name, _Person]


class _Line(_Part):
    at: str | None = Field(default=None, pattern=r"^(\d+ )?\d\d:\d\d(:\d\d)?$")
    node: str | None = None
    by: str | None = Field(default=None, alias="as")
    do: str | None = Field(default=None, pattern=r"^\w+\.\w+\.\w+$")
    target: str | None = Field(default=None, alias="for")
    ask: dict[str, Any] = Field(default_factory=dict, alias="with")
    reason: str | None = None
    happened: str | None = None
    name: str | None = Field(default=None, alias="is")
    state: str | None = None
    has: dict[str, Any] = Field(default_factory=dict)
    fails: str | None = None
    provisional: bool = False
    cut: str | None = None
    plug: str | None = None
    settle: bool = False
    show: Literal["conflicts"] | None = None
    say: _Label | None = None


class _Chain(_Part):
    day: str
    start: str
    zone: str = "Asia/Shanghai"
    nodes: dict[Name, _Node]
    story: list[_Line]


@dataclass(frozen=True, slots=True)
class Script:
    """The demo as a file describes it."""

    start: datetime
    zone: ZoneInfo
    members: list[MemberPlan]
    steps: list[Step]

    @property
    def plugins(self) -> set[str]:
        """All plugins that the nodes run."""
        return {plugin for member in self.members for plugin in member.plugins}


def read_script(path: Path) -> Script:
    """Read the file; raise NodeError with the line of every mistake."""
    source = load_yaml(path)
    try:
        read = _Chain.model_validate(source.plain())
    except ValidationError as error:
        problems = tuple(
            Problem("bad-story", Text(each["msg"], each["msg"]), place=source.key_place([*each["loc"]]))
            for each in error.errors()
        )
        raise NodeError(problems) from None
    zone = ZoneInfo(read.zone)
    members = [_member(name, node) for name, node in read.nodes.items()]
    steps = [
        Step(source.place(["story", number]), **{**line.model_dump(), "say": line.say.text if line.say else None})
        for number, line in enumerate(read.story)
    ]
    return Script(start_of(read.day, read.start, zone), zone, members, steps)


def _member(name: str, node: _Node) -> MemberPlan:
    people = {login: PersonPlan(p.name, p.badge, tuple(p.roles)) for login, p in node.people.items()}
    return MemberPlan(name, node.store, node.label.text, tuple(node.plugins), people)
