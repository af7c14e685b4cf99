"""The field types a host knows: the built-in ones and those its plugins bring along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from core.model.errors import DefinitionError, Problem, Text
from core.model.fields.base import FieldType
from core.model.fields.booleans import BoolField
from core.model.fields.dates import DateField
from core.model.fields.datetimes import DatetimeField
from core.model.fields.decimals import DecimalField
from core.model.fields.durations import DurationField
from core.model.fields.enums import EnumField
from core.model.fields.files import FileField, ImageField, SignatureField
from core.model.fields.geo import GeoField
from core.model.fields.images import ImagesField
from core.model.fields.integers import IntField
from core.model.fields.lists import ListField
from core.model.fields.maps import MapField
from core.model.fields.money import MoneyField
from core.model.fields.phones import PhoneField
from core.model.fields.references import RefField
from core.model.fields.texts import TextField
from core.model.fields.times import TimeField

_BUILT_IN: tuple[type[FieldType], ...] = (
    TextField,
    IntField,
    DecimalField,
    MoneyField,
    BoolField,
    DateField,
    TimeField,
    DatetimeField,
    DurationField,
    EnumField,
    ListField,
    MapField,
    PhoneField,
    RefField,
    FileField,
    ImageField,
    ImagesField,
    SignatureField,
    GeoField,
)


class Fields(Mapping[str, FieldType]):
    """An immutable registry. A reload builds the next one; requests in flight keep theirs."""

    def __init__(self, extra: Iterable[FieldType] = ()) -> None:
        self._types: dict[str, FieldType] = {kind.name: kind() for kind in _BUILT_IN}
        for field_type in extra:
            if field_type.name in self._types:
                raise _taken(field_type.name)
            self._types[field_type.name] = field_type

    def register(self, field_type: FieldType) -> Fields:
        """Return a registry with one more type. Raises ``DefinitionError`` if the name is taken."""
        own = list(self._types.values())[len(_BUILT_IN) :]
        return Fields([*own, field_type])

    def __getitem__(self, name: str) -> FieldType:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)


def _taken(name: str) -> DefinitionError:
    return DefinitionError(
        (
            Problem(
                "field-type-taken",
                Text(f"the field type `{name}` is already there", f"字段类型“{name}”已存在"),
                fix=Text("give the new type another name", "请为新类型另取名称"),
            ),
        )
    )


FIELD_TYPES = Fields()
