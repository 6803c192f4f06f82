"""Every form, by the template that writes it, and the journey in which a user sends it without script.

A form that is added is put here; the test of its journey then holds that it was sent.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.browser.chromium import Watch

_TEMPLATES: Final = Path(__file__).parents[2] / "serving" / "web" / "templates"
_STATEMENT: Final = r'"((?:\{\{.*?\}\}|[^"])*)"'
_FORM: Final = re.compile(r"<form\b((?:\s*\{%.*?%\}|\s+[\w-]+=" + _STATEMENT + r")*)\s*>")
_METHOD: Final = re.compile(r"method=" + _STATEMENT)
_ACTION: Final = re.compile(r"action=" + _STATEMENT)
_VALUE: Final = re.compile(r"\{\{.*?\}\}")

# The tests of these names cover each journey; all but the first few are part of `make soak`.
QUEUE: Final = "test_review_queue.test_the_queue_works_without_script"
ANSWER: Final = "test_pages.test_pages_work_without_script_and_show_nothing_that_needs_it"
PORTAL: Final = "test_brand.test_a_brand_keeps_its_file_and_writes_and_its_manager_reads_verifies_and_answers"
SELLER: Final = "test_brand.test_a_seller_answers_a_removal_from_its_link"
NOTIFIER: Final = "test_brand.test_what_is_refused_says_why_and_keeps_what_was_typed"
OPERATOR: Final = "test_operations.test_an_administrator_goes_from_what_is_not_well_to_who_did_what"
NEW_SELLER: Final = "test_people.test_a_user_is_invited_onboarded_and_deactivated"
FORGETFUL: Final = "test_people.test_who_forgot_their_password_chooses_another_without_script"
CASE: Final = "test_every_form.test_cases_are_snoozed_noted_on_and_decided_together"
OWN_WORK: Final = "test_every_form.test_an_analyst_uses_filters_settings_and_onboarding"
BRAND: Final = "test_every_form.test_a_brand_answers_confirms_and_undoes"
FILE: Final = "test_every_form.test_who_leads_a_brand_changes_its_file"
SHARING: Final = "test_sharing.test_a_lead_shares_what_is_on_file_with_another_marketplace"
MANAGER: Final = "test_every_form.test_an_account_manager_changes_how_a_brand_is_asked"
SELLERS: Final = "test_every_form.test_two_organisations_decide_about_sellers_and_pending_removals"
SCIENTISTS: Final = "test_every_form.test_two_data_scientists_try_promote_and_roll_back"
ADMINISTRATOR: Final = "test_every_form.test_an_administrator_changes_who_may_what"
UPLOADER: Final = "test_every_form.test_an_administrator_uploads_a_file_and_corrects_its_columns"
RECEIVERS: Final = "test_every_form.test_an_administrator_sends_again_and_changes_the_receiver"
FOUNDER: Final = "test_every_form.test_a_marketplace_is_founded_and_a_notifier_complains"
FACTOR: Final = "test_every_form.test_somebody_adds_uses_and_removes_a_second_factor"
# A passkey needs script, a large report a factor of a day, and a signing key a factor: tests of their pages send these
# by HTTP.
BY_HTTP: Final = ""


@dataclass(frozen=True, slots=True)
class OneForm:
    """A form: its template, its route, and its journey; `by` identifies it by its fields among several."""

    template: str
    route: str
    journey: str
    by: str = ""

    def was_sent(self, watch: Watch) -> bool:
        """Whether a window has sent it."""
        method, _, path = self.route.partition(" ")
        pattern = re.sub(r"\\{\w+\\}", "[^/?]+", re.escape(path)) + r"(?:\?.*)?"
        return any(
            request.method == method and re.fullmatch(pattern, request.path) and self.by in request.path + request.body
            for request in watch.sent
        )


FORMS: Final = (
    OneForm("audit.html", "GET /operations/audit", OPERATOR, "newest="),
    OneForm("audit.html", "GET /operations/audit", OPERATOR, "act="),
    OneForm("base.html", "GET /search", QUEUE),
    OneForm("base.html", "POST /settings/quick", ANSWER, "theme="),
    OneForm("base.html", "POST /sign-out", OWN_WORK),
    OneForm("brand.html", "POST /cases/{case_id}/verdict", BRAND),
    OneForm("brand_enrolment.html", "POST /brands/new", MANAGER),
    OneForm("brand_indicators.html", "POST /brand/indicators/{indicator_id}/end", FILE),
    OneForm("brand_indicators.html", "POST /brand/indicators", FILE),
    OneForm("brand_limits.html", "GET /brand/limits", BY_HTTP),
    OneForm("brand_people.html", "POST /brand/people/{user_id}/reset-link", FILE),
    OneForm("brand_people.html", "POST /brand/people/{user_id}/remove", FILE),
    OneForm("brand_people.html", "POST /brand/people/invitations/{invitation_id}/withdraw", FILE),
    OneForm("brand_people.html", "POST /brand/agents/{mandate_id}/end", FILE),
    OneForm("brand_people.html", "POST /brand/agents/{mandate_id}/share", SHARING),
    OneForm("brand_people.html", "POST /brand/people/invitations", FILE),
    OneForm("brand_people.html", "POST /brand/agents", FILE),
    OneForm("brand_prices.html", "POST /brand/prices", PORTAL),
    OneForm("brand_prices.html", "POST /brand/prices/share", SHARING),
    OneForm("brand_prices.html", "GET /brand/prices", FILE, "naming="),
    OneForm("brand_prices.html", "POST /brand/prices/preview", PORTAL),
    OneForm("brand_report.html", "POST /brand/reports", BRAND),
    OneForm("brand_report.html", "GET /brand/reports", BRAND, "q="),
    OneForm("brand_report.html", "POST /brand/reports/preview", BRAND),
    OneForm("brand_report_state.html", "POST /brand/reports/{report_id}/stop", BY_HTTP),
    OneForm("brand_report_state.html", "POST /brand/reports/{report_id}/step-up", BY_HTTP),
    OneForm("brand_report_state.html", "POST /brand/reports/{report_id}/send", BY_HTTP),
    OneForm("brand_report_state.html", "POST /brand/reports/{report_id}/release", BY_HTTP),
    OneForm("brand_report_state.html", "POST /brand/reports/{report_id}/withdraw", BRAND),
    OneForm("brand_rights.html", "POST /brand/rights/{right_id}/withdraw", FILE),
    OneForm("brand_rights.html", "POST /brand/rights/{right_id}/share", SHARING),
    OneForm("brand_rights.html", "POST /brand/documents/{digest}/share", SHARING),
    OneForm("brand_rights.html", "POST /brand/documents", FILE),
    OneForm("brand_rights.html", "POST /brand/rights", PORTAL),
    OneForm("brand_sellers.html", "POST /brand/sellers", PORTAL, "whole="),
    OneForm("brand_sellers.html", "POST /brand/sellers/remove", FILE),
    OneForm("brand_sellers.html", "POST /brand/sellers", FILE, "rows="),
    OneForm("brand_sellers.html", "POST /brand/sellers/preview", PORTAL),
    OneForm("brand_service_accounts.html", "POST /brand/service-accounts/{account_id}/keys/{key_id}/revoke", FILE),
    OneForm("brand_service_accounts.html", "POST /brand/service-accounts/{account_id}/keys", BY_HTTP),
    OneForm("brand_service_accounts.html", "POST /brand/service-accounts/{account_id}/people", FILE),
    OneForm("brand_service_accounts.html", "POST /brand/service-accounts/{account_id}/callback", BY_HTTP),
    OneForm("brand_service_accounts.html", "POST /brand/service-accounts/{account_id}/end", FILE),
    OneForm("brand_service_accounts.html", "POST /brand/service-accounts", BY_HTTP),
    OneForm("bulk.html", "POST /cases/bulk", CASE),
    OneForm("bulk_answer.html", "POST /cases/bulk/{bulk_id}/undo", CASE),
    OneForm("case.html", "POST /cases/{case_id}/resume", CASE),
    OneForm("case.html", "POST /cases/{case_id}/notices/{notice_id}/invalid", CASE),
    OneForm("case.html", "GET /cases/{case_id}", CASE, "from="),
    OneForm("case.html", "POST /cases/{case_id}/verdict", ANSWER),
    OneForm("case.html", "POST /cases/{case_id}/undo", CASE),
    OneForm("certification.html", "POST /brand/certification", BRAND),
    OneForm("confirm_factor.html", "POST /confirm-factor/{link}", FACTOR),
    OneForm("counter_notices.html", "POST /counter-notices/{counter_notice_id}", BRAND),
    OneForm("deliveries.html", "POST /operations/deliveries/replay", RECEIVERS),
    OneForm("deliveries.html", "POST /operations/deliveries/replay", RECEIVERS, "action_id="),
    OneForm("help.html", "POST /help/onboarding/{role}/again", OWN_WORK),
    OneForm("join.html", "POST /join/{token}/accept", ADMINISTRATOR),
    OneForm("join.html", "POST /join/{token}", NEW_SELLER),
    OneForm("keys.html", "POST /keys/{key_id}/revoke", ADMINISTRATOR),
    OneForm("keys.html", "POST /keys", ADMINISTRATOR),
    OneForm("kill_switches.html", "POST /kill-switches/{rule}", ADMINISTRATOR),
    OneForm("listing.html", "POST /listings/{listing_id}/case", OWN_WORK),
    OneForm("listing_file.html", "POST /files/{file_id}", UPLOADER),
    OneForm("listing_file_form.html", "POST /files", UPLOADER),
    OneForm("manager_brand.html", "POST /brands/{brand_id}/reports/{report_id}/release", BY_HTTP),
    OneForm("manager_brand.html", "POST /brands/{brand_id}/reports/{report_id}/stop", BY_HTTP),
    OneForm("manager_brand.html", "POST /brands/{brand_id}/rights", PORTAL),
    OneForm("manager_brand.html", "POST /brands/{brand_id}/sellers", BY_HTTP),
    OneForm("manager_brand.html", "POST /brands/{brand_id}/aliases/{proposal_id}", MANAGER),
    OneForm("manager_brand.html", "POST /brands/{brand_id}/enrolment", MANAGER),
    OneForm("manager_brand.html", "POST /brands/{brand_id}/contract", BY_HTTP),
    OneForm("manager_brand.html", "POST /brands/{brand_id}/people/{user_id}", MANAGER),
    OneForm("manager_brand.html", "POST /brands/{brand_id}/invitations", MANAGER),
    OneForm("manager_brand.html", "POST /brands/{brand_id}/note", MANAGER),
    OneForm("manager_brand.html", "POST /brands/{brand_id}/agents/{mandate_id}/void", MANAGER),
    OneForm("models.html", "POST /models/train", SCIENTISTS),
    OneForm("models.html", "POST /models/breaker", SCIENTISTS),
    OneForm("models.html", "POST /models/withdraw", SCIENTISTS),
    OneForm("models.html", "POST /models/promote", SCIENTISTS),
    OneForm("models.html", "POST /models/rollback", SCIENTISTS),
    OneForm("notes.html", "POST /notes/seen", CASE),
    OneForm("notice.html", "POST /notice/{token}", FOUNDER),
    OneForm("notice.html", "POST /notice/{token}/documents", NOTIFIER),
    OneForm("notice_confirmation.html", "POST /notice/confirm/{token}", FOUNDER),
    OneForm("notice_form.html", "POST /notice", NOTIFIER),
    OneForm("operations.html", "POST /operations/breaker", RECEIVERS),
    OneForm("parts/brand_card.html", "POST /cases/{case_id}/brand/undo", CASE),
    OneForm("parts/brand_card.html", "GET /cases/{case_id}", CASE, "find="),
    OneForm("parts/brand_card.html", "POST /cases/{case_id}/brand", CASE),
    OneForm("parts/brand_keys.html", "POST /settings/quick", BRAND, "letter_keys="),
    OneForm("parts/done.html", "POST /cases/{case_id}/undo", BRAND),
    OneForm("parts/drift.html", "POST /models/live/acknowledgements/withdraw", SCIENTISTS),
    OneForm("parts/drift.html", "POST /models/live/acknowledgements", SCIENTISTS),
    OneForm("parts/evidence.html", "POST /brand/{place}/{carrier_id}/documents", BRAND),
    OneForm("parts/evidence.html", "POST /brand/{place}/{carrier_id}/test-buy", BY_HTTP),
    OneForm("parts/keys.html", "POST /settings/quick", CASE, "letter_keys="),
    OneForm("parts/notes_card.html", "POST /cases/{case_id}/notes", CASE),
    OneForm("parts/notes_card.html", "POST /cases/{case_id}/hand-over", CASE),
    OneForm("parts/notes_card.html", "POST /cases/{case_id}/snooze", CASE),
    OneForm("parts/onboarding.html", "POST /help/onboarding/{role}/seen", NEW_SELLER),
    OneForm("parts/thread.html", "POST /brand/messages/{message_id}/erase", FILE),
    OneForm("parts/thread.html", "POST /brand/messages", PORTAL),
    OneForm("parts/thresholds.html", "GET /models", SCIENTISTS),
    OneForm("parts/trial.html", "POST /models/trial", SCIENTISTS),
    OneForm("parts/trial.html", "POST /models/trial/end", SCIENTISTS),
    OneForm("parts/trial.html", "POST /models/trial/start", SCIENTISTS),
    OneForm("parts/undo.html", "POST /cases/{case_id}/undo", ANSWER),
    OneForm("pending_batch.html", "POST /pending-removals/{batch_id}", SELLERS),
    OneForm("people.html", "GET /people", ADMINISTRATOR, "q="),
    OneForm("people.html", "POST /people/invitations", NEW_SELLER),
    OneForm("people.html", "POST /people/invitations/{invitation_id}/withdraw", ADMINISTRATOR),
    OneForm("person.html", "POST /people/{user_id}/roles", ADMINISTRATOR),
    OneForm("person.html", "POST /people/{user_id}/hand-over", ADMINISTRATOR),
    OneForm("person.html", "POST /people/{user_id}/reset-link", FORGETFUL),
    OneForm("person.html", "POST /people/{user_id}/second-factor/reset", BY_HTTP),
    OneForm("person.html", "POST /operations/webhook/disable", RECEIVERS),
    OneForm("person.html", "POST /keys/{key_id}/revoke", ADMINISTRATOR),
    OneForm("person.html", "POST /people/{user_id}/reactivate", ADMINISTRATOR),
    OneForm("person.html", "POST /people/{user_id}/deactivate", NEW_SELLER),
    OneForm("queue.html", "POST /queue/filters", QUEUE),
    OneForm("queue.html", "POST /queue/pause-later", OWN_WORK),
    OneForm("queue.html", "GET /cases/bulk", QUEUE),
    OneForm("queue.html", "GET /queue", QUEUE, "language="),
    OneForm("queue.html", "POST /queue/columns", OWN_WORK),
    OneForm("reset.html", "POST /reset/{token}", FORGETFUL),
    OneForm("runs.html", "POST /models/train", SCIENTISTS),
    OneForm("runs.html", "GET /models/runs/compare", SCIENTISTS),
    OneForm("saved_filters.html", "POST /queue/filters/rename", OWN_WORK),
    OneForm("saved_filters.html", "POST /queue/filters/delete", QUEUE),
    OneForm("search.html", "GET /search", OWN_WORK),
    OneForm("second_factor.html", "POST /settings/second-factor/{factor_id}/remove", FACTOR),
    OneForm("second_factor.html", "POST /settings/second-factor/prove", FACTOR),
    OneForm("second_factor.html", "POST /settings/second-factor/app/confirm", FACTOR),
    OneForm("second_factor.html", "POST /settings/second-factor/passkey", BY_HTTP),
    OneForm("second_factor.html", "POST /settings/second-factor/app", FACTOR),
    OneForm("second_factor.html", "POST /settings/second-factor/recovery-codes", FACTOR),
    OneForm("second_step.html", "POST /sign-in/second-step", FACTOR),
    OneForm("second_step.html", "POST /sign-in/second-step/cancel", FACTOR),
    OneForm("seller.html", "POST /seller/{token}", SELLER, '"statement"'),
    OneForm("seller.html", "POST /seller/{token}/documents", SELLER),
    OneForm("seller.html", "POST /seller/{token}", SELLER, "event=withdraw"),
    OneForm("sellers.html", "POST /sellers/sanctions/{sanction_id}", SELLERS),
    OneForm("sellers.html", "POST /sellers/sanctions/{sanction_id}/lift", SELLERS),
    OneForm("sellers.html", "POST /sellers/lists/remove", SELLERS),
    OneForm("sellers.html", "POST /sellers/lists", SELLERS),
    OneForm("settings.html", "POST /settings", NEW_SELLER),
    OneForm("settings.html", "POST /settings/mails", FILE),
    OneForm("settings.html", "POST /settings/password", OWN_WORK),
    OneForm("settings_list.html", "GET /operations/settings", ADMINISTRATOR, "q="),
    OneForm("setup.html", "POST /setup/{token}", FOUNDER),
    OneForm("sign_in.html", "POST /sign-in", QUEUE),
    OneForm("stop_removals.html", "POST /stop-removals/{token}", BY_HTTP),
    OneForm("stop_report.html", "POST /stop-report/{token}/release", BY_HTTP),
    OneForm("stop_report.html", "POST /stop-report/{token}", BY_HTTP),
    OneForm("stop_report.html", "POST /stop-report/{token}/approve", BY_HTTP),
    OneForm("takedown.html", "POST /brand/takedowns/preview", BRAND),
    OneForm("takedown_preview.html", "POST /brand/takedowns", BRAND),
    OneForm("unsubscribe.html", "POST /mail/unsubscribe/{token}", FOUNDER),
    OneForm("webhook.html", "POST /operations/webhook/wake", OPERATOR),
    OneForm("webhook.html", "POST /operations/webhook/secret", OPERATOR),
    OneForm("webhook.html", "POST /operations/webhook/register", RECEIVERS),
    OneForm("webhook.html", "POST /operations/webhook/pause", OPERATOR),
    OneForm("webhook.html", "POST /operations/webhook/disable", RECEIVERS),
)


def template_forms() -> Iterator[tuple[str, str]]:
    """Each form that a template writes, in order: template, method and action, with * for expressions."""
    for path in sorted(_TEMPLATES.rglob("*.html")):
        for form in _FORM.finditer(path.read_text(encoding="utf-8")):
            method, action = _METHOD.search(form[1]), _ACTION.search(form[1])
            assert method, f"{path.name}: a form says how it is sent"
            assert action, f"{path.name}: a form says where it is sent"
            name = path.relative_to(_TEMPLATES).as_posix()
            place, _, _ = action[1].partition("#")
            yield name, f"{method[1].upper()} {_VALUE.sub('*', place)}"


def form_tag_count() -> int:
    """The number of forms that the templates begin, counted without parsing them."""
    return sum(path.read_text(encoding="utf-8").count("<form") for path in _TEMPLATES.rglob("*.html"))


def journey_of(request: pytest.FixtureRequest) -> str:
    """The name of the running test, as the list has it."""
    return f"{request.module.__name__.rpartition('.')[2]}.{request.node.originalname}"


def unsent_forms(journey: str, watch: Watch) -> list[str]:
    """The forms of a journey that were not sent in it."""
    return [f"{form.template}: {form.route}" for form in FORMS if form.journey == journey and not form.was_sent(watch)]
