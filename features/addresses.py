"""Off-platform addresses in a text: links, plain and obfuscated, and contact details.

RE2 matches the patterns, so that each takes linear time even on a hostile description.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Final

import re2

from features.prefilter import Prefilter

_HOST: Final = r"[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?"
# Top-level domains that are not words: 'the bag.it is new' lacks a space and is no link.
_ENDINGS: Final = "com|net|org|info|biz|shop|store|online|site|club|vip|xyz|link|app|ru|cn|cc|ly"
_LINK: Final = re2.compile(
    rf"(?:https?://|www\.)[^\s]{{1,200}}|\b(?:{_HOST}\.){{1,3}}(?:{_ENDINGS})\b(?:/[^\s]{{0,100}})?"
    rf"|\b(?:{_HOST}\.){{1,3}}[a-z]{{2}}/[^\s]{{1,100}}"
)
# Obfuscated dots and schemes, which hide a link from a search.
_HIDDEN: Final = re2.compile(
    rf"\bhxxps? ?:? ?/ ?/ ?[^\s]{{1,100}}|\bhttps? (?:: ?)?/ ?/ ?[^\s]{{1,100}}"
    rf"|\b{_HOST}(?: ?(?:\(dot\)|\[dot\]|\(\.\)|\[\.\]|\{{\.\}}|。|点|點|точка|тчк|punto|ponto) ?| dot | \. )"
    r"(?:com|net|org|shop|store|ru|cn|me|vip|top)\b"
)
_MAIL: Final = re2.compile(rf"[a-z0-9][a-z0-9._+-]{{0,60}} ?(?:@|\(at\)|\[at\]) ?(?:{_HOST}\.){{1,3}}[a-z]{{2,10}}\b")
_MESSENGERS: Final = (
    "whats ?app|wats ?app|wa|viber|wechat|weixin|vx|wx|telegram|tg|line|zalo|kakao|instagram|insta|ig|skype|snap|vk|qq"
)
_TELEPHONES: Final = "tel|telefon|telefono|phone|call|mobile|sms"
_OTHER_SCRIPTS: Final = (
    "ватсап|вотсап|вайбер|телеграм|вк|тел|телефон|звоните|电话|電話|手机|手機|微信|v信|加|카톡|واتساب"
)
_CUED_NUMBER: Final = re2.compile(
    rf"(?:(?:^|[^a-z0-9])(?:{_MESSENGERS}|{_TELEPHONES})|(?:{_OTHER_SCRIPTS}))"
    r"(?: ?(?:id|号|號|me|us|on|at|[.:@#=-])){0,3} ?(\+?[0-9](?:[ ().-]{0,2}[0-9]){6,14})"
)
# A word after 'line' is an account only behind a sign such as ':'. East Asian cues need no sign.
_CUED_ACCOUNT: Final = re2.compile(
    rf"(?:^|[^a-z0-9])(?:{_MESSENGERS})(?: ?(?:id|号|號))? ?[:@#=] ?([a-z0-9][a-z0-9_.-]{{3,30}})"
    r"|(?:微信|v信|加|카톡|qq)(?: ?(?:id|号|號))?[ :]?([a-z][a-z0-9_.-]{0,30}[0-9][a-z0-9_.-]{0,30})"
)
_NUMBER: Final = re2.compile(r"(?:\+|\b00)[0-9](?:[ ().-]{0,2}[0-9]){8,13}\b|\b1[3-9][0-9]{9}\b")
_HANDLE: Final = re2.compile(r"(?:^|[ (:])(@[a-z0-9_.]{3,30})\b")


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses found, each once, in the order of the text."""

    links: tuple[str, ...] = ()
    hidden_links: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()


NO_ADDRESSES: Final = Addresses()
_PATTERNS: Final = (_MAIL, _LINK, _NUMBER, _CUED_NUMBER, _CUED_ACCOUNT, _HANDLE, _HIDDEN)
_LONG_REPEAT: Final = re.compile(r"\{(\d+),\d\d+\}")


# With unlimited repeats a pattern needs few states and matches wherever it did.
LOOSENED: Final = tuple(_LONG_REPEAT.sub(r"{\1,}", pattern.pattern) for pattern in _PATTERNS)


@cache
def _address_filter() -> Prefilter:
    return Prefilter(LOOSENED)


def find(folded: str, possible: Collection[int] | None = None) -> Addresses:
    """The addresses in a folded text. `contacts` are e-mail addresses, telephone numbers and messenger accounts.

    `possible` are the numbers of the patterns that can match, where a filter has chosen them already.
    """
    if possible is None:
        possible = _address_filter().possible(folded)
    if not possible:
        return NO_ADDRESSES
    mails, links, *contacts, hidden = (
        _matched_groups(pattern, folded) if number in possible else () for number, pattern in enumerate(_PATTERNS)
    )
    return Addresses(
        tuple(link for link in links if not any(mail.endswith(link) for mail in mails)),
        hidden,
        tuple(dict.fromkeys((*mails, *(address for contact in contacts for address in contact)))),
    )


def _matched_groups(pattern: "re2._Regexp", folded: str) -> tuple[str, ...]:
    """The matched group, or the whole match where a pattern has no group; each once."""
    matches = ([group for group in match.groups() if group] or [match.group()] for match in pattern.finditer(folded))
    return tuple(dict.fromkeys(group for groups in matches for group in groups))
