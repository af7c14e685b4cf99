"""A streaming replica of headquarters' PostgreSQL: what reads much and long is read there, in nobody's way.

A replica may be away or behind. Nobody is to wait for it, and nobody is to take yesterday's figures for today's: then
it is passed over, and the log says why.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DatabaseError

from stores.storage import state

LAG_MAX = timedelta(seconds=30)
CONNECT_S_MAX = 2  # how long a report waits for a replica that does not answer
READERS_MAX = 8
_PLACE = "hs"  # node_state: the hub's order, which moves with every change
_BEHIND = text("SELECT now() - pg_last_xact_replay_timestamp()")  # NULL where nothing is replayed

report = logging.getLogger(__name__)


class Replica:
    """Another server that holds what headquarters' database held a moment ago, by its URL."""

    def __init__(self, url: URL) -> None:
        engine = create_engine(
            url,
            pool_size=2,
            max_overflow=READERS_MAX,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_S_MAX},
        )
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def open(self, original: Connection) -> Connection | None:
        """Return a connection to the replica; None when it is away, or too far behind ``original``.

        Who is at the same place is not behind, however long ago the last change was. Otherwise the time of the last
        change that was replayed says how old its picture is.
        """
        try:
            connection = self._engine.connect()
        except DatabaseError as error:
            report.warning(
                "the replica does not answer; read from the database itself", extra={"why": type(error.orig).__name__}
            )
            return None
        try:
            behind = _behind(connection, original)
        except DatabaseError as error:
            connection.close()
            report.warning(
                "the replica cannot be read; read from the database itself", extra={"why": type(error.orig).__name__}
            )
            return None
        connection.rollback()  # the caller begins its own picture
        if behind is not None and behind <= LAG_MAX:
            return connection
        connection.close()
        told = None if behind is None else round(behind.total_seconds())
        report.warning("the replica is behind; read from the database itself", extra={"behind_s": told})
        return None

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def _behind(connection: Connection, original: Connection) -> timedelta | None:
    """Return how old the replica's picture is; None when nobody can tell."""
    if state.get_int(connection, _PLACE) == state.get_int(original, _PLACE):
        return timedelta(0)
    behind: timedelta | None = connection.execute(_BEHIND).scalar_one()
    return behind
