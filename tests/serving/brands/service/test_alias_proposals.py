"""Spellings that name nobody."""

import pytest

from serving.brands.service.alias_proposals import is_nameless


@pytest.mark.parametrize(
    ("text", "categories", "expected"),
    [
        ("no brand", (), True),
        ("n/a", (), True),
        ("без бренда", (), True),
        ("无品牌", (), True),
        ("channel", (), True),
        ("handbags", ("Bags > Handbags",), True),
        ("leather handbags", ("Leather goods", "Handbags"), True),
        ("aaa replica", (), True),
        ("1234", (), True),
        ("aurele", ("Bags",), False),
        ("aurele bags", ("Bags",), False),
        ("maison verel", (), False),
    ],
)
def test_a_spelling_of_words_that_name_nobody_is_nameless(
    text: str, categories: tuple[str, ...], expected: bool
) -> None:
    assert is_nameless(text, categories) is expected
