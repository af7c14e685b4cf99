from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from app.service import open_service
from app.settings import read_settings
from sync import keys


def test_a_code_lets_one_node_of_its_store_in(run: Any, hq: tuple[Path, str], settings_for: Any) -> None:
    config, address = hq
    lakeside = settings_for("lakeside-1", "lakeside", address)
    hillside = settings_for("hillside-1", "hillside", address)
    code = run("invite", "lakeside", "-c", config).out.strip()

    wrong = run("enrol", address, "AAAA-AAAA-AAAA-AAAA", "-c", lakeside)
    other = run("enrol", address, code, "-c", hillside)
    good = run("enrol", address, code.lower().replace("-", " "), "-c", lakeside)

    assert [each.status for each in (wrong, other, good)] == [1, 1, 0], good.err
    assert "joined hq as store lakeside" in good.out


def test_only_headquarters_invites_and_only_a_branch_joins(run: Any, hq: tuple[Path, str], settings_for: Any) -> None:
    config, address = hq
    lakeside = settings_for("lakeside-1", "lakeside", address)

    assert run("invite", "somewhere", "-c", lakeside).status == 1
    assert run("enrol", address, "AAAA-AAAA-AAAA-AAAA", "-c", config).status == 1


def test_a_headquarters_that_does_not_answer_is_told_in_words(run: Any, settings_for: Any) -> None:
    lakeside = settings_for("lakeside-1", "lakeside", "http://127.0.0.1:9")

    refused = run("enrol", "http://127.0.0.1:9", "AAAA-AAAA-AAAA-AAAA", "-c", lakeside)

    assert (refused.status, "cannot be reached" in refused.err) == (1, True)


def test_a_node_that_was_shut_out_is_refused(run: Any, hq: tuple[Path, str], settings_for: Any) -> None:
    config, address = hq
    lakeside = settings_for("lakeside-1", "lakeside", address)
    assert run("enrol", address, run("invite", "lakeside", "-c", config).out.strip(), "-c", lakeside).status == 0
    service = open_service(read_settings(lakeside))
    assert service.worker is not None

    before = service.worker.work()
    misspelt = run("revoke", "lakeside-2", "-c", config)
    shut_out = run("revoke", "lakeside-1", "-c", config)
    after = service.worker.work()

    assert (misspelt.status, shut_out.status) == (1, 0), shut_out.err
    assert "lakeside-1" in misspelt.err
    assert (before, after) == (True, False)
    service.node.database.close()


def test_headquarters_moves_and_the_branch_follows_its_settings_without_a_new_code(
    run: Any, hq: tuple[Path, str], settings_for: Any
) -> None:
    config, address = hq
    lakeside = settings_for("lakeside-1", "lakeside", address)
    assert run("enrol", address, run("invite", "lakeside", "-c", config).out.strip(), "-c", lakeside).status == 0
    moved = lakeside.read_text(encoding="utf-8").replace("127.0.0.1", "localhost")
    lakeside.write_text(moved, encoding="utf-8")
    service = open_service(read_settings(lakeside))
    with service.node.database.write() as connection:  # where it was, nobody answers any more
        known = keys.upstream(connection)
        assert known is not None
        keys.keep_upstream(connection, replace(known, url="http://127.0.0.1:9"))
    assert service.worker is not None

    assert service.worker.work(), service.worker.status().error
    service.stop()


def test_nobody_joins_at_one_address_and_works_at_another(run: Any, hq: tuple[Path, str], settings_for: Any) -> None:
    config, address = hq
    lakeside = settings_for("lakeside-1", "lakeside", "http://127.0.0.1:9")
    code = run("invite", "lakeside", "-c", config).out.strip()

    refused = run("enrol", address, code, "-c", lakeside)

    assert (refused.status, "http://127.0.0.1:9" in refused.err) == (1, True)
