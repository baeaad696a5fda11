"""Lists as spreadsheets write them, and which column fills what."""

import codecs

import pytest

from conversations.services.broadcasts import mapping, reading
from conversations.services.broadcasts.reading import ListUnreadableError
from whatsapp.rendering import Field

ROW = {"número": "+5511987654321", "nome": "João"}


@pytest.mark.parametrize(
    "body",
    [
        "número,nome\n+5511987654321,João\n".encode(),
        "número;nome\r\n+5511987654321;João\r\n".encode("utf-8-sig"),
        "número\tnome\n+5511987654321\tJoão\n".encode("cp1252"),
        codecs.BOM_UTF16_LE + "número;nome\n+5511987654321;João".encode("utf-16-le"),
        '"número","nome"\n\n"+5511987654321"," João "\n\n'.encode(),
        '"número";"a, b";nome\n+5511987654321;x;João\n'.encode(),
    ],
    ids=["utf8", "bom", "cp1252", "utf16", "quoted", "comma-in-a-name"],
)
def test_every_way_of_writing_it_is_the_same_list(body):
    head = reading.head(body)

    assert head.number_column == "número"
    assert {key: head.lines[0].cells[key] for key in ROW} == ROW
    assert [line.cells["nome"] for line in reading.read(body)] == ["João"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "The list is empty."),
        (b"\n;\n", "The list is empty."),
        (b"+5511987654321,Ana\n", "The first line has to name the columns"),
        (b"a,a\n1,2\n", "Two columns are called \u201ca\u201d"),
        (",".join(f"c{place}" for place in range(61)).encode(), "60 columns"),
        (b"a,b\n" + b'"' + b"x" * 5000 + b'",1\n', "Line 2 has a cell that is too long"),
        (b"a" * (20 * 1024 * 1024 + 1), "20 MB at most"),
    ],
    ids=["empty", "blank", "no-names", "twice", "columns", "cell", "large"],
)
def test_what_cannot_be_read_says_why(body, words):
    with pytest.raises(ListUnreadableError, match=words):
        list(reading.read(body))


def test_more_rows_than_fit_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "MAX_ROWS", 2)

    assert len(list(reading.read(b"a\n1\n2\n"))) == 2
    with pytest.raises(ListUnreadableError, match="100,000 rows"):
        list(reading.read(b"a\n1\n2\n3\n"))


def test_a_row_with_more_cells_than_columns_is_marked():
    lines = list(reading.read(b"number,name\n1,Ana\n2,Bia,x\n3\n4,Caio,\n"))

    assert [line.is_misaligned for line in lines] == [False, True, False, False]
    assert lines[2].cells == {"number": "3", "name": ""}


@pytest.mark.parametrize(
    ("columns", "cells", "expected"),
    [
        ("total,telefone", "5,+5511987654321", "telefone"),
        ("quem,contato", "Ana,+5511987654321", "contato"),
        ("quem,onde", "Ana,aqui", "quem"),
        ("to,quem", "+5511987654321,Ana", "to"),
    ],
    ids=["name", "cells", "neither", "to"],
)
def test_the_column_of_numbers_is_found(columns, cells, expected):
    assert reading.head(f"{columns}\n{cells}\n".encode()).number_column == expected


def _field(key: str, name: str) -> Field:
    return Field(key, "text", "Text", name)


def test_columns_are_guessed_whatever_their_case_and_marks():
    fields = [_field("body.nome", "nome"), _field("body.codigo", "código"), _field("body.1", "1")]

    found = mapping.guess(fields, ["Telefone", "First_Name", "CODIGO"])

    assert found == {"body.nome": {"column": "First_Name"}, "body.codigo": {"column": "CODIGO"}}


def test_a_row_is_filled_from_its_columns_and_from_what_is_the_same_for_all():
    values = {"a": {"column": "x"}, "b": {"text": "all"}, "c": {"column": "gone"}}

    assert mapping.filled(values, {"x": "1"}) == {"a": "1", "b": "all"}
