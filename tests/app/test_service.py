from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.background.upstream import NotJoined, open_link
from app.bootstrap import Surroundings, open_node
from app.chain.standing import standing
from app.service import _read_words, open_service
from app.settings import Settings
from app.signin.passwords import Passwords
from core.model.errors import NodeError
from stores.storage import bulk, words
from tests.app.conftest import wait_for


def branch_settings(folder: Path, plugins: Path) -> Settings:
    return Settings.model_validate(
        {
            "node": "lakeside-1",
            "store": "lakeside",
            "upstream": "http://127.0.0.1:9",
            "data": folder,
            "plugins": {"folders": [plugins], "installed": False},
        }
    )


def test_a_commit_wakes_the_timers_which_fire_what_is_due(shop: Any) -> None:
    li = shop.as_("li")
    bicycle = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}}).json()["id"]
    ask = {"bicycle": bicycle, "guest": "Chen", "phone": "13800001111"}
    rental = li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask}).json()["id"]
    shop.service.timers.start()
    shop.clock.pass_(hours=3)

    li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-2"}})

    wait_for(lambda: li.get(f"/api/bicycle_rental/rental/{rental}").json()["state"] == "late")
    shop.service.timers.stop()


def test_what_was_written_is_read_into_the_index_when_nobody_writes(shop: Any) -> None:
    node = shop.service.node
    shop.as_("li").post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}})

    with node.database.write() as connection:
        _read_words(node)
        assert words.waiting(connection)
    while words_left(node):
        before = words_left(node)
        _read_words(node)
        assert words_left(node) < before


def words_left(node: Any) -> int:
    with node.database.read() as connection:
        return int(bulk.run(connection, "SELECT count(*) FROM unread")[0][0])


def test_a_node_opened_again_is_the_same_node(tmp_path: Path, shop: Any) -> None:
    settings = branch_settings(tmp_path / "branch", shop.plugins)
    first = open_node(settings, Surroundings())
    first.database.close()

    again = open_node(settings, Surroundings())

    assert again.identity == first.identity
    assert (again.identity.origin, again.is_hub) == ("lakeside-1.1", False)
    assert again.boot != first.boot
    again.database.close()


def test_settings_of_another_store_do_not_open_the_database(tmp_path: Path, shop: Any) -> None:
    settings = branch_settings(tmp_path / "branch", shop.plugins)
    open_node(settings, Surroundings()).database.close()

    with pytest.raises(NodeError, match="belongs to node `lakeside-1` of store `lakeside`"):
        open_node(settings.model_copy(update={"store": "hillside"}), Surroundings())


def test_a_branch_that_has_not_joined_works_and_says_so(tmp_path: Path, shop: Any) -> None:
    settings = branch_settings(tmp_path / "branch", shop.plugins)
    service = open_service(settings, passwords=Passwords.quick())
    with pytest.raises(NotJoined):
        open_link(service.node, settings)
    assert service.worker is not None

    assert service.worker.work() is False

    told = standing(service, "en")["sync"]
    assert isinstance(told, dict)
    assert (told["online"], told["safe_to_switch_off"]) == (False, True)
    assert told["problem"] == "this branch has not joined a chain yet"
    service.stop()
