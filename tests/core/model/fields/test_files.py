"""Names of content; never a way out of the folder it is kept in."""

from datetime import UTC

import pytest

from core.model.fields import BadValue, FieldSpec
from core.model.fields.files import file_name, may_hold

HELD = f"blake2b:{'9f' * 32}/合同 v2.pdf"
DRAWN = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize("raw", ["s.png", "施工图 v2.pdf", "blake2b:9f86d081884c7d659a2feaa0c55ad015", HELD])
def test_a_name_or_a_hash_is_kept_as_it_is(raw: str) -> None:
    for kind in ("file", "image", "signature"):
        assert FieldSpec(kind).parse(raw, UTC) == raw


@pytest.mark.parametrize(
    "raw",
    [
        "../../etc/passwd",
        "a/b.png",
        "c:\\x.png",
        ".hidden",
        "/etc/passwd",
        "x" * 201,
        5,
        DRAWN + "<script>",
        f"{HELD}/x",
        f"blake2b:{'9f' * 32}/../x",
        f"blake2b:{'9f' * 31}/x.pdf",
    ],
)
def test_a_path_is_refused(raw: object) -> None:
    for kind in ("file", "image", "signature"):
        with pytest.raises(BadValue, match="not the name of a file"):
            FieldSpec(kind).parse(raw, UTC)


def test_a_signature_may_be_drawn_on_the_page_and_a_photo_may_not_travel_in_the_record() -> None:
    assert FieldSpec("signature").parse(DRAWN, UTC) == DRAWN
    with pytest.raises(BadValue):
        FieldSpec("image").parse(DRAWN, UTC)
    with pytest.raises(BadValue):
        FieldSpec("signature").parse("data:image/png;base64," + "A" * 100_000, UTC)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("合同.pdf", "合同.pdf"), ("C:\\fakepath\\IMG_1.jpg", "IMG_1.jpg"), ("../../x", "x"), ('a"b?.png', "a_b_.png"), (".env", "env")],
)  # fmt: skip
def test_a_name_from_a_browser_becomes_one_that_leads_nowhere(given: str, kept: str) -> None:
    assert file_name(given) == kept


@pytest.mark.parametrize("given", ["", "..", "///", None])
def test_a_name_of_which_nothing_is_left_is_refused(given: object) -> None:
    with pytest.raises(BadValue):
        file_name(given)


def test_lists_and_maps_may_hold_files_when_a_part_does_or_when_anything_may_stand_in_them() -> None:
    file, text = FieldSpec("file"), FieldSpec("text")
    holding = [file, FieldSpec("images"), FieldSpec("list", item=file), FieldSpec("list", parts={"a": text, "b": file})]
    assert all(map(may_hold, [*holding, FieldSpec("list"), FieldSpec("map"), FieldSpec("map", parts={"b": file})]))
    assert not any(map(may_hold, [text, FieldSpec("list", item=text), FieldSpec("map", parts={"a": text})]))
