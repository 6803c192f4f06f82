"""A restriction as a statement of reasons for the Commission's DSA Transparency Database.

The fields and their rules are those of the database's validator (`StatementStoreRequest.php` in
github.com/digital-services-act/transparency-database; Regulation (EU) 2022/2065, Articles 17 and 24(5)). Every text is
one of a few fixed ones, so that no listing text and no person's name can enter the public database.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from models.errors import Invalid
from models.verdict import Evidence, ReasonCode, Side
from serving.webhooks.rules.action import ActionKind

# ISO 3166-1 codes as in the Commission's database: Greece is GR.
EU: Final = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
EEA: Final = EU | {"IS", "LI", "NO"}
_GROUPS: Final = {"EU": EU, "EEA": EEA}
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class TransparencyProfile:
    """The name under which a marketplace reports, and the EEA countries where its removals take effect, sorted."""

    platform_name: str
    territorial_scope: tuple[str, ...]


def transparency_profile(platform_name: str, territories: Iterable[str]) -> TransparencyProfile:
    """The profile of a name and country codes; `EU` and `EEA` stand for all their members.

    Raises Invalid (the name is empty or too long, there is no country, or one lies outside the EEA).
    """
    name = platform_name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Invalid("The platform name must have 1 to 200 printable characters.")
    codes = set[str]()
    for territory in territories:
        codes |= _GROUPS.get(territory, {territory})
    if not codes:
        raise Invalid("Name the EEA countries in which a removal takes effect: DE, FR, or EU or EEA for all.")
    if unknown := sorted(codes - EEA):
        raise Invalid("{words} is not the code of an EEA country such as DE, FR or GR.", words=unknown[0])
    return TransparencyProfile(name, tuple(sorted(codes)))


BATCH: Final = 100  # The most statements that `POST /api/v1/statements` takes at once.
_EARLIEST_CONTENT: Final = date(2000, 1, 1)
_EARLIEST_APPLICATION: Final = date(2020, 1, 1)
_LATEST: Final = date(2038, 1, 1)
_EAN_DIGITS: Final = 13
_UPC_DIGITS: Final = 12


class Source(StrEnum):
    """The source of the decision. Listings found by the model or the audit sample are voluntary."""

    VOLUNTARY = "SOURCE_VOLUNTARY"
    NOTICE = "SOURCE_ARTICLE_16"
    TRUSTED_FLAGGER = "SOURCE_TRUSTED_FLAGGER"
    OTHER_NOTIFICATION = "SOURCE_TYPE_OTHER_NOTIFICATION"


class Influence(StrEnum):
    """The role of automated means in the decision; how the listing was found is a separate field."""

    FULLY = "AUTOMATED_DECISION_FULLY"  # No person decided.
    PARTIALLY = "AUTOMATED_DECISION_PARTIALLY"  # The person saw the score or its reasons.
    NONE = "AUTOMATED_DECISION_NOT_AUTOMATED"  # The person saw neither.


@dataclass(frozen=True, slots=True)
class Restriction:
    """A removal that the marketplace carried out.

    `content_on` is the day of the listing's version, `reversed_on` the day of its reinstatement, None while it stays
    removed. `gtin` and `language` are as the marketplace sent them.
    """

    action_id: str
    kind: ActionKind
    content_on: date
    applied_on: date
    reason_code: ReasonCode
    side: Side
    evidence: Evidence
    found_by_model: bool
    source: Source
    influence: Influence
    gtin: str | None
    language: str | None
    reversed_on: date | None


@dataclass(frozen=True, slots=True)
class _Ground:
    legal_ground: str
    explanation: str
    url: str
    category: str
    specifications: tuple[str, ...]


_INTELLECTUAL_PROPERTY: Final = "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"
_TRADE_MARK_LAW: Final = (
    "Article 9 of Regulation (EU) 2017/1001 (EU trade marks), or national law under Article 10 of Directive (EU) "
    "2015/2436 (national trade marks)"
)
_TRADE_MARK_URL: Final = "https://eur-lex.europa.eu/eli/reg/2017/1001/oj"
_GROUNDS: Final = {
    ReasonCode.TRADEMARK_COUNTERFEIT: _Ground(
        _TRADE_MARK_LAW,
        "The listing uses a sign identical to a registered trade mark for goods that are not the goods of its owner.",
        _TRADE_MARK_URL,
        _INTELLECTUAL_PROPERTY,
        ("KEYWORD_TRADEMARK_INFRINGEMENT", "KEYWORD_INAUTHENTIC_LISTINGS"),
    ),
    ReasonCode.MARK_MISUSE: _Ground(
        _TRADE_MARK_LAW,
        "The listing uses a registered trade mark in a way that its owner has not allowed.",
        _TRADE_MARK_URL,
        _INTELLECTUAL_PROPERTY,
        ("KEYWORD_TRADEMARK_INFRINGEMENT",),
    ),
    ReasonCode.DESIGN: _Ground(
        "Article 19 of Council Regulation (EC) No 6/2002 (EU designs), or national law under Article 12 of Directive "
        "98/71/EC (national designs)",
        "The goods use a protected design without the consent of its holder.",
        "https://eur-lex.europa.eu/eli/reg/2002/6/oj",
        _INTELLECTUAL_PROPERTY,
        ("KEYWORD_DESIGN_INFRINGEMENT",),
    ),
    ReasonCode.COPYRIGHT: _Ground(
        "National law under Articles 2 to 4 of Directive 2001/29/EC",
        "The listing uses protected pictures or texts, or the goods copy a protected work, without the consent of the "
        "rights holder.",
        "https://eur-lex.europa.eu/eli/dir/2001/29/oj",
        _INTELLECTUAL_PROPERTY,
        ("KEYWORD_COPYRIGHT_INFRINGEMENT",),
    ),
    ReasonCode.NOT_AS_DESCRIBED: _Ground(
        "National law under Article 6(1) of Directive 2005/29/EC (misleading commercial practices)",
        "The goods do not match their description in the listing.",
        "https://eur-lex.europa.eu/eli/dir/2005/29/oj",
        "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
        ("KEYWORD_INAUTHENTIC_LISTINGS",),
    ),
}
# The restrictions of an action; actions without restrictions have no statement.
RESTRICTS: Final = {ActionKind.REMOVE: {"decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"]}}
_ISO_639_1: Final = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el "
    "en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it "
    "iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt "
    "my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl "
    "sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo "
    "za zh zu"
)
_LANGUAGES: Final = frozenset(_ISO_639_1.split(" "))


def public_statement(restriction: Restriction, profile: TransparencyProfile) -> dict[str, Any]:
    """The statement of one restriction, as JSON values under the database's names.

    An overturned removal keeps its statement under the same `puid`, because it applied for a time; the statement then
    has its end date and says so.

    Raises Invalid (the action restricts nothing, or a date lies outside the range of the database).
    """
    if restriction.kind not in RESTRICTS:
        raise Invalid(
            "{action}: {kind} restricts nothing, so it has no statement of reasons.",
            action=restriction.action_id,
            kind=restriction.kind.value,
        )
    _check_dates(restriction)
    ground = _GROUNDS[restriction.reason_code]
    return {
        "puid": restriction.action_id,
        **RESTRICTS[restriction.kind],
        "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
        "decision_ground_reference_url": ground.url,
        "illegal_content_legal_ground": ground.legal_ground,
        "illegal_content_explanation": ground.explanation,
        "content_type": ["CONTENT_TYPE_PRODUCT"],
        "content_id": _content_id(restriction.gtin),
        "category": ground.category,
        "category_specification": list(ground.specifications),
        "territorial_scope": list(profile.territorial_scope),
        "content_language": _language_code(restriction.language),
        "content_date": restriction.content_on.isoformat(),
        "application_date": restriction.applied_on.isoformat(),
        "end_date_visibility_restriction": None
        if restriction.reversed_on is None
        else restriction.reversed_on.isoformat(),
        "decision_facts": _facts_text(restriction),
        "source_type": restriction.source.value,
        "automated_detection": "Yes" if restriction.found_by_model else "No",
        "automated_decision": restriction.influence.value,
    }


def category_of(reason_code: ReasonCode) -> str:
    """The database's category of a removal for this reason."""
    return _GROUNDS[reason_code].category


def _check_dates(restriction: Restriction) -> None:
    checked = (
        ("the listing is dated", restriction.content_on, _EARLIEST_CONTENT),
        ("the removal is dated", restriction.applied_on, _EARLIEST_APPLICATION),
    )
    for what, day, earliest in checked:
        if not earliest <= day <= _LATEST:
            raise Invalid(
                "{action}: {what} {day}, and the database takes days from {earliest} to {latest}.",
                action=restriction.action_id,
                what=what,
                day=day.isoformat(),
                earliest=earliest.isoformat(),
                latest=_LATEST.isoformat(),
            )


def _content_id(gtin: str | None) -> dict[str, str] | None:
    """A trade item number of 13 digits, None for others; 12 digits get a leading zero (GS1)."""
    digits = "" if gtin is None else gtin.strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    if len(digits) == _UPC_DIGITS:
        digits = f"0{digits}"
    return {"EAN-13": digits} if len(digits) == _EAN_DIGITS else None


def _language_code(tag: str | None) -> str | None:
    """The two-letter code of a BCP 47 tag; None where the tag has none."""
    first = "" if tag is None else tag.replace("_", "-").split("-")[0].lower()
    return first.upper() if first in _LANGUAGES else None


_DISCOVERY_SENTENCES: Final = {
    Source.VOLUNTARY: "The listing was drawn at random for a check by a person.",
    Source.NOTICE: "The listing was notified to the platform.",
    Source.TRUSTED_FLAGGER: "The listing was notified to the platform by a trusted flagger.",
    Source.OTHER_NOTIFICATION: "The listing was notified to the platform.",
}


def _facts_text(restriction: Restriction) -> str:
    how = _DISCOVERY_SENTENCES[restriction.source]
    if restriction.source is Source.VOLUNTARY and restriction.found_by_model:
        how = "The listing was found by an automated classifier."
    finding = "the goods are not genuine or infringe the right"
    if restriction.evidence is Evidence.TEST_BUY:
        basis = f"The goods were bought from this seller and examined: {finding}."
    elif restriction.side is Side.BRAND:
        basis = f"The rights holder declared in good faith that {finding}."
    else:
        basis = f"An analyst examined the listing and found that {finding}."
    sentences = [how, basis]
    if restriction.influence is Influence.FULLY:
        sentences = [how, "It was removed by an automated rule."]
    if restriction.reversed_on is not None:
        sentences.append(
            f"The removal was reversed on {restriction.reversed_on.isoformat()}, after the seller's complaint."
        )
    return " ".join(sentences)
