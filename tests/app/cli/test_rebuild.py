"""A dead PC is replaced, and a node is made anew, with one command; nothing that was not sent is lost unasked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.background.upstream import open_link
from app.cli.common import opened
from core.model.contents import reference
from stores import contents
from stores.actor import SYSTEM_ACTOR
from stores.acts.act import act
from stores.acts.calls import Call
from sync.branch.carrier import carry
from sync.wire.link import HttpLink, LinkDown

PASSWORD = "a long enough password\n"


@pytest.fixture
def lakeside(run: Any, hq: tuple[Path, str], settings_for: Any) -> Path:
    """A branch with one person, joined and in step with headquarters."""
    config, address = hq
    branch = Path(settings_for("lakeside-1", "lakeside", address))
    branch.write_text(branch.read_text(encoding="utf-8") + "listen: {port: 0}\n", encoding="utf-8")
    assert run("enrol", address, run("invite", "lakeside", "-c", config).out.strip(), "-c", branch).status == 0
    run("person", "add", "Lin", "--login", "lin", "--password-stdin", "-c", branch, typed=PASSWORD)
    assert run("verify", "--compare", "-c", branch).status == 0
    return branch


def names(config: Path) -> list[str]:
    connection = sqlite3.connect(config.parent / "lakeside-1.db")
    try:
        return [name for (name,) in connection.execute("SELECT name FROM core_staff ORDER BY name")]
    finally:
        connection.close()


def test_a_new_pc_takes_the_place_of_a_dead_one(run: Any, hq: tuple[Path, str], lakeside: Path) -> None:
    config, address = hq
    for file in lakeside.parent.glob("lakeside-1.db*"):
        file.unlink()

    assert run("rebuild", "lakeside", "-c", lakeside).status == 1, "it needs a code"
    code = run("invite", "lakeside", "-c", config).out.strip()
    done = run("rebuild", "lakeside", address, code, "-c", lakeside)

    assert (done.status, "lakeside-1 is rebuilt" in done.out, "nobody can sign in" in done.err) == (0, True, True)
    assert names(lakeside) == ["Lin"]
    assert "branchline person login BADGE" in done.err, "who is on file need not be entered again"
    assert (
        run("person", "login", "Lin", "--login", "lin", "--password-stdin", "-c", lakeside, typed=PASSWORD).status == 0
    )
    assert "headquarters holds the same" in run("verify", "--compare", "-c", lakeside).out


def test_a_node_is_made_anew_and_what_it_had_not_sent_is_sent_first(run: Any, lakeside: Path) -> None:
    run("person", "add", "Wu", "--login", "wu", "--password-stdin", "-c", lakeside, typed=PASSWORD)

    done = run("rebuild", "lakeside", "-c", lakeside)

    assert (done.status, "the same as at headquarters" in done.out) == (0, True), done.err
    assert names(lakeside) == ["Lin", "Wu"]
    assert [file.name[:17] for file in lakeside.parent.glob("lakeside-1-before*.db")] == ["lakeside-1-before"]
    again = run("person", "passwd", "wu", "--password-stdin", "-c", lakeside, typed="another long password\n")
    assert again.status == 0, "people sign in as before"
    assert run("rebuild", "lakeside", "-c", lakeside).status == 0, "as often as one likes"


def test_a_photo_that_was_not_sent_yet_is_there_and_is_sent(run: Any, hq: tuple[Path, str], lakeside: Path) -> None:
    photo = b"\x89PNG\r\n\x1a\n" + bytes(300_000)
    with opened(lakeside) as service:
        node = service.node
        kept = contents.keep(node.database, photo, node.now())
        bicycle = node.catalog.records["bicycle_rental.bicycle"]
        ask = {"frame": "F1", "color": "red", "photo": reference(kept.hash, "f1.png")}
        act(node, Call(bicycle, "add", SYSTEM_ACTOR, ask=ask))

    assert run("rebuild", "lakeside", "-c", lakeside).status == 0

    with opened(lakeside) as service, closing(open_link(service.node, service.settings)) as link:
        while carry(service.node, link):
            pass
    with opened(hq[0]) as service, service.node.database.read() as connection:
        assert b"".join(contents.read(connection, kept.hash)) == photo


def test_what_goes_wrong_leaves_the_node_as_it_was_and_the_same_command_goes_on(
    run: Any, hq: tuple[Path, str], lakeside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, address = hq

    false_code = run("rebuild", "lakeside", address, "AAAA-BBBB-CCCC-DDDD", "-c", lakeside)
    code = run("invite", "lakeside", "-c", config).out.strip()
    with monkeypatch.context() as cable:
        cable.setattr(HttpLink, "pull", cut)
        cut_off = run("rebuild", "lakeside", address, code, "-c", lakeside)

    assert [each.status for each in (false_code, cut_off)] == [1, 1]
    assert (names(lakeside), list(lakeside.parent.glob("*before*"))) == (["Lin"], []), "nothing has given way"
    done = run("rebuild", "lakeside", address, code, "-c", lakeside)
    assert (done.status, "how people sign in (1)" in done.out) == (0, True), done.err
    assert run("person", "passwd", "lin", "--password-stdin", "-c", lakeside, typed=PASSWORD).status == 0
    assert list(lakeside.parent.glob("*rebuilding*")) == []


def cut(*_: object) -> None:
    raise LinkDown.of("link-cut", "the connection was cut", "连接中断")


def test_what_cannot_be_sent_is_not_left_behind_unasked(run: Any, lakeside: Path) -> None:
    run("person", "add", "Wu", "--login", "wu", "--password-stdin", "-c", lakeside, typed=PASSWORD)
    text = lakeside.read_text(encoding="utf-8")
    lakeside.write_text(text.replace("upstream: http://127.0.0.1", "upstream: http://localhost"), encoding="utf-8")
    connection = sqlite3.connect(lakeside.parent / "lakeside-1.db")
    connection.execute("UPDATE node_state SET value = 'wrong' WHERE key = 'upstream.token'")
    connection.commit()
    connection.close()

    refused = run("rebuild", "lakeside", "-c", lakeside)

    assert (refused.status, "1 changes could not be sent" in refused.err) == (1, True)
    assert names(lakeside) == ["Lin", "Wu"]


def test_a_database_that_cannot_be_read_is_kept_and_replaced(run: Any, hq: tuple[Path, str], lakeside: Path) -> None:
    config, address = hq
    for file in lakeside.parent.glob("lakeside-1.db*"):
        file.unlink()
    (lakeside.parent / "lakeside-1.db").write_bytes(b"what the disk made of it" * 100)
    code = run("invite", "lakeside", "-c", config).out.strip()

    refused = run("rebuild", "lakeside", address, code, "-c", lakeside)
    done = run("rebuild", "lakeside", address, code, "--leave-unsent", "-c", lakeside)

    assert (refused.status, "--leave-unsent" in refused.err) == (1, True)
    assert done.status == 0, done.err
    assert names(lakeside) == ["Lin"]


def test_headquarters_and_other_stores_are_not_rebuilt(run: Any, hq: tuple[Path, str], lakeside: Path) -> None:
    config, _ = hq
    assert run("rebuild", "hq", "-c", config).status == 1
    assert run("rebuild", "hillside", "-c", lakeside).status == 1
