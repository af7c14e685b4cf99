"""A business is added to a running chain by writing one YAML file."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import suppress
from typing import Any

import pytest

from app.demo.client import Answered

pytestmark = pytest.mark.journey


def test_a_yaml_file_in_a_running_nodes_plugin_folder_is_a_business(chain: Any, eventually: Any) -> None:
    for node in (chain.hq, chain.branch):
        text = (node.plugins / "bicycle_rental" / "plugin.yaml").read_text(encoding="utf-8")
        (node.plugins / "boat_rental").mkdir()
        boats = text.replace("bicycle_rental", "boat_rental").replace("Bicycle", "Boat").replace("bicycle", "boat")
        (node.plugins / "boat_rental" / "plugin.yaml").write_text(boats, encoding="utf-8")

    def known(person: Any) -> bool:
        with suppress(Answered):
            return "boat_rental" in {each["name"] for each in person.read("plugins")["plugins"]}
        return False

    eventually(lambda: known(chain.counter) and known(chain.boss), "the boats at both nodes")
    boat = chain.counter.act("boat_rental.boat", "add", {"frame": "B-1"})["id"]
    rental = chain.counter.act(
        "boat_rental.rental", "hand_out", {"boat": boat, "guest": "Chen", "phone": "13800001111"}
    )

    assert rental["number"] == "lakeside-R0001"
    assert chain.counter.read(f"boat_rental/rental/{rental['id']}/explain")["timers"][0]["name"] == "loan"
    assert "/api/boat_rental/rental" in chain.counter.read("boat_rental/openapi.json")["paths"]
    eventually(lambda: chain.boss.read("boat_rental/rental")["rows"], "the rental at headquarters")


def test_a_mistake_in_the_file_is_shown_with_its_line_and_the_old_version_goes_on(chain: Any, eventually: Any) -> None:
    file = chain.branch.plugins / "bicycle_rental" / "plugin.yaml"
    good = file.read_text(encoding="utf-8")

    file.write_text(
        good.replace("due: =self.taken_at + settings.loan", "due: =self.taken_att + settings.loan"), encoding="utf-8"
    )
    eventually(lambda: chain.counter.read("plugins")["faults"], "the fault")
    (fault,) = chain.counter.read("plugins")["faults"]
    assert "taken_at" in fault["problems"][0]
    assert "plugin.yaml:" in fault["problems"][0]
    assert chain.counter.act("bicycle_rental.bicycle", "add", {"frame": "F-1"})["id"]

    file.write_text(good, encoding="utf-8")
    eventually(lambda: not chain.counter.read("plugins")["faults"], "the mended file")


def test_a_plugin_taken_away_leaves_its_records_readable_in_the_database(chain: Any, eventually: Any) -> None:
    chain.counter.act("bicycle_rental.bicycle", "add", {"frame": "F-1", "color": "green"})
    shutil.rmtree(chain.branch.plugins / "bicycle_rental")

    def gone() -> bool:
        return "bicycle_rental" not in {each["name"] for each in chain.counter.read("plugins")["plugins"]}

    eventually(gone, "the plugin to go")
    connection = sqlite3.connect(chain.branch.folder / "data" / "lakeside-1.db")
    rows = connection.execute("SELECT frame, color, _store FROM bicycle_rental_bicycle").fetchall()
    connection.close()
    assert rows == [("F-1", "green", "lakeside")]
