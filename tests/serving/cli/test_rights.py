from pathlib import Path

from tests.serving.cli.commands import REFUSED, touchstone_in

MARK = ["--kind", "mark", "--title", "AURELLE", "--office", "EUIPO", "--number", "018"]


def test_a_right_is_added_with_its_document_verified_shown_and_withdrawn(home: Path, tmp_path: Path) -> None:
    document = tmp_path / "certificate.pdf"
    document.write_bytes(b"%PDF-1.7")
    added = touchstone_in(
        home, "right", "add", "Solenne", *MARK, "--territory", "fr", "--to", "2030-01-31", "--document", str(document)
    )
    right_id = added.out.strip()
    assert touchstone_in(home, "right", "verify", right_id).out == f"{right_id} is verified.\n"
    assert touchstone_in(home, "right", "list", "Solenne").out.splitlines()[-2:] == [
        f"{right_id}  mark AURELLE (EUIPO 018): verified",
        "  holds in FR until 2030-01-31",
    ]
    assert touchstone_in(home, "right", "withdraw", right_id).out == f"{right_id} is withdrawn.\n"
    refused = touchstone_in(home, "right", "refuse", right_id, "--reason", "Not theirs.")
    assert (refused.code, "cannot become refused" in refused.text) == (REFUSED, True)
    assert touchstone_in(home, "marketplace", "sells-in", "FR", "DE").out == "It sells in FR, DE.\n"
