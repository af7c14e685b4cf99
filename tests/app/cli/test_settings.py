"""`branchline settings`: what holds on a node, and where stores differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.service import open_service
from app.settings import read_settings
from stores.actor import SYSTEM_ACTOR
from stores.acts.act import act
from stores.acts.calls import Call


@pytest.fixture
def config(settings_for: Any) -> Path:
    """Headquarters, which has set when work starts; two stores have set it too, one of them the same."""
    path = Path(settings_for("hq", "hq"))
    service = open_service(read_settings(path))
    try:
        node = service.node
        record = node.catalog.records["core.setting"]
        for store, value in (("hq", '"08:30"'), ("0755", '"09:00"'), ("0020", '"08:30"')):
            ask = {"plugin": "core", "name": "work_starts", "value": value}
            call = Call(record, "set", SYSTEM_ACTOR, ask=ask, store=store)
            if store == "hq":
                act(node, call)
            else:
                node.identity = type(node.identity)(node.identity.node, node.identity.incarnation, store, None)
                act(node, call)
    finally:
        service.node.database.close()
    return path


def test_the_list_says_whose_each_value_is(run: Any, config: Path) -> None:
    lines = {line.split()[0]: line for line in run("settings", "list", "-c", config).out.splitlines() if line.strip()}

    assert "08:30" in lines["core.work_starts"]
    assert "chain" in lines["core.work_starts"]
    assert "not configured" in lines["core.work_ends"]
    assert "default" in lines["core.work_ends"]


def test_drift_lists_what_stores_have_set_for_themselves(run: Any, config: Path) -> None:
    told = run("settings", "drift", "-c", config)

    assert told.status == 0, told.err
    rows = [line.split()[:4] for line in told.out.splitlines() if "work_starts" in line]
    assert [(row[0], row[1]) for row in rows] == [("0020", "core.work_starts"), ("0755", "core.work_starts")]
    assert "09:00" in rows[1][2]
    assert "08:30" in rows[1][3]
