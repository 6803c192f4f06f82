"""Queueing, wording and sending of mails."""
