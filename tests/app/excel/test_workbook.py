"""Excel files: what is written is read again, a text never becomes a formula, and nobody's file breaks the node."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest

from app.excel import workbook
from app.excel.workbook import Head, Value, read, write, write_template
from core.model.errors import NodeError
from tests.app.excel.sheets import cells_of, made, rows_of

DANGEROUS = ('=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0")


def written(*rows: list[Value], heads: int | None = None) -> bytes:
    out = BytesIO()
    write(out, "清单", [Head(f"H{n}") for n in range(heads or len(rows[0]))], rows)
    return out.getvalue()


MOMENT = datetime.fromisoformat("2026-03-07 20:45")  # the store's own time: Excel knows no other


def test_values_come_back_as_they_were() -> None:
    row = ["陈女士", 3, Decimal("1280.50"), True, date(2026, 3, 7), MOMENT, time(20, 45), None]

    head, back = rows_of(written(row))

    assert head == [f"H{n}" for n in range(8)]
    assert back == ["陈女士", 3, 1280.5, True, datetime.fromisoformat("2026-03-07"), MOMENT, time(20, 45), None]


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_text_never_becomes_a_formula_not_even_when_its_cell_is_edited(text: str) -> None:
    cell = cells_of(written([text]))[1][0]

    assert (cell.data_type, cell.value) == ("s", text)
    assert cell.quotePrefix


def test_a_heading_is_no_formula_either() -> None:
    out = BytesIO()
    write(out, "x", [Head("=1+1")], [])

    assert cells_of(out.getvalue())[0][0].data_type == "s"


def test_what_no_cell_can_hold_is_left_out_and_a_title_is_made_fit() -> None:
    out = BytesIO()
    write(out, "a/b:c*?[x]" * 9, [Head("H")], [["one\x00two\x0b"], ["长" * 40_000]])

    _, first, second = rows_of(out.getvalue())
    assert first == ["onetwo"]
    assert len(second[0]) == workbook.CHARS_MAX


def test_a_list_that_breaks_off_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def rows() -> Iterator[list[Value]]:
        yield ["one"]
        raise NodeError

    with pytest.raises(NodeError):
        write(BytesIO(), "x", [Head("H")], rows())
    assert list(tmp_path.iterdir()) == []


def test_a_template_offers_choices_and_explains_itself_on_a_second_sheet() -> None:
    raw = write_template(
        "登记", [Head("颜色", options=("红", "绿"), must=True)], "说明", [["颜色", "是", "可填：红、绿", "红"]]
    )

    assert rows_of(raw) == [["颜色 *"]]
    with zipfile.ZipFile(BytesIO(raw)) as packed:
        assert '"红,绿"' in packed.read("xl/worksheets/sheet1.xml").decode()
        assert "xl/worksheets/sheet2.xml" in packed.namelist()


def test_rows_are_read_with_their_numbers_and_empty_ones_are_passed_over() -> None:
    lines = read(made(["a", "b"], [None, " "], [1, None]))

    assert [(line.row, line.cells) for line in lines] == [(1, ("a", "b")), (3, (1,))]


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04rubbish", b"name,phone\nChen,1", made(["a"])[:400]])
def test_what_is_no_excel_file_is_refused_with_a_way_out(raw: bytes) -> None:
    with pytest.raises(NodeError) as refusal:
        read(raw)

    assert refusal.value.problems[0].code == "not-excel"


def test_a_file_that_names_entities_is_refused() -> None:
    """A workbook from outside may not make the node read its disk, or unfold without end."""
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><sst>&a;</sst>'
    raw = BytesIO()
    with zipfile.ZipFile(BytesIO(made(["text"]))) as good, zipfile.ZipFile(raw, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, evil if name.endswith("sheet1.xml") else good.read(name))

    with pytest.raises(NodeError):
        read(raw.getvalue())


def test_a_small_file_that_unpacks_to_a_huge_one_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "UNPACKED_MAX", 1_000)

    with pytest.raises(NodeError) as refusal:
        read(made(["a"]))

    assert refusal.value.problems[0].code == "too-large"


def test_more_rows_than_a_person_looks_through_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "READ_ROWS_MAX", 2)

    assert len(read(made(["a"], [1], [2]))) == 3
    with pytest.raises(NodeError) as refusal:
        read(made(["a"], [1], [2], [3]))
    assert refusal.value.problems[0].code == "too-many-rows"
