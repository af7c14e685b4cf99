"""``file``, ``image`` and ``signature``: the name of content that is kept and sent apart from the record (contents)."""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import TYPE_CHECKING

from core.model.errors import Text
from core.model.fields.base import FieldType, shown
from core.model.kinds import TEXT, Kind
from core.model.values import BadValue, clean_text

if TYPE_CHECKING:
    from core.model.fields.spec import FieldSpec

_NAME = re.compile(r"[^\s./\\:*?\"<>|][^/\\:*?\"<>|\n\t]{0,199}")
_HASH = re.compile(r"[a-z0-9]{2,12}:[0-9a-f]{16,128}")
_HELD = re.compile(rf"blake2b:[0-9a-f]{{64}}/{_NAME.pattern}")
_DRAWN = re.compile(r"data:image/(png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}")
_DRAWN_CHARS_MAX = 90_000


class FileField(FieldType):
    """A content that was uploaded, ``blake2b:9f…/contract.pdf``, or only a name or a hash of what is kept elsewhere.

    The name is never a path: it may not lead out of its folder.
    """

    name = "file"
    drawn = False

    def parse(self, raw: object, spec: FieldSpec, zone: tzinfo) -> str:
        return content_name(raw, drawn=self.drawn)

    def static(self, spec: FieldSpec) -> Kind:
        return TEXT


class ImageField(FileField):
    """A picture, by name or by hash."""

    name = "image"


class SignatureField(FileField):
    """A signature, by name or by hash, or drawn on the page and small enough to travel in the record."""

    name = "signature"
    drawn = True


def content_name(raw: object, *, drawn: bool = False) -> str:
    """Return the name or hash of some content; with ``drawn`` the content itself may stand in for it."""
    word = clean_text(raw).strip() if isinstance(raw, str) else ""
    if _NAME.fullmatch(word) or _HASH.fullmatch(word) or _HELD.fullmatch(word):
        return word
    if drawn and len(word) <= _DRAWN_CHARS_MAX and _DRAWN.fullmatch(word):
        return word
    raise BadValue(
        Text(f"`{shown(raw)}` is not the name of a file", f"“{shown(raw)}”不是文件名"),
        Text("upload the file and give its name without folders", "请上传文件，文件名不含路径"),
        code="bad-file",
    )


def file_name(raw: object) -> str:
    """Return a name that a browser or a program gave a file, as a record keeps it; raise ``BadValue``."""
    word = clean_text(raw).strip().replace("\\", "/").rpartition("/")[2] if isinstance(raw, str) else ""
    word = re.sub(r"[:*?\"<>|\n\t]+", "_", word).lstrip(". ")[:200]
    return content_name(word)


def may_hold(spec: FieldSpec) -> bool:
    """Return whether a field's cells may name contents: files and pictures, or a list or map that has some, or may."""
    if spec.type in {"file", "image", "images", "signature"}:
        return True
    if spec.type not in {"list", "map"}:
        return False
    inside = (*([spec.item] if spec.item else []), *(spec.parts or {}).values())
    return not inside or any(map(may_hold, inside))
