"""The exchange with a real SMTP server: encryption, sign-in, refusals and lost connections."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from models.errors import Invalid
from serving.mail.client import MailServer, SendFailure, mail_server, send
from serving.platform.settings import Settings
from tests.fixtures.mail_server import DROPPED, MailBox, a_certificate, a_mail_server, mail_settings

SENDER, READER = "touchstone@market.example", "ines@aurelle.example"


def a_message() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = SENDER, READER, "Hello", "<mai_1@market.example>"
    mail.set_content("Text")
    return mail


def server_of(box: MailBox, **changes: object) -> MailServer:
    server = mail_server(mail_settings(Settings(), box, **changes), "market.example")
    assert server is not None
    return server


def send_to(box: MailBox, to: str = READER, **changes: object) -> SendFailure | None:
    return send(server_of(box, **changes), a_message(), SENDER, to)


def test_an_accepted_mail_is_sent() -> None:
    with a_mail_server() as box:
        assert send_to(box) is None
        assert [message["Message-ID"] for message in box.to(READER)] == ["<mai_1@market.example>"]


@pytest.mark.parametrize(
    ("reply", "is_permanent", "reason"),
    [
        ("451 4.3.0 Try later", False, "4xx asks for another attempt"),
        ("550 5.7.1 Spam", True, "5xx after DATA refuses this mail for good"),
    ],
)
def test_a_refused_mail_is_tried_again_unless_the_refusal_is_final(reply: str, is_permanent: bool, reason: str) -> None:
    with a_mail_server() as box:
        box.reply = lambda _number: reply
        failure = send_to(box)
    assert failure == SendFailure(f"The mail server refused the mail: {reply}", is_permanent), reason


def test_an_unknown_recipient_is_refused_for_good() -> None:
    with a_mail_server() as box:
        failure = send_to(box, "nobody@aurelle.example")
    assert failure == SendFailure("The mail server refused the recipient: 550 5.1.1 No such user", is_permanent=True)


def test_a_connection_that_ends_after_the_data_counts_as_unsent() -> None:
    with a_mail_server() as box:
        box.reply = lambda _number: DROPPED
        failure = send_to(box)
    assert failure is not None
    assert not failure.is_permanent


def test_a_fault_after_the_answer_does_not_count_the_mail_as_unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiosmtpd.smtp.SMTP.smtp_QUIT", lambda self, _arg: self.push("421 4.3.2 Going down"))
    with a_mail_server() as box:
        assert send_to(box) is None
        assert len(box.received) == 1


def test_a_server_that_is_down_is_tried_again() -> None:
    with a_mail_server() as box:
        pass
    assert send_to(box) == SendFailure(
        "The mail server could not be reached, or ended the connection.", is_permanent=False
    )


@pytest.mark.parametrize(("security", "tls"), [("starttls", False), ("tls", True)])
def test_a_mail_leaves_encrypted_and_signed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str, tls: bool
) -> None:
    certificate = a_certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with a_mail_server(certificate=certificate, password="opensesame", tls=tls) as box:
        secret = Settings(smtp_password="opensesame").smtp_password
        assert send_to(box, smtp_security=security, smtp_user="touchstone", smtp_password=secret) is None
        assert (box.users, box.encrypted) == (["touchstone"], [True])


def test_a_wrong_password_is_tried_again_because_the_operator_can_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = a_certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with a_mail_server(certificate=certificate, password="opensesame") as box:
        secret = Settings(smtp_password="wrong").smtp_password
        failure = send_to(box, smtp_security="starttls", smtp_user="touchstone", smtp_password=secret)
    assert failure is not None
    assert (failure.is_permanent, "535" in failure.sentence) == (False, True)


@pytest.mark.parametrize(
    ("name", "is_trusted", "reason"),
    [("127.0.0.1", False, "no authority that is known here signed it"), ("other.example", True, "of another host")],
)
def test_nothing_is_sent_to_a_server_with_a_wrong_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_trusted: bool, reason: str
) -> None:
    certificate = a_certificate(tmp_path, name)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with a_mail_server(certificate=certificate) as box:
        failure = send_to(box, smtp_security="starttls")
        assert (failure, box.received) == (
            SendFailure("The certificate of the mail server is not valid for it.", is_permanent=False),
            [],
        ), reason


def test_a_server_without_starttls_gets_no_mail() -> None:
    with a_mail_server() as box:
        failure = send_to(box, smtp_security="starttls")
        assert failure == SendFailure(
            "The mail server lacks the encryption or the sign-in that is set.", is_permanent=False
        )
        assert box.received == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"mail_from": None}, "MAIL_FROM"),
        ({"mail_from": "Touchstone"}, "MAIL_FROM"),
        ({"smtp_host": "mail.example", "smtp_password": "x"}, "A password is not sent unencrypted"),
        ({"smtp_host": "mail.example", "production": True}, "no mail unencrypted"),
    ],
)
def test_unsafe_settings_are_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        mail_server(mail_settings(Settings(), MailBox(port=25), **changes), "market.example")


def test_without_a_host_there_is_no_server_and_ports_follow_the_encryption() -> None:
    assert mail_server(Settings(), "market.example") is None
    ports = [
        server.port
        for security in ("starttls", "tls", "none")
        if (server := mail_server(mail_settings(Settings(), MailBox(), smtp_port=None, smtp_security=security), "x"))
    ]
    assert ports == [587, 465, 25]
