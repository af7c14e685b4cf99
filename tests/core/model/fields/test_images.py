"""Several pictures."""

from datetime import UTC

import pytest

from core.model.fields import BadValue, FieldSpec

PHOTOS = FieldSpec("images")


def test_each_picture_is_kept_once_and_in_order() -> None:
    assert PHOTOS.parse(["b.png", "a.png", "b.png"], UTC) == ["b.png", "a.png"]
    assert PHOTOS.parse("b.png, a.png", UTC) == ["b.png", "a.png"]


def test_no_pictures_are_nothing() -> None:
    assert PHOTOS.parse([], UTC) is None
    assert PHOTOS.parse("[]", UTC) is None


def test_one_path_among_them_is_refused() -> None:
    with pytest.raises(BadValue):
        PHOTOS.parse(["a.png", "../b.png"], UTC)


def test_inside_a_map_they_are_a_list() -> None:
    spec = FieldSpec("map", parts={"photos": PHOTOS})

    assert spec.cell(spec.parse({"photos": ["a.png"]}, UTC)) == '{"photos":["a.png"]}'
    assert spec.value('{"photos":["a.png"]}') == {"photos": ["a.png"]}
