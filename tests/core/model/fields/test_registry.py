"""The registry: built-in types, types of plugins, and no name twice."""

from __future__ import annotations

from datetime import UTC, tzinfo

import pytest

from core.model.errors import DefinitionError, Text
from core.model.fields import FIELD_TYPES, BadValue, Fields, FieldSpec
from core.model.fields.base import FieldType
from core.model.fields.texts import TextField
from core.model.kinds import TEXT, Kind
from core.model.merge import MergePolicy


class Plate(FieldType):
    """A Chinese number plate."""

    name = "plate"

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> object:
        if len(str(raw)) not in (7, 8):
            raise BadValue(Text("is not a number plate", "不是车牌号"))
        return str(raw).upper()

    def static(self, spec: FieldSpec) -> Kind:
        return TEXT


def test_a_plugins_type_works_like_a_built_in_one() -> None:
    fields = Fields([Plate()])
    spec = FieldSpec("plate", handler=fields["plate"])

    assert spec.cell(spec.parse("沪a12345", UTC)) == "沪A12345"
    assert "plate" not in FIELD_TYPES, "hosts do not share their plugins' types"


def test_a_registry_grows_by_making_the_next_one() -> None:
    one = Fields([Plate()])

    assert set(one.register(type("Colour", (TextField,), {"name": "colour"})())) == {*one, "colour"}
    assert len(one) == len(FIELD_TYPES) + 1


def test_a_name_that_is_taken_is_a_fault_of_the_plugin() -> None:
    with pytest.raises(DefinitionError, match="`text` is already there"):
        Fields([TextField()])


def test_every_type_merges_by_its_own_default_and_adds_only_what_can_be_added() -> None:
    for name, kind in FIELD_TYPES.items():
        assert kind.default_merge in kind.merges
        assert (MergePolicy.SUM in kind.merges) == (name in ("int", "decimal", "money"))
        assert (MergePolicy.UNION in kind.merges) == (name in ("list", "images"))
        assert (MergePolicy.APPEND in kind.merges) == (name == "text")
        assert (kind.column == "integer") == (name in ("int", "decimal", "money", "bool"))
