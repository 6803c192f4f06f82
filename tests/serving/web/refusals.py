"""The templates of errors that a brand, a seller, a notifier or anybody who signs in can be shown, by their source."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

from features.fields import FieldError
from features.indicators import PatternRefused
from features.phrase import Phrase
from models.errors import DomainError, require
from models.messages.english import without_forms
from training.adapters.files import UnreadableFile

# Where their pages lead: what is raised or made here is in the catalogues, or named below.
REACHED: Final = (
    "features.fields",
    "features.indicators",
    "models.case",
    "serving.brands.service.authorised_sellers",
    "serving.brands.service.brand_people",
    "serving.accounts.rules.staffing",
    "serving.accounts.service.auth",
    "serving.accounts.service.display_choice",
    "serving.accounts.service.guessing",
    "serving.accounts.service.hashing",
    "serving.accounts.service.passkeys",
    "serving.accounts.service.proving",
    "serving.accounts.store.reset_links",
    "serving.accounts.service.given_names",
    "serving.accounts.service.passwords",
    "serving.accounts.service.reset_links",
    "serving.accounts.service.second_factors",
    "serving.api.bodies",
    "serving.api.errors",
    "serving.appeals.rules.appeals",
    "serving.appeals.rules.counter_notice",
    "serving.appeals.rules.seller_evidence",
    "serving.appeals.service.counter_notice_steps",
    "serving.appeals.service.counter_notices",
    "serving.appeals.service.seller_links",
    "serving.appeals.store.counter_notices",
    "serving.brands.rules.certification",
    "serving.brands.rules.rights",
    "serving.brands.service.brand_messages",
    "serving.brands.service.certification",
    "serving.brands.service.price_lists",
    "serving.brands.service.indicators",
    "serving.cases.store.cases",
    "serving.guards",
    "serving.mail.rules.quiet_hours",
    "serving.marketplaces.service.keys",
    "serving.notices.rules.notice_counts",
    "serving.notices.rules.notices",
    "serving.notices.service.admission",
    "serving.notices.service.notice_complaints",
    "serving.notices.service.notice_documents",
    "serving.notices.service.notice_links",
    "serving.platform.database.faults",
    "serving.platform.row_files",
    "serving.reports.rules.attachments",
    "serving.reports.rules.outcomes",
    "serving.reports.service.attaching",
    "serving.reports.service.reporting",
    "serving.reports.service.signed",
    "serving.reports.service.stepping_up",
    "serving.takedowns.service.stop_links",
    "serving.reports.service.stopping",
    "serving.reports.service.submitting",
    "serving.reports.service.waiting",
    "serving.reports.service.withdrawing",
    "serving.reports.store.reports",
    "serving.accounts.service.service_accounts",
    "serving.accounts.store.service_accounts",
    "serving.cases.service.case_access",
    "serving.cases.service.review",
    "serving.cases.service.seller_evidence",
    "serving.cases.service.undoing",
    "serving.brands.rules.rights_document",
    "serving.brands.service.brand_file",
    "serving.brands.service.rights_claims",
    "serving.brands.service.rights_copies",
    "serving.brands.service.mandates",
    "serving.brands.service.rights_sharing",
    "serving.brands.store.rights_documents",
    "serving.brands.store.mandates",
    "serving.brands.store.rights",
    "serving.web.brand.brand_people_page",
    "serving.web.brand.brand_scope",
    "serving.web.brand.certification_page",
    "serving.web.brand.counter_notices",
    "serving.web.brand.price_lists_page",
    "serving.web.brand.reports.report_page",
    "serving.web.brand.reports.report_state_page",
    "serving.web.brand.rights_page",
    "serving.web.brand.sellers_of_brand_page",
    "serving.web.brand.takedown_page",
    "serving.web.brand.indicators_page",
    "serving.web.case.answers",
    "serving.web.forms",
    "serving.web.outside.seller_page",
    "training.adapters.files",
)
# What these modules say to the marketplace's own people, whose pages are English, and to programs.
NOT_SHOWN: Final = frozenset(
    {
        # To account managers.
        "There is no such power of attorney.",
        # To administrators, whose pages are in English.
        "Another administrator must reset your second factor.",
        "This user has a role at another marketplace. Its administrator must reset the factor.",
        "This user has no second factor.",
        # To programs with a key, and to administrators.
        "An API key is needed: Authorization: Bearer tsk.…",
        "This API key has expired. Create a new one.",
        "This key lacks the scope {scope}.",
        # Fields of a listing that a price list does not have.
        "{name} has only d7, d30 and d90.",
        "{name} has {n} addresses; at most {most} are accepted.",
        "{name} is not a finite number.",
        "{name} is not a number.",
        "{name} lies before {earliest}.",
        "{name} lies outside the calendar.",
        "{name} must be a decimal number, not a truth value.",
        "{name} must be a list of {n} whole numbers.",
        "{name} must be a number, not {kind}.",
        "{name} must be a time as text, not {kind}.",
        "{name} must be a time such as 2026-03-01T09:30:00+00:00.",
        "{name} must be a whole number.",
        "{name} must be an address or a list of addresses.",
        "{name} must be an http or https address.",
        "{name} must be an object with d7, d30 and d90.",
        "{name} must be from 0 to {most}.",
        "{name} must be one of {known}.",
        "{name} must be text, not {kind}.",
        "{name} needs an offset such as +00:00 or Z.",
        # Files that are read from the command line alone, and bodies of JSON.
        "A row must be an object.",
        "Not a readable Parquet file ({kind}).",
        "Not well-formed XML ({words}).",
        "The XML is not a product feed ({words}).",
        "The item is longer than any listing.",
        "Send it uncompressed.",
        "The request body arrived too slowly. Send it again.",
        "The JSON is nested too deeply.",
        "The XML declares entities or a document type, which is not accepted.",
        "The file cannot be read: {why}.",
        "The name must end in {endings}.",
        "There is no such file.",
        "This is not JSON: {why}.",
        "{name} stands twice in one object.",
        "{n} rows; a batch has at most {most}.",
        "{n} lines; a batch has at most {most} rows.",
        "Send JSON or NDJSON, not compressed.",
        "The request is not valid.",
        "{name}: {why}.",
        "{n} minute",
        "{n} minutes",
        # Accounts, as administrators manage them; and forms that have a page in English alone.
        "A brand's person names their brand, and nobody else names one.",
        "A {what} has a name of at most 200 characters.",
        "Please sign in.",
        "There is no such person here.",
        "They also work for a marketplace that is not yours. Take their roles here away instead.",
        "They also work for a marketplace that is not yours. An administrator of both can do it.",
        "They are the last administrator here. Make somebody else one first.",
        "This account has no role any more, so there is nothing that it would open.",
        "Without any role they can do nothing here. Deactivate them instead.",
        "You can give roles only in the marketplaces that you administer.",
        "You cannot deactivate yourself; another administrator can.",
        "You cannot give yourself a role; another administrator can.",
        "{name} is deactivated. Reactivate them first.",
        # Cases, rights and notices, as analysts and account managers work on them.
        "A notice that is {state} is not decided by a case.",
        "You supplied this right. Somebody else must verify it.",
        (
            "Your account and the one that supplied this right count as one person, because one created the other or "
            "reset its password, or one person did so for both. Somebody else must verify it."
        ),
        "A right that is {was} cannot become {wanted}.",
        "Only the {party} can {event}.",
        "Say why the right is refused; the brand reads it.",
        "The appeal has been decided already.",
        "The appeal waits for its decision.",
        "The deadline has not passed.",
        "The note has 1 to {most} characters that can be seen.",
        "There is no appeal.",
        "There is no such removal.",
        "There is no such verdict.",
        "{why}; somebody else must decide the appeal.",
        "{why}; somebody else must give the second review.",
    }
)
# Where the template stands among the arguments.
_PLACES: Final = ((FieldError, 2), (UnreadableFile, 1), (PatternRefused, 0), (DomainError, 0), (Phrase, 0))


def shown_refusals() -> set[str]:
    """The text by which the catalogues know each of them."""
    return all_refusals() - NOT_SHOWN


def all_refusals() -> set[str]:
    """As `shown_refusals`, with those that are said to others."""
    return {text for name in REACHED for text in _templates(import_module(name))}


def _templates(module: ModuleType) -> Iterator[str]:
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or (place := _place(module, node)) is None or len(node.args) <= place:
            continue
        template = node.args[place]
        for expression in (template.body, template.orelse) if isinstance(template, ast.IfExp) else (template,):
            if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
                yield without_forms(expression.value) if node.keywords else expression.value


def _place(module: ModuleType, call: ast.Call) -> int | None:
    """Where the template stands in a call that makes a refusal; None in any other call."""
    callee = getattr(module, call.func.id, None) if isinstance(call.func, ast.Name) else None
    if callee is require:
        return 1
    return next((at for kind, at in _PLACES if isinstance(callee, type) and issubclass(callee, kind)), None)
