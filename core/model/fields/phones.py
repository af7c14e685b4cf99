"""``phone``: a number that can be dialled, written in one way only so that two entries can be compared (NC-27)."""

from __future__ import annotations

import re
import unicodedata
from datetime import tzinfo
from typing import TYPE_CHECKING

from core.model.errors import Text
from core.model.fields.base import FieldType, shown
from core.model.kinds import TEXT, Kind
from core.model.values import BadValue

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec

_BETWEEN = re.compile(r"[\s\-–—().]")
_CHINA = re.compile(r"(?:\+|00)86(?=\d{5})|^86(?=1[3-9]\d{9}$)")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_KNOWN = re.compile(
    r"1[3-9]\d{9}"  # mobile
    r"|0[1-9]\d{1,2}[2-9]\d{6,7}"  # landline with its area code
    r"|[2-9]\d{6,7}"  # landline without
    r"|[48]00\d{7}"  # hotlines
    r"|(?:1[0-2]|9[56])\d{3,6}"  # short numbers
    r"|\+[1-9]\d{6,14}"  # from abroad
)


class PhoneField(FieldType):
    """Digits, with + in front for a number from abroad. Blanks, hyphens and the country code 86 are dropped."""

    name = "phone"

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> str:
        if isinstance(raw, str) and _MOBILE.fullmatch(raw):
            return raw  # nearly every one, as it is to be kept
        written = unicodedata.normalize("NFKC", str(raw)[:60]) if isinstance(raw, str | int) else ""
        number = _without_country(_BETWEEN.sub("", written))
        if isinstance(raw, bool) or not number.isascii() or not _KNOWN.fullmatch(number):
            raise BadValue(
                Text(f"`{shown(raw)}` is not a phone number", f"“{shown(raw)}”不是电话号码"),
                Text(
                    "enter 11 digits for a mobile, or area code and number; from abroad start with +",
                    "请填写 11 位手机号，或区号加号码；境外号码以 + 开头",
                ),
                code="bad-phone",
            )
        return number

    def static(self, spec: FieldSpec) -> Kind:
        return TEXT


def _without_country(number: str) -> str:
    """Drop +86 and put back the 0 of a landline's area code, which is left out behind it."""
    rest = _CHINA.sub("", number, count=1)
    if rest == number:
        return "+" + number[2:] if number.startswith("00") else number
    return "0" + rest if re.fullmatch(r"[1-9]\d{8,10}", rest) and not re.fullmatch(r"1[3-9]\d{9}", rest) else rest
