"""The mutants that the generator cannot make, by module: the text, the broken text, and the resulting fault."""

from pathlib import Path
from typing import Final

from tests.sabotage.generator import Mutant

_ROWS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "features/corrections.py": (
        ("named.mark if named.brand_id is None else", "None if named.brand_id is None else", "the mark is lost"),
        ("() if named.brand_id", "resolved.candidates if named.brand_id", "candidates stay"),
    ),
    "models/bundle_files.py": (
        ("object_pairs_hook=_refuse_repeats", "object_pairs_hook=dict", "repeated names"),
        ("files[name].decode()", "files[name]", "any encoding"),
    ),
    "models/case.py": (("ASK_BRAND,\n    CaseLane.ANALYST", "ANALYST,\n    CaseLane.ASK_BRAND", "brands come later"),),
    "models/evidence.py": (
        ('("brand_disguised", "text_mixed_words")', "()", "hidden names untold"),
        ('("likeness_own_counterfeit", "likeness_counterfeit")', "()", "copies untold"),
        ("_OTHER_GOODS)", "-math.inf)", "the price of a strap"),
        ("reference.n <", "0 <", "no median of a brand counts"),
    ),
    "models/explanations.py": (("part.concludes, abs(part.weight)", "abs(part.weight)", "describing words first"),),
    "models/exploration.py": (
        ("return policy.audit_least_share", "return 0.0", "confident scores are never sampled"),
        ("min(1 - _LEAST, max(_LEAST, probability))", "probability", "certainty has no odds"),
    ),
    "models/labels.py": (
        ("(v.known_at, v.verdict_id))", "v.verdict_id)", "verdicts in the order of ids"),
        ("            return _NOT_MATURE", "            pass", "an upheld appeal without a date is a label"),
        ("int(bool(fakes))", "VALUES[test_buys[-1].judgement]", "the last test buy decides"),
        (":\n        fakes", " and not confirmed:\n        fakes", "an appeal hides a test buy"),
        (
            ":\n        fakes",
            " and not any(v.side is Side.BRAND for v in answers):\n        fakes",
            "the brand overrules test buys",
        ),
        ("any(verdict.second_review for verdict in against)", "bool(against)", "any analyst contradicts the brand"),
        (".BRAND, (last,", ".BRAND, tuple(by_brand", "all verdicts of the brand prove the label"),
        ("basis.verdicts)", "basis.verdicts[-1:])", "grey market by the last verdict only"),
        ("+ policy.matures for", "+ policy.matures / 2 for", "half of the window is enough"),
    ),
    "models/phrases.py": (
        ("return words_of(listing.title, names)", "return words_of(listing.title)", "parts of names"),
    ),
    "models/priority.py": (("max(1.0, sold_7d or 1.0)", "(sold_7d or 0.0)", "unsold goods have no harm"),),
    "models/routing.py": (
        (" 1.0, version)", " share * 0.5, version)", "not certain"),
        ("AUDIT, reasons, share", "AUDIT, reasons, 1.0", "sampled at 100 %"),
        ("Route(Lane.NO_ACTION, reasons, share,", "Route(Lane.NO_ACTION, reasons, 1.0,", "no action with certainty"),
        ("policy.allowed", "0 * policy.allowed", "never audited"),
        ("(reason,), policy.whitelist_audit_share", "(reason,), 0.0", "an authorised seller is never sampled"),
        ("max(least_share, chance)", "policy.audit_share", "new sellers are sampled like all"),
        ("policy.audit_unnamed_share if", "0.0 if", "without evidence listings are sampled like all"),
        ("lower, policy.named_odds", "lower, 1.0", "evidence lowers no threshold"),
        ("upper, policy.unnamed_odds", "upper, 1.0", "no evidence raises no threshold"),
        ("at_odds(upper,", "at_odds(lower,", "six times the lower threshold is far above"),
        ("len(set(families))", "len(families)", "two prices are two findings"),
        ("thin and not situation.evidence", "thin", "a title with a finding is thin"),
        ("situation.seller_known_days, situation", "None, situation", "all sellers are new"),
        ("situation.seller_judged, policy", "0, policy", "judged sellers are new"),
        ("AskingState.USED_UP", "AskingState.USED_UP if False", "no daily limit of questions"),
    ),
    "models/strikes.py": (("by_kind[hit.kind", "by_kind[ReasonCode.DESIGN", "all kinds are one incident"),),
    "models/thresholds.py": (
        ("recall=float(right / labels.sum())", "recall=float(right / flagged)", "precision reported as recall"),
        ("right / flagged", "right / labels.sum()", "recall reported as precision"),
        ("flagged_sellers=len(chosen.flagged)", "flagged_sellers=int(flagged)", "listings counted as sellers"),
        (", policy.most_right_listings)", ", 1e9)", "no cap"),
        (", policy.most_right_listings)", ", 1.0)", "sellers count one each"),
        ("-odds * policy.most_wrong_listings", "-1e9", "no cap on losses"),
        ("min(total, in_full.sum())", "total", "a capped loss hides that the target is missed already"),
        ("min(total, in_full.sum()) <=", "-1e9 >=", "more sellers help a market below the target"),
        ("reserve * 2", "2", "a lucky sample is promised"),
        ("len(self.flagged)", "int(self.flagged.sum())", "listings count as independent"),
        ("np.argsort(-scores", "np.argsort(scores", "the lowest scores first"),
        (
            "np.searchsorted(ends, listing_counts)",
            "np.searchsorted(ends, listing_counts[:1])",
            "only one threshold is tried",
        ),
        ("low, high = target, 1.0", "low, high = 1.0, 1.0", "a bound of one"),
        ("/ chosen.flagged", "/ chosen.flagged.mean()", "sellers are weighted"),
        ("if math.isinf(growth)", "if growth < 0", "needed sellers where none would help"),
    ),
    "models/forest.py": (("math.nextafter(threshold, math.inf)", "threshold", "nothing just above"),),
    "models/tree_shares.py": (
        ("edges.get(column, (_NONE, 1.0))", "_NONE, 1.0", "one opening for each split"),
        ("<= MOST_SPLITS", "<= MOST_SPLITS + 1", "trees of seven splits both looked up and traversed"),
    ),
    "models/treetext.py": (
        (' "feature_infos")', ")", "ranges of more columns"),
        ('feature_names", "feature_infos")', 'feature_infos",)', "names of more columns"),
        ('internal_weight", "shrinkage', "shrinkage", "unread inner weights"),
        ("if not _TAIL.match(text, at):", 'if not text.startswith("end of trees\\n", at):', "any trailing text"),
    ),
    "models/verdict.py": (
        (
            "PASS_ON, Outcome.NONE, CaseLane.ANALYST, reasons",
            "DECIDE, Outcome.NONE, None, reasons",
            "the case is closed",
        ),
    ),
    "models/workload.py": (
        ("scores[teams == team])[::-1]", "scores)[::-1]", "a team reviews everybody's listings"),
        ("float(own[last])", "float(own[0])", "the top score is the threshold"),
    ),
    "serving/brands/rules/attention.py": (("-len(reasons)", "len(reasons)", "fewer reasons are more urgent"),),
    "serving/brands/service/alias_decisions.py": (
        ("without=own", "without=()", "a manager accepts what their own corrections produced"),
        (
            "accounts_of_same_person(context.roots, {context.person.user_id})",
            "{context.person.user_id}",
            "puppets count",
        ),
    ),
    "serving/accounts/rules/access.py": (
        (".ANSWER_QUESTIONS", ".ANSWER_QUESTIONS, Permission.PROMOTE_MODELS", "a brand promotes"),
    ),
    "serving/accounts/rules/second_person.py": (
        ("ours.isdisjoint(theirs)", "ours != theirs", "a reset account is independent of its resetter"),
        ("first.setdefault(roots", "first.__setitem__(roots", "of equally many the latest"),
    ),
    "serving/accounts/rules/staffing.py": (
        (".role, grant.marketplace_id, grant.brand_id", "", "lead rights are part of the key"),
    ),
    "serving/accounts/store/invitations.py": (
        ("return invitation.c.used_at.is_(None), ", "return ", "a link works twice"),
        ("invitation.c.withdrawn_at.is_(None), ", "", "a withdrawn link works"),
        (", invitation.c.expires_at > at", "", "a link never expires"),
    ),
    "serving/accounts/store/reset_links.py": (
        ("return reset_link.c.used_at.is_(None), ", "return ", "a link works twice"),
        ("reset_link.c.ended_at.is_(None), ", "", "a link that was ended works"),
        (", reset_link.c.expires_at > at", "", "a link never expires"),
        ("where(reset_link.c.user_id == user_id, *_unused_conditions", "where(*_unused_conditions", "all links end"),
    ),
    "serving/accounts/service/passwords.py": (
        ("people.end_sessions(connection, user_id, but=staying)", "0", "sessions stay"),
    ),
    "serving/appeals/rules/appeals.py": (
        ("    (AppealState.UPHELD, AppealEvent.REOPEN): AppealState.OPEN,\n", "", "a decision cannot be reopened"),
    ),
    "serving/appeals/rules/counter_notice.py": (
        ("_S.LAPSED: frozenset({_E.APPEAL})", "_S.LAPSED: frozenset()", "no appeal after a missed deadline"),
    ),
    "serving/appeals/service/complaint_case.py": (
        ('"lane": complaint_heard.lane.value', '"lane": CaseLane.ANALYST.value', "the first reviewer decides again"),
    ),
    "serving/audit/rules/chain.py": (
        ("gone.difference(erased", "set(", "payloads may vanish"),
        ("elif audit_entry.act == ERASURE:", "else:", "any entry may declare an erasure"),
    ),
    "serving/brands/rules/alias_proposals.py": (
        ("elif correction.user_id not in without:", "else:", "the manager's own corrections count"),
    ),
    "serving/brands/service/brand_messages.py": (
        (":\n            raise", " * 9:\n            raise", "no hourly limit"),
    ),
    "serving/brands/store/aliases.py": (
        ("            row.decided_at <= as_of,\n", "", "an alias was known before it was accepted"),
    ),
    "serving/brands/store/price_lists.py": (
        (
            "            inside(brand_list_price, marketplace_id),\n",
            "",
            "the lists of all marketplaces are compared with",
        ),
        (
            "inside(brand_list_price, pair[0], brand_id=pair[1])",
            "brand_list_price.c.brand_id == pair[1]",
            "one list for all",
        ),
    ),
    "serving/cases/store/chosen.py": (
        (
            "or_(review_case.c.opened_by.is_not(None), review_case.c.report_id.is_not(None)",
            "review_case.c.opened_by.is_not(None",
            "a reported listing is weighted as if it had been drawn",
        ),
        ("as_of, ~looked_at", "as_of", "a drawn listing loses its probability when it is reported"),
    ),
    "serving/listings/matching.py": (("<= policy.most_steps", "<= 4", "distant links count"),),
    "serving/listings/service/batch_scoring.py": (
        (
            "max(0, self.remaining[brand_id] - 1)",
            "self.remaining[brand_id]",
            "earlier rows of a batch use up no question",
        ),
    ),
    "serving/listings/service/intake_rows.py": (
        ("reference_keys(step.listing, facts.resolved)", "reference_keys(step.listing, facts.brand)", "prices move"),
        ("protected=facts.resolved", "protected=facts.brand", "a seller's other listings move"),
        ("hour=0, minute=0,", "minute=0,", "a day of an hour"),
        ("max(0, limit - question_counts.get(brand_id, 0))", "limit", "today's questions are ignored"),
    ),
    "serving/learning/rules/promotion.py": (
        ("for vote in votes[:at])", "for vote in votes[at:])", "the first may be the blind one"),
        (
            "counted.setdefault(approval.by, approval)",
            "counted.setdefault(approval.by + str(len(counted)), approval)",
            "counted twice",
        ),
        ("counted).difference(approval.by for approval in apart", "", "a doubled approver approves again"),
        ("policy.approvals_needed - len", "policy.approvals_needed - 1 - len", "one person is enough"),
    ),
    "serving/learning/rules/retraining.py": (
        (
            "max(shares, key=lambda group: shares[group])",
            "next(iter(shares))",
            "the first class instead of the one with the largest share",
        ),
        ("(Wait.UNDER_WAY, situation.under_way)", "(Wait.UNDER_WAY, False)", "two trainings at once"),
        ("for reason, holds in (*waits, *due)", "for reason, holds in (*due, *waits)", "a cause before an obstacle"),
    ),
    "serving/learning/service/labelling.py": (
        ("version.appeal", "None", "appeals are ignored"),
        ("appeal_verdict=decision,", "appeal_verdict=None,", "the appeal's verdict is lost"),
        ("and (proof := proof_of(version, label)):", "and (proof := proof_of(version, label) or (0,)):", "unproven"),
        ('=row["lane"]', '="analyst"', "the audit lane is lost"),
        ('row["inclusion_probability"]', "1.0", "certain to be shown"),
        ("rows_apart_from(rows, golden_set, clusters)", "rows", "the golden set is in training"),
        ("golden_set, clusters", "golden_set, {}", "accounts linked with the golden set"),
        ("seller_cluster=cluster", 'seller_cluster=row["seller_external_id"]', "linked sellers are unseen sellers"),
        (
            "verdict.reported for verdict in version.verdicts",
            "False for verdict in version.verdicts",
            "no label is reported",
        ),
        ("        reported=reported,\n", "", "snapshots do not tell"),
    ),
    "serving/learning/service/promote.py": (
        ("gates_not_passed(model))", "())", "overriding a gate needs no reason"),
        ("=_champion(connection, marketplace_id)", "=None", "the champion is ignored"),
        ("gates_not_passed(model),", "(),", "approvals without the reason count"),
        ("marketplaces(Permission.PROMOTE_MODELS", "marketplaces(Permission.SEE_MODELS", "the right to see is enough"),
        ("approvals.mark_used(", "used.clear()\n    approvals.use(", "used approvals count again"),
        ("digest, by, now", 'digest, "user:nobody", now', "the promoter is not recorded"),
    ),
    "serving/learning/service/second_reviews.py": (
        ('"lane": CaseLane.SECOND_REVIEW.value', '"lane": CaseLane.ANALYST.value', "the second review is not blind"),
    ),
    "serving/learning/service/trial.py": (
        ("trial.digest), share, by", "trial.digest), 0.0, by", "a larger share without approvals"),
        (
            "return frozenset(approval.by for approval in counted)",
            'return frozenset({"a"})',
            "recorded approvals are lost",
        ),
    ),
    "serving/learning/store/verdict_history.py": (
        (
            "or_(removal_approval.c.settled_at.is_(None), removal_approval.c.settled_at > as_of",
            "removal_approval.c.settled_at.is_(None",
            "removals approved later are labels",
        ),
    ),
    "serving/notices/rules/notice_counts.py": (("None,\n        ", "0.0,\n        ", "an empty share is zero"),),
    "serving/notices/rules/notices.py": (
        (
            "return QueuePlace(_TRUSTED + capped",
            "return QueuePlace(_GOOD_STANDING + capped",
            "trusted flaggers are not first",
        ),
    ),
    "serving/notices/service/admission.py": (
        ("            refused = error", "            raise", "a refusal counts for no network"),
    ),
    "serving/notices/service/notice_complaints.py": (
        ("_has_brand_answered(connection, before)", "False", "the brand that decided is asked again"),
    ),
    "serving/operations/service/breaker.py": (
        (">= timedelta(minutes=policy.check_minutes)", ">= timedelta(0)", "checked without a pause"),
    ),
    "serving/platform/deadlines.py": (
        ("timedelta(hours=14", "timedelta(0", "short in the east"),
        ("_LAST_TO_END: Final = timedelta(hours=12)", "_LAST_TO_END: Final = timedelta(0)", "too short in the west"),
        ("min(day.day, monthrange(year, month)[1])", "min(day.day, 28)", "months of 28 days"),
    ),
    "serving/privacy/rules/erasure.py": (
        ("any(names_seller(part, seller) for part in document.values())", "False", "nested objects are ignored"),
        ("any(names_seller(part, seller) for part in document)", "False", "lists are ignored"),
    ),
    "serving/reports/rules/attachments.py": (
        ("most = policy.most_documents", "most = policy.most_documents + 1", "one document too many"),
        ("ordered_on, today", "ordered_on, record.ordered_on", "ordered in the future"),
        ("(record.ordered_on, record.received_on,", "(record.received_on, record.received_on,", "received first"),
    ),
    "serving/reports/rules/outcomes.py": (
        ("        return False", "        pass", "asked by each report"),
        ('.partition("#")[0]', "", "a fragment makes another listing"),
        ("host.lower()", "host", "a host has a case"),
        ('.rstrip("/")', "", "a slash at the end makes another listing"),
    ),
    "serving/reports/store/report_documents.py": (
        ('"user_id": self.user_id, ', "", "a draft is everybody's"),
        ("report_document.c.draft_key.is_not(None), report", "report", "documents that were sent are deleted"),
    ),
    "serving/cases/service/removal_stops.py": (
        ("people.end_sessions(connection, remover.user_id)", "0", "the thief stays signed in"),
    ),
    "serving/cases/service/undoing.py": (
        ("strike_recording.restore_strike", "", "an undone overturn does not restore the strike"),
    ),
    "serving/brands/service/brand_file.py": (
        ("return AGENT if mandates", "return None if mandates", "an agent sets its own limits"),
    ),
    "serving/brands/service/rights_copies.py": (
        (
            'stored_right.document,\n        "begins_at',
            'None,\n        "begins_at',
            "a right arrives without its document",
        ),
        ("mandate.expires_at", "mandate.expires_at.replace(year=2999)", "a copy lasts longer"),
        ("right_id, brand_id=pair[1", "right_id, to=other[0", "a log names the other marketplace"),
    ),
    "serving/brands/service/rights_sharing.py": (
        ("require_lead(connection, person, pair)", 'f"user:{person.user_id}"', "lead rights there are enough"),
    ),
    "serving/brands/store/mandates.py": (
        (
            "conditions = belongs_to(power_of_attorney, pair), power.",
            "conditions = power.",
            "a power of attorney is ended elsewhere",
        ),
        (
            "conditions = belongs_to(power_of_attorney, pair), power_of",
            "conditions = power_of",
            "a power of attorney is voided elsewhere",
        ),
    ),
    "serving/brands/store/rights.py": (
        ("return inside(table, pair[0], brand_id=pair[1])", "return table.c.brand_id == pair[1]", "by brand alone"),
        ("belongs_to(brand_right, pair), ", "", "a right of another marketplace is found by its id"),
        (
            "inside(brand_right, pair[0], brand_id=pair[1]",
            "(brand_right.c.brand_id == pair[1]) & inside(brand_right, brand_right.c.marketplace_id",
            "a right is on file once for all marketplaces",
        ),
    ),
    "serving/scoring/rules/trial.py": (
        ('f"{trial_id} {seller}"', 'f"{seller}"', "every trial has the same sellers"),
        ('f"{trial_id} {seller}"', 'f"{trial_id} {seller} {share}"', "sellers change when the share grows"),
        ("if share > 0 and missing:", "if share > 0 and missing > 1:", "one is enough to decide"),
        ("frozenset({Lane.ANALYST, Lane.ASK_BRAND})", "frozenset(Lane)", "an audit sample is flagged"),
        ("(True, False), (False, True), (False", "(False, True), (True, False), (False", "the models are exchanged"),
        ("labels.count(False", "len(labels) - labels.count(True", "unknown counts as genuine"),
    ),
    "serving/scoring/service/scoring.py": (
        ("[questions_left[brand_id] :]", "[questions_left[brand_id] + 1 :]", "one question more than a day holds"),
    ),
    "serving/scoring/store/history_queries.py": (
        ("            ~is_still_pending(),\n", "", "pending removals count against the seller"),
    ),
    "serving/sellers/rules/links.py": (
        (
            "at, self.as_of):\n                sharers = c",
            "at, datetime.max.replace(tzinfo=self.as_of.tzinfo)):\n                sharers = c",
            "own",
        ),
        ("tuple(sorted(new_sellers))", "()", "only direct links count"),
        ("self._parents[max(roots)] = min(roots)", "self._parents[other] = seller", "components are not joined"),
    ),
    "serving/sellers/service/sanction_steps.py": (
        ("withdraw_sanction(\n                runtime", "(\n                runtime", "linked accounts stay closed"),
    ),
    "serving/sellers/service/seller_listing.py": (
        ("(seller, *linked_names(links, policy))", "(seller,)", "linked sellers are not denied"),
    ),
    "serving/sellers/service/strike_recording.py": (
        ("weight, ground.known_at)", "weight, at)", "a strike as of the approval"),
        ("sanctioning.end_after_void", "", "the sanction is not reduced"),
        ("        sanctioning.propose_after_strike", "        ", "the sanction is not raised"),
    ),
    "serving/standing/rules/audits.py": (
        ("max(policy.least_audit_share, share)", "share", "a record that is never audited again"),
        ("counted.wrong + 1", "counted.wrong", "no room for one mistake"),
    ),
    "serving/standing/rules/bounds.py": (
        ("(1 - Fraction(confidence))", "Fraction(confidence)", "nothing needs proof"),
        ("range(min(wrong, audited) + 1)", "range(min(wrong, audited))", "one mistake too many"),
    ),
    "serving/standing/rules/record.py": (
        ("if self.evidence is Evidence.LISTING:", "if False:", "judged from the listing alone"),
        ("silent_clusters.count(None)", "len(silent_clusters)", "undefended ones count as overturned"),
        ("len({*silent_clusters} - {None})", "len(silent_clusters)", "linked sellers count often"),
        ("after < audit.at <= until", "audit.at <= until", "audits of any age"),
    ),
    "serving/standing/rules/reminders.py": (
        ("REMINDED: (escalated, reminded)", "REMINDED: (now, reminded)", "a reminder beside the escalation"),
        ("ESCALATED: (now, escalated)", "ESCALATED: (now, reminded)", "the manager gets all reminders"),
        ("now, escalated", "now - timedelta(days=1), escalated", "past ones are escalated"),
    ),
    "serving/standing/rules/standing.py": (
        ("for scope in (overall, *by_reason)):", "for scope in (overall,)):", "by one reason code only"),
        ("kept_level.since >= look or ", "", "two levels at one look"),
        (
            "after=look - timedelta(days=policy.audit_days), until=look",
            "after=look - timedelta(days=999), until=look",
            "old audits",
        ),
        ("return above if proven else level_before", "return above", "everybody rises"),
    ),
    "serving/standing/store/standings.py": (
        ("        ~was_pending(),\n", "", "pending removals count as removed at once"),
    ),
    "serving/takedowns/rules/approval.py": (
        (
            "_independent_votes(agreeing, bearing, roots)\n",
            "list(agreeing)\n",
            "an account that counts as the confirmer's counts",
        ),
        ("list(bearing.confirmed_by)", "[]", "the confirmer is not compared"),
        (
            "_independent_votes(agreeing, bearing, roots), _independent_votes",
            "agreeing, _independent_votes",
            "an approval left out makes others able",
        ),
        ("_independent_votes(others, bearing, roots)", "others", "the confirmer's guests are able"),
        ("bool(bearing.causes & BURSTS)", "bearing.causes == BURSTS", "all bursts are needed"),
        ("bool(bearing.causes & BURSTS)", "bearing.causes <= BURSTS", "a large shop lowers the bar"),
        (" vote in votes}", " vote in reversed(votes)}", "the first vote counts"),
    ),
    "serving/takedowns/rules/budgets.py": (
        ("median_low(numbers)", "max(numbers)", "one day raises the day"),
        ("    elif not spending.stepped_up:", "    else:", "a step-up meets the person's budget"),
    ),
    "serving/takedowns/rules/bursts.py": (
        ("min(most, max(least, int(policy.times_usual * pace.busiest_hour)))", "least", "history is ignored"),
    ),
    "serving/takedowns/rules/removal_check.py": (
        ("NextLook(state", "NextLook(CheckState.STILL_SHOWN", "no answer is still shown"),
    ),
    "serving/takedowns/service/pending_approval.py": (
        ("accounts_of_same_person(roots, {request.user_id})", "{request.user_id}", "guests of a lead double the cap"),
    ),
    "serving/takedowns/store/budgets.py": (
        ("        ~OVERTURNED,\n", "", "overturned removals raise a record"),
        ("            removal_approval.c.action_id.is_(None),\n", "", "pending removals count"),
        ("number(of_brand, today)", "number(of_brand)", "a brand's day never ends"),
    ),
    "serving/webhooks/rules/delivery.py": (
        ("failures - policy.rest_after_failures", "failures - 1", "one lost answer pauses the receiver"),
    ),
    "training/fit/weighting.py": (
        ("met.setdefault((clusters[row], key), [])", "met.setdefault((None, key), [])", "copies across sellers"),
        ("return [text]\n", 'return [""]\n', "all short texts are one"),
        ("min(ours, theirs)", "groups[max(ours, theirs)]", "near texts are not joined"),
        ("skeleton(text_of(row_facts.listing)", "text_of(row_facts.listing", "not folded"),
        (
            "max(sufficient_bounds, default=1.0))",
            "max(sufficient_bounds, default=weights.max()))",
            "not trimmed if no bound is enough",
        ),
        ("np.minimum(weights[positive], bound)", "np.minimum(weights, bound)", "the genuine decide the bound"),
        ("np.array([row.weight for row in rows]) *", "1.0 *", "the label's own weight is forgotten"),
        ("[row.seller_cluster for row in rows])", "[None for _ in rows])", "copies of different sellers are one"),
        ("values = cap_weights(shared, caps)", "values = shared", "no caps"),
        ("[np.flatnonzero(ordered <= caps)[0]]", "[0]", "only the largest group is capped"),
        ("capped_weights[self.rows] *=", "capped_weights[: len(self.rows)] *=", "other rows are capped"),
        ("tuple(sorted(row.sources))", "row.sources[0]", "two who agree count as the first"),
        ('row.seller_cluster or f"\\0{i}"', 'row.seller_cluster or ""', "all unknown sellers are one"),
        ("for label in (1, 0)]", "for label in (1,)]", "the genuine are not capped"),
        ("[np.flatnonzero(labels == label) for label in (1, 0)]", "[np.arange(len(labels))]", "classes share a cap"),
        ('seller", sellers), ("source", sources', 'source", sources), ("seller", sellers', "sources first"),
        ("weights = part", "part", "nothing is capped"),
    ),
    "training/fit/phrases.py": (
        ("1.0, _counterfeit_share(around_sellers))", "1.0, 0.0)", "lift without sellers"),
        ("+ SUPPORT * shares", "+ 0 * shares", "narrow cells without smoothing"),
        ("(sellers[:, _LISTINGS] >= FEWEST_SELLERS)", "(sellers[:, _LISTINGS] >= 1)", "a shop's own phrase"),
    ),
    "training/gates/gate.py": (
        (" blocks=blocks", " blocks=False", "an unjudged gate never blocks"),
        ('("parts", ()) if part["blocks"]]', '("parts", ()) if part["passed"]]', "the passed parts are listed"),
    ),
    "training/gates/gates.py": (
        ("shown = low > policy", "shown = high > policy", "an uncertain loss counts as certain"),
        ("min(low, comparison.counted_once)", "low", "a few heavy rows decide"),
    ),
    "training/gates/golden.py": (
        ("key=lambda golden_item: golden_item.version_id", "key=lambda golden_item: 0", "the order changes the digest"),
    ),
    "training/gates/golden_gate.py": (
        ("IncumbentScorer(shipped, incumbent.threads)", "incumbent", "the champion twice"),
        ("incumbent.scores(computed", "np.zeros(len(labels)", "compared with zeros"),
        (">= policy.golden_slice_rows}", ">= 1}", "the smallest slices block a model"),
        ("bound=parts[0].bound", "bound=None", "no bound is reported"),
    ),
    "training/gates/incumbent.py": (
        ("analyst_from_points if", "audit_least_share if", "another threshold for the scorecard"),
    ),
    "training/evaluate/judging.py": (
        ("int(self.labels[drawn].sum())", "int(self.labels.sum())", "all counterfeits count as sampled"),
        ("np.average(self.labels, weights=self.stands_for)", "np.average(self.labels)", "the unweighted prevalence"),
        (
            "            fit = time_fold.fit",
            "            fit = np.arange(len(trial.labels))",
            "the judged rows are fitted",
        ),
        (
            "            fit = time_fold",
            "            fit = trial.split.time_folds[0]",
            "all time folds have the fit of the first",
        ),
        ("rows] == number", "rows] == self.time_fold[rows]", "the last model scores all listings"),
        ("figures(labels, bare)", "figures(labels, 1 - bare)", "text and price inverted"),
        ("(labels, theirs)", "(labels, ours)", "the candidate's curve under the champion's name"),
        ("        champion_learnt=learnt,", "        champion_learnt=0,", "the gates do not know what it learnt"),
        ("average_precision(labels, ours, counted)", "average_precision(labels, ours)", "unweighted"),
        ("counted[labels == 1]", "counted", "genuine rows count"),
        ("        refuse_too_few(trial.labels", "        print(trial.labels", "fitted on too few rows"),
    ),
    "training/gates/replay_gate.py": (
        ("replayed.effective < enough or", "replayed.listings < enough or", "a few heavy listings are many"),
    ),
    "training/gates/slice_gate.py": (
        ("part.rows >= policy.slice_rows", "part.rows >= 0", "the smallest slices block a model"),
        ("np.quantile(known, 1 - confidence)", "np.median(known)", "the median in place of the lower end"),
        ("figures(scored.weights[None, :])", "figures(np.ones((1, len(scored.labels))))", "the whole is unweighted"),
        ("np.stack([self._share(genuine, flags)", "np.stack([self._share(fakes, flags)", "alarms among counterfeits"),
        ("np.argsort(-scores[genuine]", "np.argsort(scores[genuine]", "the threshold from the lowest scores"),
        ("weights[:, genuine][:, order]", "weights[:, genuine]", "weights of other rows"),
    ),
    "training/snapshots/snapshot.py": (
        ("{*table.column_names, *_ADDED}", "set(table.column_names)", "older snapshots cannot be read"),
    ),
    "training/snapshots/soundness.py": (
        ('(1, "counterfeit"), (0, "genuine")', '(1, "counterfeit"),', "the genuine may be of one seller"),
        ("len({row.facts for row in rows})", "len({row.version_id for row in rows})", "copies under other ids"),
        (" (known.astype(np.float64), np.full(len(labels), True))", "", "missing"),
        ("[rows], column[rows]", ", column", "missing rows are judged"),
        ("                break\n", "", "one column is named twice"),
    ),
    "training/evaluate/splits.py": (
        ("or ripe <= champion_as_of", "or t <= champion_as_of", "labels are known before they are mature"),
        ("[labels[fair.judge] == 1]", "", "genuine rows are counterfeits"),
        ("known = set(groups[early].tolist())", "known = set[int]()", "sellers known before are judged"),
        ("len(later) * k // time_folds]", "len(later) * k // (time_folds + 1)]", "the last time fold is longer"),
        ("key=lambda i: (times[i], i)", "key=lambda i: i", "rows in file order"),
    ),
    "training/evaluate/suspects.py": (
        ("genuine, counterfeit", "counterfeit, genuine", "own class's mean"),
        ("np.argsort(-of_other[doubtful_rows]", "np.argsort(of_other[doubtful_rows]", "the least doubtful first"),
    ),
    "training/gates/upheld.py": (
        ("shown = ours >= candidate.shown", "shown = ours >= incumbent.shown", "the champion's threshold is used"),
        ("rows[chosen[i]].version_id", "rows[i].version_id", "another version is named"),
        ("rows[i].matured_at", "rows[0].matured_at", "the first row decides for all"),
        ("policy.upheld_regressions + ev", "1 + ev", "one regression passes"),
        ("        float(regressed),", "        0.0,", "the figure is not the count"),
        ("[:_MOST_NAMED]", "", "no limit of named versions"),
    ),
}


def mutants_by_hand(module: str) -> list[Mutant]:
    """The mutants of the module.

    Raises ValueError (a row's text does not stand in the module exactly once).
    """
    source = Path(module).read_bytes()
    mutants = list[Mutant]()
    for old, new, why in _ROWS.get(module, ()):
        before, text, after = source.partition(old.encode())
        if not text or text in after:
            raise ValueError(f"{module}: {why}: {old!r} does not stand there exactly once")
        start, end = len(before), len(before) + len(text)
        mutants.append(Mutant(module, before.count(b"\n") + 1, why, old, new, start, end))
    return mutants
