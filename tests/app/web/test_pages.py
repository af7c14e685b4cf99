"""What is around the records: plugins, status, documents, pages, headers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parents[3] / "app" / "web" / "static"


def test_a_page_that_knows_no_business_learns_everything_from_plugins(shop: Any) -> None:
    told = shop.as_("li").get("/api/plugins").json()

    bicycles = next(each for each in told["plugins"] if each["name"] == "bicycle_rental")
    assert bicycles["roles"] == {"counter": "Counter", "boss": "Owner", "viewer": "Auditor"}
    assert bicycles["settings"]["deposit"]["value"] == "300.00"
    assert bicycles["records"]["rental"]["actions"]["take_back"]["from"] == ["late", "out"]
    assert "overdue" not in bicycles["records"]["rental"]["actions"]
    assert told["faults"] == []


def test_a_faulty_plugin_keeps_its_last_version_and_shows_the_line(shop: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("by: counter", "by: conter"), encoding="utf-8")
    shop.service.node.host.reload()

    told = shop.as_("li").get("/api/plugins").json()

    (fault,) = told["faults"]
    assert (fault["plugin"], fault["kept_version"]) == ("bicycle_rental", "1.0.0")
    assert "plugin.yaml:" in fault["problems"][0]
    assert shop.as_("li").get("/api/bicycle_rental/rental").status_code == 200


def test_a_plugin_dropped_into_the_folder_has_its_api_at_once(shop: Any) -> None:
    li = shop.as_("li")
    assert li.get("/api/lost_property/thing").status_code == 404
    folder = shop.plugins / "lost_property"
    folder.mkdir()
    (folder / "plugin.yaml").write_text(
        "plugin: lost_property\nversion: 1.0.0\nlabel: {en: Lost property, zh: 失物招领}\n"
        "roles: {counter: {label: {en: Counter, zh: 前台}}}\nrecords:\n  thing:\n    label: {en: Thing, zh: 物品}\n"
        "    fields: {what: {type: text, required: true, label: {en: What, zh: 名称}}}\n    by: counter\n"
        "    actions: {find: {from: new, ask: [what], label: {en: Found, zh: 登记}}}\n"
        "    sync: {scope: store, home: store}\n",
        encoding="utf-8",
    )

    shop.service.node.host.reload()

    assert li.post("/api/lost_property/thing/actions/find", json={"ask": {"what": "umbrella"}}).status_code == 200
    assert [each["what"] for each in li.get("/api/lost_property/thing").json()["rows"]] == ["umbrella"]
    assert "/api/lost_property/thing" in li.get("/api/lost_property/openapi.json").json()["paths"]


def test_status_tells_those_who_are_signed_in_how_the_node_stands(shop: Any) -> None:
    told = shop.as_("wu").get("/api/status").json()

    assert told["plugins"]["bicycle_rental"] == "1.0.0"
    assert (told["hub"], told["conflicts"], told["quarantined"], told["requests"]) == (True, 0, 0, 0)
    assert told["log"]["hq.1"] > 0


def test_api_pages_load_nothing_from_elsewhere(shop: Any) -> None:
    client = shop.client()
    page = client.get("/docs/bicycle_rental?lang=en")

    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert address.startswith(("/", "data:")), address
        if address.startswith("/static"):
            assert client.get(address).status_code == 200
    for file in STATIC.iterdir():
        assert "://" not in file.read_text(encoding="utf-8"), file.name


def test_the_index_lists_the_plugins_and_names_are_escaped(shop: Any) -> None:
    client = shop.client()

    assert '<a href="/docs/bicycle_rental?lang=en">Bicycle rental</a>' in client.get("/docs?lang=en").text
    assert client.get("/docs/<script>").status_code == 404


def test_the_frameworks_own_pages_are_off(shop: Any) -> None:
    client = shop.client()

    assert client.get("/openapi.json").status_code == 404
    assert client.get("/redoc").status_code == 404


def test_unknown_addresses_and_methods_answer_in_the_houses_shape(shop: Any) -> None:
    client = shop.client()

    assert client.get("/nowhere?lang=en").json()["error"]["problems"][0]["fix"].startswith("see /docs")
    wrong = client.put("/api/session?lang=en", json={})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "wrong-method")


def test_answers_with_data_are_not_kept_by_browsers(shop: Any) -> None:
    answer = shop.as_("li").get("/api/bicycle_rental/rental")

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_field_that_changes_its_type_is_refused_and_the_old_version_goes_on(shop: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("note:        {type: text,", "note:        {type: money,"), encoding="utf-8")
    shop.service.node.host.reload()

    li = shop.as_("li")
    (fault,) = li.get("/api/plugins").json()["faults"]
    assert (fault["plugin"], fault["kept_version"]) == ("bicycle_rental", "1.0.0")
    assert "plugin.yaml:" in fault["problems"][0]
    schema = li.get("/api/bicycle_rental/openapi.json").json()["components"]["schemas"]["rental"]
    assert schema["properties"]["note"]["x-type"] == "text"

    file.write_text(text, encoding="utf-8")
    shop.service.node.host.reload()
    assert li.get("/api/plugins").json()["faults"] == []
