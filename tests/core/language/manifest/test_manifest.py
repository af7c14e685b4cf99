"""The JSON Schema editors use, and what the shape lets through."""

from __future__ import annotations

from typing import Any

import pytest

from core.language import json_schema
from core.language.manifest import read_manifest
from core.language.yaml_tree import parse_yaml


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json_schema()


def test_the_schema_knows_every_top_level_key(schema: dict[str, Any]) -> None:
    keys = "plugin version requires label extends rules settings calendar roles records ledgers dispatch scorecards notices views guidance reports migrations samples scenarios equivalent"
    assert set(schema["properties"]) == set(keys.split())
    assert schema["required"] == ["plugin", "version"]


def test_the_schema_refuses_unknown_keys_everywhere(schema: dict[str, Any]) -> None:
    shapes = [schema, *schema["$defs"].values()]
    assert all(shape["additionalProperties"] is False for shape in shapes if shape.get("type") == "object")


def test_the_schema_uses_the_words_of_the_yaml(schema: dict[str, Any]) -> None:
    assert "while" in schema["$defs"]["TimerShape"]["properties"]
    assert {"from", "by", "ask"} <= set(schema["$defs"]["ActionShape"]["properties"])


def test_every_shape_of_the_schema_says_what_it_is(schema: dict[str, Any]) -> None:
    assert [name for name, shape in schema["$defs"].items() if not shape.get("description")] == []


def test_one_name_may_stand_for_a_list_of_one() -> None:
    text = "plugin: shop\nversion: 1.0.0\nrecords: {room: {by: desk, actions: {open: {from: new, notice: told}}}}"
    room = read_manifest(parse_yaml(text, "p.yaml")).records["room"]
    assert room.by == ["desk"]
    assert room.actions["open"].from_ == ["new"]
    assert room.actions["open"].notice == ["told"]


def test_one_entry_of_a_ledger_may_stand_for_a_list_of_one() -> None:
    text = (
        "plugin: shop\nversion: 1.0.0\nrecords: {room: {actions: {open: {post: {credit: {account: =me, amount: 1}}}}}}"
    )
    action = read_manifest(parse_yaml(text, "p.yaml")).records["room"].actions["open"]
    assert action.post["credit"][0].amount == 1
