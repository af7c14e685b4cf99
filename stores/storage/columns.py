"""The two column types of a node: text in byte order, and 64-bit whole numbers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine


class Chars(TypeDecorator[str]):
    """Text compared byte by byte on both databases: PostgreSQL would otherwise sort by the server's language."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return TEXT, with the ``C`` collation where there is a choice."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())


Whole = BigInteger
