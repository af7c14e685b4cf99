"""Shape: every unknown, missing or misshapen key, each at its place and with a way out."""

from __future__ import annotations

from tests.core.language.conftest import Faults
