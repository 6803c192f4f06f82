"""Passwords that guessers try first are refused, and passphrases never are."""

import hashlib
import json
import random
from importlib.resources import files

import pytest

from serving.accounts.rules.passwords import Weakness, weakness
from serving.accounts.service.auth import common_passwords

DATA = files("serving.accounts").joinpath("data")
OWN = ("Inès Moreau", "ines.moreau@touchstone.example")
COMMON, REPEATED, ITS_OWN = Weakness.COMMON, Weakness.REPEATED, Weakness.OWN

PASSWORDS = [
    ("aaaaaaaaaa", REPEATED, "one character"),
    ("AaAaAaAaAa", REPEATED, "one letter"),
    ("aabbaabbaa", REPEATED, "two characters"),
    ("abcabcabcabc", REPEATED, "three again and again"),
    ("passepassepasse", REPEATED, "a short word three times"),
    ("qwertqwertqw", REPEATED, "a repetition that is cut short"),
    ("1234567890", REPEATED, "counted upwards"),
    ("abcdefghijkl", REPEATED, "the alphabet"),
    ("zyxwvutsrq", REPEATED, "the alphabet backwards"),
    ("qwertyuiop", COMMON, "a row of keys"),
    ("1q2w3e4r5t", COMMON, "keys in a pattern"),
    ("  QwertyUiop ", COMMON, "blanks around it and capitals"),
    ("password2026", COMMON, "a common word and a year"),
    ("Password123!", COMMON, "with a mark at the end"),
    ("123-sunshine!", COMMON, "a common word in the middle"),
    ("p@ssw0rd2026", COMMON, "letters written as marks"),
    ("b@5k3tb@11!!", None, "further than the rule follows"),
    ("ines.moreau", ITS_OWN, "the address"),
    ("MoreauInes1990", ITS_OWN, "the name and a year"),
    ("touchstone!!", ITS_OWN, "the service"),
    ("Touchstone-Ines-7", ITS_OWN, "both"),
    ("inès_moreau_1", ITS_OWN, "the name as it is written"),
    ("correct horse battery", None, "common words"),
    ("sunshine monkey football", None, "words from the head of the list"),
    ("moreau likes long walks", None, "one's name in a sentence"),
    ("touchstone tells gold from brass", None, "the service in a sentence"),
    ("意意意意意意意意意意", REPEATED, "one letter of another script"),
    ("这是一个很长的密码句子", None, "a sentence of another script"),
    ("kX9#mQ2$vL7z", None, "made by a machine"),
]


@pytest.mark.parametrize(("password", "expected", "why"), PASSWORDS)
def test_a_password_that_is_guessed_early_is_refused(password: str, expected: Weakness | None, why: str) -> None:
    assert weakness(password, common_passwords(), OWN) is expected


def test_every_entry_of_the_list_that_is_long_enough_is_refused() -> None:
    long_enough = [password for password in common_passwords() if len(password) >= 10]
    assert len(long_enough) > 1_000
    assert [password for password in long_enough if weakness(password, common_passwords(), ()) is None] == []


def test_passwords_that_are_made_for_people_are_accepted() -> None:
    letters, chance = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", random.Random(0)
    passwords = ["".join(chance.choices(letters, k=16)) for _ in range(2_000)]
    assert [password for password in passwords if weakness(password, common_passwords(), OWN)] == []


def test_the_list_is_named_with_its_licence_and_unchanged() -> None:
    manifest = json.loads(DATA.joinpath("manifest.json").read_text(encoding="utf-8"))
    listed = {name: digest for dataset in manifest for name, digest in dataset["files"].items()}
    assert {path.name for path in DATA.iterdir()} == {"manifest.json", *listed}
    for name, digest in listed.items():
        assert hashlib.sha256(DATA.joinpath(name).read_bytes()).hexdigest() == digest, name
    assert all(dataset["licence"] and dataset["version"] and dataset["source"] for dataset in manifest)
