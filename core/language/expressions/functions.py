"""The functions every rule may call."""

from __future__ import annotations

from core.language.expressions.library import VALUES
from core.language.expressions.library_time import TIMES, WORLD
from core.language.expressions.registry import Function, Functions, Nulls, Param

FUNCTIONS = Functions(*VALUES, *TIMES, *WORLD)

__all__ = ["FUNCTIONS", "Function", "Functions", "Nulls", "Param"]
