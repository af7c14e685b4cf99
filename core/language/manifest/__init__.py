"""The shape of plugin.yaml as pydantic models, and the JSON Schema editors use.

Shape only: whether the names exist and the expressions fit is the compiler's to say.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationError

from core.language.manifest.base import Shape, StateShape, TextShape, Title, Value, Word
from core.language.manifest.faults import problems_of
from core.language.manifest.records import FieldShape, RecordShape, SettingShape, TypedShape
from core.language.manifest.reports import ReportShape
from core.language.manifest.sections import (
    CalendarShape,
    DispatchShape,
    GuidanceShape,
    LedgerShape,
    MigrationShape,
    NoticeShape,
    RoleShape,
    RuleShape,
    ScenarioShape,
    ScorecardShape,
    ViewShape,
)
from core.language.source import YamlNode
from core.model.errors import DefinitionError

__all__ = [
    "FieldShape",
    "Manifest",
    "RecordShape",
    "StateShape",
    "TextShape",
    "TypedShape",
    "json_schema",
    "problems_of",
    "read_manifest",
]

SCHEMA_ID = "https://branchline.example/plugin.schema.json"


class Manifest(Shape):
    """A plugin: one business type, or an overlay that changes another plugin for one store."""

    plugin: str = Field(
        pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)?$", description="Its name; an overlay is called base.store"
    )
    version: str = Field(description="SemVer, e.g. 1.0.0")
    requires: dict[Word, str] = Field(
        default={}, description="Plugins it needs and their version ranges, e.g. {core: ^1}"
    )
    label: TextShape | None = None
    extends: str | None = Field(
        default=None, description="name@range: this file is an overlay; same keys, merged by name, null removes"
    )
    rules: dict[Title, RuleShape] = Field(
        default={}, description="The rule book: number: {mark, zh, en}; then every `cite` must name one of them"
    )
    settings: dict[Word, SettingShape] = Field(default={})
    calendar: CalendarShape | None = None
    roles: dict[Word, RoleShape] = Field(default={})
    records: dict[Word, RecordShape] = Field(default={})
    ledgers: dict[Word, LedgerShape] = Field(default={})
    dispatch: dict[Word, DispatchShape] = Field(default={})
    scorecards: dict[Word, ScorecardShape] = Field(default={})
    reports: dict[Word, ReportShape] = Field(default={})
    notices: dict[Word, NoticeShape] = Field(default={})
    views: dict[Word, ViewShape] = Field(default={})
    guidance: dict[Word, GuidanceShape] = Field(default={})
    migrations: dict[str, list[MigrationShape]] = Field(default={})
    samples: dict[str, dict[Word, dict[str, Value]]] = Field(default={}, description="record: {name: values}")
    scenarios: dict[Title, ScenarioShape] = Field(default={})
    equivalent: dict[str, str] = Field(
        default={}, description="Mutants that change nothing a scenario could notice: name (as `mutants` lists it): why"
    )


def read_manifest(root: YamlNode) -> Manifest:
    """Return the plugin's shape.

    Raises:
        DefinitionError: with every key that is unknown, missing or of the wrong shape.
    """
    try:
        return Manifest.model_validate(root.plain())
    except ValidationError as error:
        raise DefinitionError(problems_of(error, root, Manifest)) from None


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of plugin.yaml (draft 2020-12), made from the models."""
    schema = Manifest.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
        "title": "Branchline plugin",
    }
