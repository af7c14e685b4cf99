"""Who holds up headquarters' PostgreSQL: a session that idles in a transaction, or that others have to wait for.

Our own are ended by the server itself (``postgres``), and nobody of us waits for ever. Somebody else's, a console that
was left open or another program, is his to end who runs the server; he is told which one it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from core.model.errors import Problem, Text
from stores.storage import bulk
from stores.storage.postgres import APPLICATION

IDLE_S_MIN = 60  # a transaction that idles for less is somebody's work
WAIT_S_MIN = 5  # whoever waits for less waits his turn

_HOLDUPS = f"""
WITH held AS (
    SELECT blocker, count(*) AS waiting, max(extract(epoch FROM clock_timestamp() - waiter.query_start)) AS waited
    FROM pg_stat_activity AS waiter, unnest(pg_blocking_pids(waiter.pid)) AS blocker
    WHERE waiter.datname = current_database() AND waiter.wait_event_type = 'Lock' GROUP BY blocker),
sessions AS (
    SELECT pid, application_name, coalesce(usename, '') AS person, state = 'active' AS works,
        CASE WHEN state LIKE 'idle in transaction%%'
            THEN extract(epoch FROM clock_timestamp() - state_change) END AS idle
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid())
SELECT pid, application_name, person, CAST(greatest(idle, waited) AS bigint), coalesce(waiting, 0)
FROM sessions LEFT JOIN held ON blocker = pid
WHERE idle >= ? OR (waited >= ? AND NOT (works AND application_name = '{APPLICATION}')) ORDER BY pid
"""  # noqa: S608 - a name of ours


@dataclass(frozen=True, slots=True)
class Holdup:
    """One session: who it is, for how many seconds it has idled or been waited for, and how many wait for it now."""

    pid: int
    application: str
    person: str
    seconds: int
    waiting: int

    @property
    def problem(self) -> Problem:
        """What to tell who runs the server."""
        return Problem("database-held-up", _WHAT.filled(self._words), fix=_FIX.filled(self._words))

    @property
    def told(self) -> Text:
        """What a notice says of it."""
        what, fix = _WHAT.filled(self._words), _FIX.filled(self._words)
        return Text(f"{what.en}. {fix.en[0].upper()}{fix.en[1:]}", f"{what.zh}。{fix.zh}")

    @property
    def _words(self) -> dict[str, object]:
        who = " / ".join(filter(None, (self.application, self.person))) or "?"
        return {"who": who, "pid": self.pid, "seconds": self.seconds, "waiting": self.waiting}


def holdups(connection: Connection) -> list[Holdup]:
    """Return the sessions that hold up this database, none on SQLite: there a process that ends lets go."""
    if connection.dialect.name != "postgresql":
        return []
    return [Holdup(*row) for row in bulk.run(connection, _HOLDUPS, IDLE_S_MIN, WAIT_S_MIN)]


_WHAT = Text(
    "a session of the database server holds up headquarters: {who} (process {pid}), for {seconds} seconds; {waiting} "
    "wait for it",
    "数据库服务器上的一个会话阻塞了总部：{who}（进程 {pid}），已持续 {seconds} 秒，{waiting} 个会话在等待",
)
_FIX = Text(
    "end its transaction, or run `SELECT pg_terminate_backend({pid})` as an administrator of the server; what waits "
    "goes on by itself",
    "请结束其事务，或以服务器管理员身份执行 `SELECT pg_terminate_backend({pid})`；等待中的工作会自动继续",
)
