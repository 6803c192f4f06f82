"""Every page, its readers, and the way to it: for browser checks and for screenshots.

A route that is added is put here: as a page, or, where it answers a piece of one or a file, below.
"""

from dataclasses import dataclass
from typing import Final

from serving.accounts.rules.access import Role


@dataclass(frozen=True, slots=True)
class LinkPath:
    """The first link on another page that a selector finds, then the first of the next selector, and so on."""

    start: str
    selectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """An address that only the data directory knows, such as a link that was sent to somebody."""

    name: str


@dataclass(frozen=True, slots=True)
class OnePage:
    """A page: its name in file names, its route, its reader (None: anybody), and the way to it.

    `at` is None where the route is the address. `phone` says that people come with a phone; `unfold` opens the folded
    parts, so that they are looked at too; `whole` has the picture show the page to its end.
    """

    name: str
    route: str
    role: Role | None
    at: str | LinkPath | KnownAddress | None = None
    phone: bool = False
    unfold: bool = False
    whole: bool = False

    @property
    def way(self) -> str | LinkPath | KnownAddress:
        """The way to the page."""
        return self.route if self.at is None else self.at


_ROWS: Final = ("main table tbody a",)
_LISTING: Final = LinkPath("/search?q=tote", ("a[href^='/listings/']",))
_SELLER: Final = LinkPath("/queue", ("td a[href^='/sellers/']",))
_CASE: Final = LinkPath("/queue?lane=analyst", ("a[data-stop]",))

PAGES: Final = (
    OnePage("sign-in", "/sign-in", None, phone=True),
    OnePage("error", "/seller/{token}", None, "/seller/nothing", phone=True),
    OnePage("setup", "/setup/{token}", None, KnownAddress("setup"), phone=True),
    OnePage("join", "/join/{token}", None, KnownAddress("join"), phone=True),
    OnePage("reset", "/reset/{token}", None, KnownAddress("reset"), phone=True),
    OnePage("seller", "/seller/{token}", None, KnownAddress("seller"), phone=True),
    OnePage("seller-answered", "/seller/{token}", None, KnownAddress("seller-answered"), phone=True),
    OnePage("seller-undone", "/seller/{token}", None, KnownAddress("seller-undone"), phone=True, unfold=True),
    OnePage("notice-form", "/notice", None, phone=True),
    OnePage("notice", "/notice/{token}", None, KnownAddress("notice"), phone=True),
    OnePage("notice-confirmation", "/notice/confirm/{token}", None, KnownAddress("notice-confirmation"), phone=True),
    OnePage("confirm-factor", "/confirm-factor/{link}", None, KnownAddress("confirm-factor"), phone=True),
    OnePage("stop-removals", "/stop-removals/{token}", None, KnownAddress("stop-removals"), phone=True),
    OnePage("stop-report", "/stop-report/{token}", None, KnownAddress("stop-report"), phone=True),
    OnePage("unsubscribe", "/mail/unsubscribe/{token}", None, KnownAddress("unsubscribe"), phone=True),
    OnePage("queue", "/queue", Role.ANALYST, phone=True),
    OnePage("my-figures", "/queue/me", Role.ANALYST),
    OnePage("search", "/search", Role.ANALYST, "/search?q=bag"),
    OnePage("listing", "/listings/{listing_id}", Role.ANALYST, _LISTING, phone=True),
    OnePage("saved-filters", "/queue/filters", Role.ANALYST),
    OnePage("case", "/cases/{case_id}", Role.ANALYST, _CASE, phone=True, unfold=True),
    OnePage("bulk", "/cases/bulk", Role.ANALYST, KnownAddress("bulk"), phone=True),
    OnePage("bulk-answer", "/cases/bulk/{bulk_id}", Role.ANALYST, KnownAddress("bulk-answer"), phone=True),
    OnePage("notes", "/notes", Role.ANALYST, phone=True),
    OnePage("pending-removals", "/pending-removals", Role.ANALYST, phone=True),
    OnePage(
        "pending-batch", "/pending-removals/{batch_id}", Role.ANALYST, LinkPath("/pending-removals", _ROWS), phone=True
    ),
    OnePage("sellers", "/sellers", Role.ANALYST),
    OnePage("staff-seller", "/sellers/{name:path}", Role.ANALYST, _SELLER, phone=True, unfold=True),
    OnePage("settings", "/settings", Role.ANALYST, phone=True),
    OnePage("second-factor", "/settings/second-factor", Role.ANALYST, phone=True),
    OnePage("help", "/help", Role.ANALYST, phone=True, whole=True),
    OnePage("brand-limits", "/brand/limits", Role.BRAND, phone=True),
    OnePage("brand", "/brand", Role.BRAND, phone=True, unfold=True),
    OnePage("brand-indicators", "/brand/indicators", Role.BRAND, phone=True),
    OnePage("brand-service-accounts", "/brand/service-accounts", Role.BRAND, phone=True),
    OnePage("brand-messages", "/brand/messages", Role.BRAND, phone=True),
    OnePage("brand-dashboard", "/brand/dashboard", Role.BRAND, phone=True, unfold=True),
    OnePage("brand-standing", "/brand/standing", Role.BRAND, phone=True, unfold=True),
    OnePage("brand-rights", "/brand/rights", Role.BRAND, phone=True),
    OnePage("brand-sellers", "/brand/sellers", Role.BRAND, phone=True, unfold=True),
    OnePage("brand-people", "/brand/people", Role.BRAND, phone=True),
    OnePage("brand-prices", "/brand/prices", Role.BRAND, phone=True),
    OnePage("certification", "/brand/certification", Role.BRAND, phone=True),
    OnePage("reports", "/brand/reports", Role.BRAND, phone=True),
    OnePage("report-sent", "/brand/reports/{report_id}", Role.BRAND, KnownAddress("report-sent"), phone=True),
    OnePage("removals", "/brand/questions", Role.BRAND, phone=True),
    OnePage("answered", "/brand/questions/{case_id}", Role.BRAND, KnownAddress("answered"), phone=True),
    OnePage("takedowns", "/brand/takedowns", Role.BRAND, phone=True),
    OnePage("counter-notices", "/counter-notices", Role.BRAND, phone=True),
    OnePage("brands", "/brands", Role.ACCOUNT_MANAGER),
    OnePage("brand-of-manager", "/brands/{brand_id}", Role.ACCOUNT_MANAGER, LinkPath("/brands", _ROWS)),
    OnePage(
        "dashboard-of-manager",
        "/brands/{brand_id}/dashboard",
        Role.ACCOUNT_MANAGER,
        LinkPath("/brands", (*_ROWS, "main a[href*='/dashboard']")),
    ),
    OnePage(
        "brand-record",
        "/brands/{brand_id}/record",
        Role.ACCOUNT_MANAGER,
        LinkPath("/brands", (*_ROWS, "main a[href*='/record?']")),
        phone=True,
        whole=True,
    ),
    OnePage("models", "/models", Role.DATA_SCIENTIST, phone=True, unfold=True, whole=True),
    OnePage("models-live", "/models/live", Role.DATA_SCIENTIST, whole=True),
    OnePage("models-labels", "/models/labels", Role.DATA_SCIENTIST, whole=True),
    OnePage("models-snapshots", "/models/snapshots", Role.DATA_SCIENTIST),
    OnePage("models-runs", "/models/runs", Role.DATA_SCIENTIST, phone=True),
    OnePage(
        "models-runs-compare",
        "/models/runs/compare",
        Role.DATA_SCIENTIST,
        KnownAddress("models-runs-compare"),
        phone=True,
        unfold=True,
        whole=True,
    ),
    OnePage(
        "models-card",
        "/models/cards/{digest}",
        Role.DATA_SCIENTIST,
        LinkPath("/models", ("a[href^='/models/cards/']",)),
    ),
    OnePage(
        "models-snapshot",
        "/models/snapshots/{snapshot_id}",
        Role.DATA_SCIENTIST,
        LinkPath("/models/snapshots", ("a[href^='/models/snapshots/snp']",)),
    ),
    OnePage("brand-enrolment", "/brands/new", Role.ACCOUNT_MANAGER, phone=True, whole=True),
    OnePage("setup-progress", "/setup", Role.ADMIN, phone=True, whole=True),
    OnePage("operations", "/operations", Role.ADMIN, phone=True, unfold=True, whole=True),
    OnePage("deliveries", "/operations/deliveries", Role.ADMIN, phone=True),
    OnePage("jobs", "/operations/jobs", Role.ADMIN),
    OnePage("mail", "/operations/mail", Role.ADMIN),
    OnePage("quarantine", "/operations/quarantine", Role.ADMIN, unfold=True),
    OnePage("listing-files", "/files", Role.ADMIN, phone=True),
    OnePage("listing-file", "/files/{file_id}", Role.ADMIN, LinkPath("/files", _ROWS), phone=True),
    OnePage("webhook", "/operations/webhook", Role.ADMIN),
    OnePage("settings-list", "/operations/settings", Role.ADMIN, phone=True),
    OnePage("audit", "/operations/audit", Role.ADMIN, unfold=True),
    OnePage("kill-switches", "/kill-switches", Role.ADMIN),
    OnePage("people", "/people", Role.ADMIN, phone=True),
    OnePage("person", "/people/{user_id}", Role.ADMIN, LinkPath("/people", _ROWS), phone=True),
    OnePage("keys", "/keys", Role.ADMIN, phone=True),
)

# Parts that a page polls; each is checked within its page.
PARTS: Final = frozenset(
    {"/queue/new", "/undo", "/brand/done", "/brand/removals", "/models/training", "/operations/audit/followed"}
)
# Downloads, and the start page, which redirects.
FILES: Final = frozenset(
    {
        "/",
        "/sign-in/second-step",  # Only between the password and the second factor.
        "/brand/prices.{form}",
        "/brand/documents/{digest}",
        "/brand/record.{form}",
        "/brand/rights.{form}",
        "/brand/sellers.{form}",
        "/brand/standing.{form}",
        "/brand/reports/{report_id}/history.{form}",
        "/brand/reports/{carrier_id}/documents/{document_id}",
        "/brand/questions/{carrier_id}/documents/{document_id}",
        "/brands/{brand_id}/documents/{digest}",
        "/brands/{brand_id}/record/{part}.{form}",
        "/cases/{case_id}/documents/{upload_id}",
        "/cases/{case_id}/notice-documents/{document_id}",
        "/cases/{case_id}/report-documents/{document_id}",
        "/cases/{case_id}/evidence/{evidence_id}/data",
        "/cases/{case_id}/evidence/{evidence_id}/page",
        "/cases/{case_id}/pictures/{number}",
        "/counter-notices/{counter_notice_id}/documents/{upload_id}",
        "/operations/audit.{form}",
        "/queue.{form}",
        "/search.{form}",
    }
)
