"""The words, each with its meaning: pages explain them, and docs/concepts.md is written from them.

One word for one thing, in code, tables, pages and documents; in the order in which a listing meets them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from serving.web.wording.i18n import N_

_CODE: Final = re.compile("`([^`]*)`")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a meaning; code is what stands so in files and commands."""

    text: str
    is_code: bool


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or several that are told together, and what they mean; code stands in backticks.

    Those that a translated page explains are marked for the catalogues.
    """

    words: str
    meaning: str

    @property
    def key(self) -> str:
        """Its place on the page of help."""
        return re.sub("[^a-z]+", "-", self.words.lower()).strip("-")

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The meaning in stretches of text and code."""
        parts = _CODE.split(self.meaning)
        return tuple(Piece(text, is_code=i % 2 == 1) for i, text in enumerate(parts) if text)


TERMS: Final = (
    Term(
        "listing, version",
        "An offer as the marketplace sent it. Each change of what a buyer sees is a new, kept version; a price "
        "that goes 100, 20, 100 makes three.",
    ),
    Term(
        "observation",
        "Counters and the seller block that came with a row. Appended; scores anew; never opens a second case.",
    ),
    Term(
        "quarantine",
        "Rows that the door refused, with the code, the sentence, a hash and their beginning. Nothing is dropped "
        "silently.",
    ),
    Term(
        "seller event",
        "A sale, return, return as fake, or rating that the marketplace reports one by one. Where it vouches that "
        "all are sent, windows are computed from them.",
    ),
    Term(
        "brand resolution",
        "Which registered brand a listing is about: declared, alias, folded title or GTIN prefix; or none, with "
        "the candidates.",
    ),
    Term(
        "near miss",
        "A word that is not a registered name and nearly is: one letter off a long one, two off a very long one. "
        "An ordinary word, a stem or an alias is none; it resolves nothing.",
    ),
    Term(
        "price reference",
        "Median and median absolute deviation of the log prices of comparable offers, with their number; per "
        "brand and category.",
    ),
    Term(
        "authorised seller",
        "Somebody whom a brand has put on its list at a marketplace, from a moment and until they are taken off or a "
        "last day is over. Every entry is kept, so that facts of a moment can be made again.",
    ),
    Term(
        "price list",
        "What a brand itself asks, by trade item number, part number, model or category; dated, added to and "
        "never changed.",
    ),
    Term(
        "usual share",
        "How often goods come back on a marketplace and how much its sellers differ in that; few cases are judged "
        "by it (an empirical-Bayes prior).",
    ),
    Term(
        "near-duplicate",
        "Another offer whose text shares at least 70 % of its runs of five characters with a listing's, "
        "look-alike letters undone. A listing's own versions are none.",
    ),
    Term(
        "likeness",
        "A listing's near-duplicates as of a moment: how many offers and sellers, those of the same seller apart, "
        "what became of them, what they ask. A copied text proves nothing by itself.",
    ),
    Term(
        "tell-tale",
        "A pattern by which a brand knows its counterfeits or its own goods, with a label for a person and the "
        "time in which it holds. Seen by analysts and by that brand, by no other.",
    ),
    Term(
        "own prices, other offers",
        "What one listing has asked from version to version; what else its seller offers, in counts, shares and a "
        "price level. Both as of a moment.",
    ),
    Term(
        "contact, link",
        "A telephone, e-mail, handle, payout account or address of a seller, kept as a keyed hash; and what two "
        "sellers have who share one. Links are followed through others, each with its path. A contact that more "
        "than ten sellers have links nobody.",
    ),
    Term(
        "outcome",
        "What verdicts and appeals leave standing of a seller's earlier offer. A confirmation whose removal is "
        "held is none before people let it go.",
    ),
    Term(
        "hit, incident, strike",
        "A removal that counts against its seller, with a weight by its reason; hits of one kind within three "
        "days; and what an incident is for a year. Grey market makes no hit, and a dispute about a design weighs "
        "nothing. The feature of that name counts the incidents of all kinds together, unweighted.",
    ),
    Term(
        "facts",
        "Everything that was known of a listing version at a moment, frozen and stored verbatim with the score "
        "made from it.",
    ),
    Term(
        "made again",
        "Facts read from the database long after, as of the moment of their score, with the references recorded "
        "then: equal to what intake recorded, bit for bit.",
    ),
    Term(
        "feature, fingerprint",
        "A number computed from facts by a pure function; the fingerprint names the ordered set and the tables "
        "behind it. NaN is missing, and missing is not zero.",
    ),
    Term(
        "score",
        "Of kind `calibrated`: a probability with reasons, from a bundle. Of kind `scorecard`: points with "
        "reasons, before the first model; never used as a probability.",
    ),
    Term(
        "calibration, band",
        "The curve from a model's value to a probability, found on sellers that the model did not know; and where "
        "the curve would have come to lie had other sellers been labelled, in 95 of 100 cases. A score's interval "
        "comes from the band.",
    ),
    Term(
        "route, lane",
        "What follows a score: `release`, `analyst`, `ask_brand`, `audit` or `insufficient_evidence`, with "
        "reasons. Cases also come by an `appeal`, by a notifier's `complaint` or for a `second_look`.",
    ),
    Term(
        "audit draw",
        "One random draw per version, made before the model's route is looked at. What is drawn is reviewed "
        "although nobody would have looked; the chance of having been reviewed is stored with every score.",
    ),
    Term(
        "newcomer",
        "A seller first seen within a week of whom nobody has judged an offer. The model knows nothing of it, so "
        "its offers near the line are drawn more often.",
    ),
    Term(
        "seller risk",
        "The expected share of counterfeits among a seller's offers of 30 days, drawn toward the usual one, and "
        "its percentile among the marketplace's sellers. A fact for analysts: no rule reads it, and it is no "
        "feature, because a model would learn from itself.",
    ),
    Term(
        "prevalence",
        "The share of a window's listings that are counterfeit, also among those that nobody looks at; told from "
        "the audit draws, with an interval.",
    ),
    Term(
        "arm",
        "One way of running the same simulated year, side by side with others that share its listings, its "
        "people's answers and its chance.",
    ),
    Term(
        "notice",
        "What somebody outside says of offers, with the four elements of Article 16(2): reasons, exact place, "
        "name and address, good faith. Kept with a receipt and with each offer as it was; it opens a case or "
        "joins the one that is open.",
    ),
    Term(
        "reporter",
        "Who notifies: a stranger, known again by a keyed hash of the address, or registered with a key as "
        "reporter, brand or trusted flagger. Neither a seller nor a brand is told who it is.",
    ),
    Term(
        "reputation, warning, mute",
        "What a reporter's decided notices of a year came to. Nearly all unfounded brings a warning; who goes on "
        "may be muted by a person for a time: a receipt, and no case.",
    ),
    Term(
        "decision notice",
        "What a notifier is told once a decision can no longer be undone: what, why, by whom, with which "
        "automated means, and what can be done about it.",
    ),
    Term(
        "complaint of a notifier",
        "Against the decision that a notified offer stays, open for six months, decided by somebody who did not "
        "decide before and is shown neither the score nor the first answer. Who finds the goods not genuine asks "
        "the brand, unless it has decided before, and else removes.",
    ),
    Term(
        "case",
        "The unit of review of one version. Open, decided or stale; leased by one person at a time; at most one "
        "open per listing.",
    ),
    Term(
        "offer of a case",
        "Who of the signed-in analysts has least in hand is led to it first. Reserves nothing, and is over by itself.",
    ),
    Term(
        "hidden score",
        "Of one case in twenty, drawn when it is opened: nothing that comes from the score is sent before the answer.",
    ),
    Term(
        "set aside",
        "A case out of the queue until a time, or until anything new is heard of its offer; with what is missing "
        "and who was asked, where something is.",
    ),
    Term("note", "What somebody of the desk writes on a case for colleagues; seen by no brand and no seller."),
    Term(
        "verdict",
        "A person's append-only judgement on the version that they saw: counterfeit, genuine, grey market, "
        "licensed, cannot tell, needs test buy. An undo appends `withdrawn`.",
    ),
    Term(
        "right",
        "A brand's mark, design or copyright: office, number, classes, territories, end, and the document behind "
        "it. Claimed, verified, refused, withdrawn, or carried over from before rights were asked for. Only one "
        "that holds at the moment and where the marketplace sells carries a confirmation.",
    ),
    Term(
        "power of attorney",
        "Lets an agent act for a brand, for kinds of rights, in territories, until a day. A person without one is "
        "the brand's own.",
    ),
    Term(
        "reminder, escalation",
        "What time brings to a question before its deadline: the brand is reminded, then its account manager is "
        "told. At the deadline it comes back unanswered, and that is kept.",
    ),
    Term(
        N_("confirmation"),
        N_(
            "A brand's 'counterfeit'. It ends accepted, rejected (whoever looked after it found the goods genuine) or "
            "overturned (the offer was given back); 'cannot tell', 'grey market' and 'needs test buy' never count."
        ),
    ),
    Term(
        "briefing",
        "The questions that a brand's person answers, once a year, before their 'counterfeit' counts. Without it "
        "they look, and say what accuses nobody.",
    ),
    Term(
        "lead",
        "One of a brand's people whom the marketplace lets change what the brand has on file: rights, documents, "
        "authorised sellers, prices, tell-tales, colleagues. The others read it; an agent never leads.",
    ),
    Term(
        "reset link",
        "Lets whoever forgot their password choose another, once, within a day. Made and passed on by somebody with a "
        "say over all that the account opens.",
    ),
    Term(
        "first phase",
        "How a brand begins once one of its people is briefed (before, it is invited): some confirmations a day "
        "remove at once, more is looked at again. Ends by time and outcomes, for good.",
    ),
    Term(
        "takedown request",
        "One click of a brand's person that confirms up to 300 open questions under one right, every offer shown "
        "and any left out. Each goes by the rules of a single confirmation and has its own answer.",
    ),
    Term(
        N_("standing"),
        N_(
            "What a brand's confirmations of three months have earned it, overall and in every reason code: "
            "self-service, full or provisional, which is good standing; capped or suspended, which is not."
        ),
    ),
    Term(
        "action",
        "What the marketplace is asked to do: remove, or its inverse, reinstate. Held, scheduled, withdrawn, "
        "sending, acknowledged, or dead.",
    ),
    Term(
        "held removal",
        "Confirmed, and more than one person's word should carry: a burst of one person, of one brand or at one "
        "seller, a large shop, or a rule that is switched off. It is a row that waits; nothing leaves and nothing "
        "is dropped.",
    ),
    Term(
        "sanction",
        "What is done about a seller: restricting at two strikes, closing at three, or the same for a linked "
        "account. Proposed, agreed by one, carried out, refused, lapsed or lifted. Somebody of the desk and "
        "somebody of the brand programme agree before the marketplace hears of it; one no ends it.",
    ),
    Term(
        "reach",
        "The accounts linked with a sanctioned one, each with its path. Each is a proposal of its own; in a "
        "crowd, far away or vouched for by a brand it is only shown.",
    ),
    Term(
        "allow, watch, deny list",
        "A marketplace's own word on a seller, with a reason, who gave it and until when. Watched and denied "
        "sellers' offers go to an analyst first, as do those of who is linked with a denied one; allowed ones are "
        "accused by no score and audited at a share of their own. An analyst watches and denies, an administrator "
        "allows.",
    ),
    Term(
        "alert",
        "What the first held removal of a cause raises: a row, a line in the log, and a banner on the staff's "
        "pages until nothing is held for that cause any more.",
    ),
    Term(
        "verified removal",
        "A removal whose offer a later look at the marketplace's status address found gone. Asked, gone, still "
        "shown, unknown, or given back; no answer is unknown and never still shown.",
    ),
    Term(
        "time to removal",
        "From the confirmation to the first look that found the offer gone, undo window and waits included.",
    ),
    Term(
        "re-list",
        "An offer that repeats a removed one: in nearly the words of the same or a linked seller, nearly copied "
        "from it where nobody honest has the text, or of the same brand by an account that came after and shares "
        "a contact. It goes to an analyst with the earlier offer's name, and nothing else follows.",
    ),
    Term(
        "switch",
        "Of every rule that acts without a person. Off, it holds from the next request on, and the pages say so.",
    ),
    Term(
        "undo window",
        "The time (3 minutes) in which a verdict can be taken back and its action withdrawn before anybody hears "
        "of it.",
    ),
    Term(
        "statement",
        "The reasons given to the seller: grounds and facts, never a score, a feature or a reporter. Kept in English; "
        "the seller's page says it in the seller's language.",
    ),
    Term(
        "catalogue",
        "The texts of pages in another language, one file each. What people wrote is never translated.",
    ),
    Term(
        "counter-notice",
        "A seller's answer to a removal, put to the rights holder: up to three rounds, with deadlines in business "
        "days of the seller's country. It gives way, maintains, or lets it pass; what stays contested goes to a "
        "person.",
    ),
    Term(
        "seller's link",
        "The seller's way in without an account: signed, to one removal, open as long as an appeal is, and "
        "revocable. It leads to the reasons, the state and the seller's own words.",
    ),
    Term(
        "seller's document",
        "What a seller hands in by its link for a removal: a PDF, PNG or JPEG by its first bytes, kept once under "
        "its SHA-256 and never opened. Who decides saves it; analysts see it again in the seller's next case, "
        "with what came of it then.",
    ),
    Term("profile", "Whose rules counter-notices follow: a named policy with its numbers and their sources."),
    Term(
        "appeal",
        "A seller's complaint against a removal, open for six months, decided by somebody who did not decide "
        "before. Upheld, it reinstates.",
    ),
    Term(
        "overturn",
        "A removal found wrong, by an appeal, by a rights holder that gave way, or by its silence: one row, by "
        "which the offer comes back, the strike goes, the label is corrected, the statement amended and standing "
        "recounted.",
    ),
    Term(
        "public statement",
        "A statement for the Commission's database: one for each removal that was carried out, in fixed words "
        "without a name, with its end where it was reversed.",
    ),
    Term(
        "test buy",
        "The goods, bought and examined: ordered, received, inspected, handed on, and closed by the brand or a "
        "laboratory. A verdict that rests on one outweighs every opinion on the offer.",
    ),
    Term(
        "custody log",
        "Who had the goods of a test buy, line by line and without a gap: who wrote it, what happened, when. "
        "Appended, never changed.",
    ),
    Term(
        "evidence",
        "The offer as it was seen when somebody acted on it: text, price, seller block, picture addresses and a "
        "page, each with a salted digest that the audit log holds. Parts can be erased; the proof of the rest "
        "stays.",
    ),
    Term(
        "label",
        "What the verdicts on a version mean for training: value, weight, evidence level, maturity, provenance. "
        "One pure function decides (`models/labels.py`).",
    ),
    Term(
        "evidence level",
        "How a label is known: decided on appeal, test buy, brand's verdict, two agreeing reviewers, one reviewer.",
    ),
    Term(
        "maturity",
        "A label teaches once both windows have closed, the seller's to object and a reviewer's to look again, "
        "whatever it says: what enters sooner by its value makes the latest weeks look safer than they are.",
    ),
    Term(
        "source",
        "Who answers for a label: a brand, whoever of its people spoke, or a reviewer. Kept with each row, never "
        "a feature.",
    ),
    Term(
        "lone find",
        "One reviewer's 'counterfeit' on an offer of the audit slice, which nobody had suspected. Most are "
        "mistakes, so it teaches only when a second reviewer agrees.",
    ),
    Term(
        "suspect",
        "A label that the model, out of fold, finds wrong with more certainty than it finds others of that class "
        "right (confident learning).",
    ),
    Term(
        "second look",
        "A case for somebody who has not judged the offer, without the score and the first answer: a suspect or a "
        "lone find. It changes nothing for the offer; what is said becomes a verdict, and the label follows by "
        "its rule.",
    ),
    Term(
        "near-duplicates",
        "Rows of one seller whose texts share 70 % of their runs of five characters. They share the weight of one.",
    ),
    Term("held", "Of a source or a seller: it had more than its part of the weight, and counts for its part."),
    Term(
        "snapshot",
        "A hashed Parquet file of labelled facts with their references. Training reads nothing else.",
    ),
    Term(
        "random slice",
        "Judged listings, each counted as often as it stands for: one over its chance of having been reviewed. "
        "Weighted so, what people saw describes all listings.",
    ),
    Term(
        "bundle",
        "A model as files: trees as text, weights as an array, the rest as JSON, under one digest. Nothing in it "
        "is code.",
    ),
    Term(
        "champion, challenger",
        "The bundle that scores, and the newest candidate. Two people promote; a rollback, by one, brings the one "
        "before back.",
    ),
    Term(
        "approval",
        "A person's yes to a model beside the champion of that moment. Two different people's make the champion; "
        "with another champion, or once the person may promote no more, an approval counts no longer.",
    ),
    Term(
        "gate",
        "A condition on a candidate with its figure and its bound: passed, failed, or not judged where there is "
        "too little. Past one that blocks both people who approve give a reason.",
    ),
    Term(
        "upheld appeal",
        "An offer was removed and given back. It is genuine at full weight, and a model that would show it again "
        "although the champion is clear about it is stopped.",
    ),
    Term(
        "golden set",
        "Offers that two analysts judged alike, the later of them blind, frozen under a digest by an "
        "administrator. Nothing of them is ever learnt; every candidate is asked about them.",
    ),
    Term(
        "incumbent",
        "What scores until a candidate does: the champion, or the starter scorecard before there is one.",
    ),
    Term("slice", "The judged listings of one brand, market, language, category or kind of seller."),
    Term(
        "drift report",
        "The listings of now beside those from before the champion: how far each feature and the score moved and "
        "how much of it chance alone would give, how many counterfeits there are by the audit slice, how long "
        "answers take, whether the champion's probabilities came true.",
    ),
    Term(
        "trial",
        "A challenger that scores live traffic beside the champion: looking on, or deciding about a share of sellers.",
    ),
    Term(
        "circuit breaker",
        "Opens when far more is flagged than usual. While it is open the model asks no brand; a person closes it "
        "with a reason.",
    ),
    Term("home", "The folder that holds everything of an installation, owned by one process at a time."),
    Term(
        "need",
        "Why a brand's account manager must do something about it: a question overdue, standing lost or at risk, "
        "silence, a right to verify, a message. The most urgent orders the list.",
    ),
    Term(
        "thread",
        "What a brand's people and its account manager write to each other at a marketplace. Read by these two "
        "sides alone; either erases.",
    ),
    Term("account manager", "The named person who looks after a brand and whom the brand sees."),
)


@cache
def by_word() -> Mapping[str, Term]:
    """Terms by each of their words."""
    found: dict[str, Term] = {}
    for term in TERMS:
        for word in (term.words, *term.words.split(", ")):
            found.setdefault(word, term)
    return found


def meaning_of(word: str) -> Term:
    """The term of a word.

    Raises
    ------
    KeyError
        It is not among them: a page must not explain what is explained nowhere.
    """
    return by_word()[word]
