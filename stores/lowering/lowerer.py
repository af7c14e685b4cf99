"""The whole walk from a typed tree to SQL."""

from __future__ import annotations

from stores.lowering.conditions import Conditions
from stores.lowering.failing import Failing
from stores.lowering.values import Values


class Lowerer(Conditions, Values, Failing):
    """Says conditions, values and aggregates to one database; made for one question and thrown away after it."""
