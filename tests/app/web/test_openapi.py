from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.web.documents import Documents
from app.web.openapi import document
from core.host.host import Host

HOUSE = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def host() -> Host:
    folders = [HOUSE / "tests" / "journeys" / "bicycle_rental", HOUSE / "plugins"]
    return Host(folders, environment={}, entry_points=False)


def operations(api: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in api["paths"].items():
        for operation in methods.values():
            yield path, operation


def test_an_action_states_its_inputs_the_required_ones_and_who_may(host: Host) -> None:
    api = document(host.catalog, host.catalog.plugin("bicycle_rental"), "en")

    action = api["paths"]["/api/bicycle_rental/rental/actions/hand_out"]["post"]
    body = action["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["ask"]["required"] == ["bicycle", "guest"]
    assert body["properties"]["ask"]["properties"]["phone"]["format"] == "phone"
    assert action["x-roles"] == ["counter"]
    assert action["summary"] == "Hand out"


def test_what_the_system_does_is_not_offered_to_people(host: Host) -> None:
    api = document(host.catalog, host.catalog.plugin("bicycle_rental"), "en")

    assert not [path for path in api["paths"] if path.endswith("/overdue")]


def test_enums_bounds_and_both_languages_are_there(host: Host) -> None:
    english = document(host.catalog, host.catalog.plugin("key_account"), "en")
    chinese = document(host.catalog, host.catalog.plugin("key_account"), "zh")

    kind = english["components"]["schemas"]["account"]["properties"]["kind"]
    assert kind["enum"] == ["potential", "target", "present", "very_large", None]
    assert kind["x-labels"]["target"] == "Target"
    assert chinese["components"]["schemas"]["account"]["properties"]["kind"]["x-labels"]["target"] == "目标"
    satisfaction = english["components"]["schemas"]["account"]["properties"]["satisfaction"]
    assert (satisfaction["minimum"], satisfaction["maximum"]) == (1, 5)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_plugin_has_a_document_that_holds_together(host: Host, language: str) -> None:
    for plugin in host.catalog.plugins.values():
        api = document(host.catalog, plugin, language)  # type: ignore[arg-type]
        text = json.dumps(api)
        for reference in {part.split('"')[0] for part in text.split('"$ref": "#/')[1:]}:
            node = api
            for step in reference.split("/"):
                node = node[step]
        ids = [operation["operationId"] for _, operation in operations(api)]
        assert len(ids) == len(set(ids))
        for path, operation in operations(api):
            named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_a_document_is_kept_until_the_catalog_changes(host: Host) -> None:
    documents = Documents()
    first = documents.get(host.catalog, "bicycle_rental", "en")

    assert documents.get(host.catalog, "bicycle_rental", "en") is first
    assert documents.get(host.catalog, "bicycle_rental", "zh") is not first
