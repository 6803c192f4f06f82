from hypothesis import given
from hypothesis import strategies as st

from serving.mail.rules.kinds import MANDATORY, MailKind, is_optional, message_id, one_line


def test_a_link_that_somebody_needs_and_what_the_law_requires_cannot_be_refused() -> None:
    assert (
        {kind for kind in MailKind if not is_optional(kind)}
        == MANDATORY
        == {
            MailKind.INVITATION,
            MailKind.PASSWORD_RESET,
            MailKind.SECOND_FACTOR,
            MailKind.SIGN_IN_LINK,
            MailKind.LARGE_REPORT,
            MailKind.REPORT_STOPPED,
            MailKind.NEW_SECRET,
            MailKind.SECRETS_ENDED,
            MailKind.MODEL_ROLLBACK,
            MailKind.REMOVALS_TOLD,
            MailKind.SELLER_STATEMENT,
            MailKind.NOTICE_RECEIPT,
            MailKind.NOTICE_DECISION,
        }
    )


@given(st.text())
def test_a_name_in_a_mail_is_one_short_printable_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 200
    assert not any(character in line for character in "\r\n\x00\u2028\u202e\u200b")
    assert one_line(line) == line


def test_a_message_id_is_the_same_at_every_attempt() -> None:
    assert message_id("mai_1", "a.example") == message_id("mai_1", "a.example") == "<mai_1@a.example>"
