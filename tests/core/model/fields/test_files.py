"""Names of content; never a way out of the folder it is kept in."""

from datetime import UTC

import pytest

from core.model.fields import BadValue, FieldSpec

DRAWN = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize("raw", ["s.png", "施工图 v2.pdf", "blake2b:9f86d081884c7d659a2feaa0c55ad015"])
def test_a_name_or_a_hash_is_kept_as_it_is(raw: str) -> None:
    for kind in ("file", "image", "signature"):
        assert FieldSpec(kind).parse(raw, UTC) == raw


@pytest.mark.parametrize(
    "raw", ["../../etc/passwd", "a/b.png", "c:\\x.png", ".hidden", "/etc/passwd", "x" * 201, 5, DRAWN + "<script>"]
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
