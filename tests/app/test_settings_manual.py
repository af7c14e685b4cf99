"""docs/settings.md names every key a settings file may have, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel

from app.settings import Settings

MANUAL = Path(__file__).parents[2] / "docs" / "settings.md"


def keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= keys(inner, f"{prefix}{name}.")
        else:
            found.add(prefix + name)
    return found


def test_the_manual_and_the_code_know_the_same_keys() -> None:
    table = MANUAL.read_text(encoding="utf-8").split("## ")[0]
    assert set(re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE)) == keys(Settings)
