"""Field types: a file per type. A field's type decides what may be entered and how it is kept, shown and merged."""

from core.model.fields.base import MASKS, FieldType, masked
from core.model.fields.registry import FIELD_TYPES, Fields
from core.model.fields.spec import FieldSpec
from core.model.fields.times import time_text
from core.model.values import BadValue

__all__ = ["FIELD_TYPES", "MASKS", "BadValue", "FieldSpec", "FieldType", "Fields", "masked", "time_text"]
