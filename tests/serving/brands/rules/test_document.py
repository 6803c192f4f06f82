"""The media type of a document by its bytes, and the safe form of a hostile name."""

import pytest

from serving.brands.rules.rights_document import file_extension_of, media_type_of, readable_name


@pytest.mark.parametrize(
    ("content", "expected", "_why"),
    [
        (b"%PDF-1.7\n", "application/pdf", "an invoice"),
        (b"\x89PNG\r\n\x1a\n\0", "image/png", "a picture of a screen"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg", "a photograph"),
        (b"<html><script>alert(1)</script>", None, "a page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", None, "a drawing that can hold script"),
        (b"MZ\x90\0", None, "a program"),
        (b"PK\x03\x04", None, "an archive, or a text document with macros"),
        (b"GIF89a", None, "an unsupported image type"),
        (b" %PDF-1.7", None, "a leading blank"),
        (b"", None, "nothing"),
    ],
)
def test_the_first_bytes_determine_the_media_type(content: bytes, expected: str | None, _why: str) -> None:
    assert media_type_of(content) == expected


@pytest.mark.parametrize(
    ("filename", "expected", "_why"),
    [
        ("invoice 1177.pdf", "invoice 1177.pdf", "unchanged"),
        ("Rechnung für Łódź.pdf", "Rechnung für Łódź.pdf", "letters of other languages"),
        ("../../../etc/passwd", "passwd", "folders of Unix"),
        ("C:\\scans\\..\\boot.ini", "boot.ini", "folders of Windows"),
        ("invoice\u202efdp.exe", "invoicefdp.exe", "a name that reads backwards"),
        ("a\0b\r\nContent-Type: text/html\x1b[2J.pdf", "html[2J.pdf", "a header and terminal control codes"),
        ("in\u200bvoice\ufeff.pdf", "invoice.pdf", "invisible characters"),
        ("\ud800.pdf", ".pdf", "half a surrogate pair"),
        ("a\u2028b\u00a0c.pdf", "a b c.pdf", "ends of lines and odd blanks"),
        ("", "document", "no name"),
        ("/", "document", "a folder alone"),
        ("x" * 5_000, "x" * 120, "a very long one"),
    ],
)
def test_a_name_is_readable_without_hidden_characters(filename: str, expected: str, _why: str) -> None:
    assert readable_name(filename) == expected


def test_a_file_extension_fits_the_media_type() -> None:
    assert [file_extension_of(kind) for kind in ("application/pdf", "image/png", "image/jpeg")] == ["pdf", "png", "jpg"]
