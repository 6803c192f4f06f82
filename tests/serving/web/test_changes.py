from typing import Any

from serving.web.case.changes import Change, Turn, changes


def a_version(seller: str | None = "lumo", **content: Any) -> dict[str, Any]:
    return {"content": content, "seller_external_id": seller}


def read(change: Change) -> str:
    """A change as text: -out-, +in+."""
    marks = {Turn.KEPT: "", Turn.OUT: "-", Turn.IN: "+"}
    return "".join(
        f"{marks[part.turn]}{''.join(piece.text for piece in part.text.pieces)}{marks[part.turn]}"
        for part in change.parts
    )


def test_equal_versions_have_no_changes() -> None:
    assert changes(a_version(title="a"), a_version(title="a")) == ()


def test_words_of_a_text_are_compared_one_by_one() -> None:
    [change] = changes(a_version(title="Leather tote, grey"), a_version(title="Leather bag, grey"))
    assert (change.field, read(change)) == ("Title", "Leather -tote,-+bag,+ grey")


def test_what_comes_or_goes_as_a_whole_is_shown_as_such() -> None:
    price, gtin = changes(a_version(price="129.00", gtin="1"), a_version(price="89.00"))
    assert (read(price), read(gtin)) == ("-129.00-+89.00+", "-1-")


def test_pictures_are_counted() -> None:
    before, after = a_version(image_link=["a", "b"]), a_version(image_link=["b", "c", "d"])
    [change] = changes(before, after)
    assert read(change) == "1 removed, 2 added, 1 kept"


def test_a_seller_that_changed_is_shown() -> None:
    [change] = changes(a_version("lumo"), a_version(None))
    assert (change.field, read(change)) == ("Seller", "-lumo-")


def test_a_long_text_is_shown_around_its_changes_only() -> None:
    words = [f"w{i}" for i in range(100)]
    [change] = changes(
        a_version(description=" ".join(words)), a_version(description=" ".join([*words[:50], "new", *words[51:]]))
    )
    assert read(change).startswith(" … ")
    assert "-w50-+new+" in read(change)
    assert len(read(change)) < 120


def test_a_text_too_long_to_compare_is_only_reported_as_rewritten() -> None:
    long = " ".join(["word"] * 900)
    [change] = changes(a_version(description=long), a_version(description=f"{long} more"))
    assert read(change) == "Rewritten: 900 words before, 901 words after"
