"""PostgreSQL under a node: its connections, the lock that lets one write at a time, and how long anything may hang."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text

APPLICATION = "branchline"  # what our sessions are called at the server
IDLE_MS_MAX = 300_000  # the server ends a transaction that idles for so long: it keeps old rows from going
IDLE_WRITING_MS_MAX = 60_000  # likewise one that writes: it holds everybody's lock
# A server that is gone without a word, a machine that lost power, is noticed in a minute and not in hours.
_CONNECT = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "application_name": APPLICATION,
}
LOCK_FAMILY = 0x6272  # our half of PostgreSQL's advisory lock key; the other half is the schema

# READ COMMITTED on purpose: the advisory lock is the first statement, and only a snapshot taken after it
# shows what the previous writer committed. Under REPEATABLE READ the lock statement itself would take the snapshot.
_WRITE_LOCK = text(
    "SELECT set_config('idle_in_transaction_session_timeout', :idle, true),"
    " pg_advisory_xact_lock(:family, coalesce(hashtext(current_schema()), 0))"
)


def engines(url: URL, write_wait_s_max: float, readers_max: int) -> tuple[Engine, Engine]:
    """Return what writes and what reads; both take their connections out of one pool.

    Nobody waits for ever for a lock that somebody else holds, and the server ends transactions of ours that idle: a
    process that is stopped, or whose machine is gone, holds up the others for a minute. What the URL says of the
    connection stands.
    """
    ours = {name: value for name, value in _CONNECT.items() if name not in url.query}
    engine = create_engine(url, pool_size=4, max_overflow=readers_max, pool_pre_ping=True, connect_args=ours)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.execute(f"SET lock_timeout = {int(write_wait_s_max * 1000)}")
        connection.execute(f"SET idle_in_transaction_session_timeout = {IDLE_MS_MAX}")
        connection.commit()

    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine.execution_options(isolation_level="READ COMMITTED"), reader


def take_lock(connection: Connection) -> None:
    """Take the lock of whoever writes, for this transaction."""
    connection.execute(_WRITE_LOCK, {"idle": str(IDLE_WRITING_MS_MAX), "family": LOCK_FAMILY})
