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


def test_each_marketplace_has_its_own_rights_agents_and_prices_and_a_right_is_shared(
    home: Path, tmp_path: Path
) -> None:
    souk = ("--marketplace", "Souk")

    def run(*arguments: str) -> str:
        done = touchstone_in(home, *arguments)
        assert done.code == 0, done.text
        return done.out

    right_id = run("right", "add", "Solenne", *MARK, "--territory", "EU").strip()
    run("marketplace", "add", "Souk")
    run("person", "add", "omar@souk.example", "--name", "Omar Haddad", "--role", "account_manager", *souk)
    run("brand", "enrol", "Solenne", "--account-manager", "omar@souk.example", *souk)
    run("person", "add", "ana@solenne.example", "--name", "Ana", "--role", "brand", "--brand", "Solenne", *souk)
    for unnamed in (("right", "list", "Solenne"), ("right", "share", right_id)):
        refused = touchstone_in(home, *unnamed)
        assert (refused.code, "Name one marketplace" in refused.text) == (REFUSED, True)
    assert "no right on file" in run("right", "list", "Solenne", *souk)
    copy = run("right", "share", right_id, *souk).strip()
    assert run("right", "verify", copy) == f"{copy} is verified.\n"
    listed = {place: run("right", "list", "Solenne", "--marketplace", place) for place in ("Bazaar", "Souk")}
    assert f"{right_id}  mark AURELLE (EUIPO 018): claimed" in listed["Bazaar"]
    assert f"{copy}  mark AURELLE (EUIPO 018): verified" in listed["Souk"]
    agent = ("--email", "ana@solenne.example", "--name", "Lexa", "--territory", "EU", "--to", "2099-01-31")
    refused = touchstone_in(home, "agent", "add", "Solenne", *agent, "--marketplace", "Bazaar")
    assert (refused.code, "has no account for Solenne" in refused.text) == (REFUSED, True)
    mandate_id = run("agent", "add", "Solenne", *agent, *souk).strip()
    assert run("agent", "revoke", mandate_id) == f"{mandate_id} is ended.\n"
    (tmp_path / "list.csv").write_text("model,price,currency\nColline,540,EUR\n", encoding="utf-8")
    prices = ("brand", "price-list", "Solenne", str(tmp_path / "list.csv"))
    assert "Name one marketplace" in touchstone_in(home, *prices).text
    assert run(*prices, *souk) == "1 list prices of Solenne loaded.\n"
