"""The right that a notice names, for its notifier and for analysts."""

from serving.notices.rules.notices import NamedRight
from serving.web import text_view
from serving.web.text_view import ShownText


def named_right(right: NamedRight, kind: str) -> ShownText | None:
    """The right that a notice names, in one line; None where it names none."""
    parts = [part for part in (kind, right.office, right.number, right.owner) if part]
    return text_view.show(", ".join(parts)) if parts else None
