import pytest
from hypothesis import given

from features.contacts import Contact, ContactKind, canonical_contact
from features.fields import FieldError
from tests.fixtures.strategies import ANY_TEXT, PROPERTY

PHONE, EMAIL, HANDLE = ContactKind.PHONE, ContactKind.EMAIL, ContactKind.HANDLE
PAYOUT, ADDRESS = ContactKind.PAYOUT, ContactKind.ADDRESS

NORMALISED: list[tuple[ContactKind, str, str, str]] = [
    (PHONE, "+86 138-0013-8000", "8613800138000", "written for people"),
    (PHONE, "0086 (138) 0013 8000", "8613800138000", "with zeros for the plus"),
    (PHONE, "＋８６ 13800138000", "8613800138000", "in full width"),
    (PHONE, "+49 (0)30 7654321", "49307654321", "with the zero that is dialled at home"),
    (EMAIL, " Lumo@Trade.Example ", "lumo@trade.example", "capitals and spaces"),
    (EMAIL, "l.umo+shop2@googlemail.com", "lumo@gmail.com", "one mailbox under another of its names"),
    (EMAIL, "l.umo+shop2@outlook.com", "l.umo@outlook.com", "dots count elsewhere"),
    (EMAIL, "lumo+shop2@trade.example", "lumo+shop2@trade.example", "tags may count at others"),
    (EMAIL, "info@bücher.example", "info@xn--bcher-kva.example", "a domain in letters that are not ASCII"),
    (HANDLE, "Telegram: @Lumo.Trade", "telegram:lumo.trade", "with the sign"),
    (HANDLE, "we chat:lumo888", "wechat:lumo888", "a network in two words"),
    (PAYOUT, "DE89 3704 0044 0532 0130 00", "de89370400440532013000", "grouped"),
    (ADDRESS, "Hafenstr. 4, 20457 Hamburg", "hafenstr420457hamburg", "with punctuation"),
    (ADDRESS, "深圳市福田区1号楼", "深圳市福田区1号楼", "in characters"),
]


@pytest.mark.parametrize(("kind", "sent", "form", "_why"), NORMALISED)
def test_a_contact_has_one_form(kind: ContactKind, sent: str, form: str, _why: str) -> None:
    assert canonical_contact(kind, sent) == Contact(kind, form)


REFUSED: list[tuple[ContactKind, str, str]] = [
    (PHONE, "030 7654321", "without a country it may be two people's"),
    (PHONE, "+49 30", "a dialling code"),
    (PHONE, "+1234567890123456", "longer than a number can be"),
    (PHONE, "+49 30 7654321 ext 5", "a switchboard"),
    (PHONE, "+\u0661\u0662\u0663\u0664\u0665\u0666\u0667", "digits that NFKC leaves as they are"),
    (EMAIL, "lumo(at)trade.example", "no sign"),
    (EMAIL, "@trade.example", "nobody"),
    (EMAIL, "lumo@trade", "no domain"),
    (EMAIL, "lu mo@trade.example", "a space"),
    (EMAIL, "x" * 65 + "@trade.example", "a name longer than one may be"),
    (EMAIL, "lumo@" + "a" * 64 + ".example", "a label longer than one may be"),
    (HANDLE, "@lumo", "a name alone is another person's on each network"),
    (HANDLE, "telegram: @me", "too short"),
    (PAYOUT, "12-34", "too short"),
    (ADDRESS, "n/a", "nothing"),
]


@pytest.mark.parametrize(("kind", "sent", "_why"), REFUSED)
def test_what_could_be_two_peoples_is_refused_without_repeating_it(kind: ContactKind, sent: str, _why: str) -> None:
    with pytest.raises(FieldError) as refused:
        canonical_contact(kind, sent)
    assert refused.value.sentence.endswith(".")
    assert sent not in refused.value.sentence


@PROPERTY
@given(ANY_TEXT)
def test_any_text_is_read_or_refused_and_a_form_is_its_own(text: str) -> None:
    for kind in ContactKind:
        try:
            read_contact = canonical_contact(kind, text)
        except FieldError:
            continue
        again = f"+{read_contact.value}" if kind is PHONE else read_contact.value
        assert canonical_contact(kind, again) == read_contact
