"""What one process of headquarters has written rings in the others: PostgreSQL carries it (``LISTEN``, ``NOTIFY``).

Only names of record types are told. Whoever hears them looks for himself; so a bell that was not heard costs time and
nothing else: timers look every half minute, and a page can be loaded again. Beside them a process passes on short texts
for whom it may concern; they are kept nowhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

CHANNEL, TOLD = "branchline", "branchline.told"
PAYLOAD_MAX = 7_000  # bytes; PostgreSQL refuses 8,000
LISTEN_S = 0.5  # how soon a listener notices that it is to stop
PAUSE_S = 2.0  # before a lost server is asked again

Heard = Callable[[frozenset[str]], None]
report = logging.getLogger(__name__)


class Bell:
    """The bell of one database, by its URL. Schemas of one database have bells of their own."""

    def __init__(self, url: URL) -> None:
        self._engine = create_engine(url, pool_size=1, max_overflow=1, pool_pre_ping=True).execution_options(
            isolation_level="AUTOCOMMIT"
        )

    def ring(self, types: frozenset[str]) -> None:
        """Tell the other processes which types of records were written. A server that is away is only reported."""
        told = ",".join(sorted(types))
        self._notify(CHANNEL, told if len(told.encode()) <= PAYLOAD_MAX else "")

    def pass_on(self, told: str) -> None:
        """Pass a text on to the process that listens; one that is too long, or that nobody hears, is lost."""
        if len(told.encode()) <= PAYLOAD_MAX:
            self._notify(TOLD, told)

    def _notify(self, channel: str, payload: str) -> None:
        try:
            with self._engine.connect() as connection:
                connection.execute(
                    text("SELECT pg_notify(:channel || '.' || current_schema(), :payload)"),
                    {"channel": channel, "payload": payload},
                )
        except SQLAlchemyError as error:  # also that the pool had no connection in time: what was written is written
            report.warning("the other processes were not told of a change", extra={"why": type(error).__name__})

    def listen(self, heard: Heard, stop: Event, told: Callable[[str], None] = lambda _: None) -> Thread:
        """Call ``heard`` with the types that another process has written, until ``stop`` is set; return the thread.

        No types: any. After the server was away, ``heard`` is called once, for what may have been missed. ``told`` gets
        what another process passes on.
        """
        thread = Thread(target=self._run, args=(heard, stop, told), name="bell", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def _run(self, heard: Heard, stop: Event, told: Callable[[str], None]) -> None:
        missed = False
        while not stop.is_set():
            try:
                with self._engine.connect() as connection:
                    driver: Any = connection.connection.driver_connection
                    schema = connection.execute(text("SELECT current_schema()")).scalar_one()
                    for channel in (CHANNEL, TOLD):
                        connection.execute(text(f"LISTEN {_quoted(f'{channel}.{schema}')}"))
                    if missed:
                        heard(frozenset())
                    while not stop.is_set():
                        for note in driver.notifies(timeout=LISTEN_S):
                            if note.channel == f"{TOLD}.{schema}":
                                told(note.payload)
                            else:
                                heard(frozenset(filter(None, note.payload.split(","))))
            except Exception as error:  # noqa: BLE001 - whatever it is, the next change must be heard
                report.warning("the bell of the database is out of hearing", extra={"why": type(error).__name__})
                missed = True
                stop.wait(PAUSE_S)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
