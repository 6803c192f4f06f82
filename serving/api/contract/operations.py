"""What each operation answers where it succeeds, by status; a test compares the list with the routes."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from serving.api.contract import of_administrators as of_administrator
from serving.api.contract import of_marketplaces as of_marketplace
from serving.api.contract import of_models as of_model
from serving.api.contract import of_people as of_person
from serving.api.contract import of_reports as of_report
from serving.api.contract import of_sellers as of_seller
from serving.api.contract.shapes import Contract, Shape, Status

Operation: TypeAlias = tuple[str, str]
Answers: TypeAlias = Mapping[int, tuple[type[Shape], ...]]

# Several shapes of one status are alternatives; none means an empty body.
ANSWERS: Final[Mapping[Operation, Answers]] = {
    ("GET", "/livez"): {200: (Status,)},
    ("HEAD", "/livez"): {200: ()},
    ("GET", "/healthz"): {200: (Status,)},
    ("HEAD", "/healthz"): {200: ()},
    ("GET", "/readyz"): {200: (Status,)},
    ("HEAD", "/readyz"): {200: ()},
    ("POST", "/api/v1/listings"): {
        200: (of_marketplace.Row, of_marketplace.Rows),
        201: (of_marketplace.Row,),
    },
    ("POST", "/api/v1/seller-events"): {200: (of_marketplace.Received,)},
    ("POST", "/api/v1/seller-contacts"): {200: (of_marketplace.Received,)},
    ("DELETE", "/api/v1/seller-contacts/{seller}"): {200: (of_marketplace.Erased,)},
    ("POST", "/api/v1/appeals"): {200: (of_marketplace.FiledAppeal,), 201: (of_marketplace.FiledAppeal,)},
    ("POST", "/api/v1/counter-notices"): {201: (of_marketplace.FiledCounterNotice,)},
    ("POST", "/api/v1/score"): {200: (of_marketplace.Scored,)},
    ("GET", "/api/v1/figures"): {200: (of_marketplace.Figures,)},
    ("GET", "/api/v1/actions"): {200: (of_marketplace.Actions,)},
    ("GET", "/api/v1/actions/{action_id}/statement"): {200: (of_marketplace.ActionStatement,)},
    ("POST", "/api/v1/actions/{action_id}/seller-link"): {201: (of_marketplace.SellerLink,)},
    ("DELETE", "/api/v1/actions/{action_id}/seller-link"): {200: (of_marketplace.Revoked,)},
    ("GET", "/api/v1/listings/{external_id}"): {200: (of_marketplace.ListingState,)},
    ("POST", "/api/v1/notices"): {200: (of_marketplace.NoticePreview,), 201: (of_marketplace.NoticeReceipt,)},
    ("GET", "/api/v1/notices"): {200: (of_marketplace.Notices,)},
    ("GET", "/api/v1/endpoints"): {200: (of_marketplace.Endpoints,)},
    ("POST", "/api/v1/endpoints"): {201: (of_marketplace.NewEndpoint,)},
    ("POST", "/api/v1/endpoints/{endpoint_id}/secret"): {201: (of_marketplace.NewSecret,)},
    ("POST", "/api/v1/endpoints/{endpoint_id}/rest"): {200: (of_marketplace.Endpoint,)},
    ("DELETE", "/api/v1/endpoints/{endpoint_id}/rest"): {200: (of_marketplace.Endpoint,)},
    ("POST", "/api/v1/endpoints/{endpoint_id}/disable"): {204: ()},
    ("GET", "/api/v1/clock"): {200: (of_marketplace.SimulatedTime,)},
    ("POST", "/api/v1/clock"): {200: (of_marketplace.MovedClock,)},
    ("POST", "/api/v1/session"): {200: (of_person.SignedIn,)},
    ("DELETE", "/api/v1/session"): {204: ()},
    ("GET", "/api/v1/cases"): {200: (of_person.Cases,)},
    ("POST", "/api/v1/cases/{case_id}/verdicts"): {201: (of_person.Verdict,)},
    ("POST", "/api/v1/cases/{case_id}/notices/{notice_id}/invalid"): {200: (of_person.EndedNotice,)},
    ("POST", "/api/v1/cases/{case_id}/undo"): {200: (of_person.Undone,)},
    ("GET", "/api/v1/cases/{case_id}/brands"): {200: (of_person.BrandChoices,)},
    ("POST", "/api/v1/cases/{case_id}/brand"): {200: (of_person.NamedCase,)},
    ("POST", "/api/v1/cases/{case_id}/brand/undo"): {200: (of_person.NamedCase,)},
    ("GET", "/api/v1/rights"): {200: (of_person.Rights,)},
    ("GET", "/api/v1/reason-codes"): {200: (of_report.Reasons,)},
    ("POST", "/api/v1/brand/reports"): {200: (of_report.ReportPreview,), 201: (of_report.Report,)},
    ("GET", "/api/v1/brand/limits"): {200: (of_report.BrandLimits,)},
    ("GET", "/api/v1/brand/reports/{report_id}"): {200: (of_report.ReportWithEvidence,)},
    ("POST", "/api/v1/brand/reports/{report_id}/documents"): {201: (of_report.ReportedDocument,)},
    ("POST", "/api/v1/brand/reports/{report_id}/withdraw"): {200: (of_report.WithdrawnListings,)},
    ("POST", "/api/v1/brand/reports/{report_id}/retract"): {200: (of_report.RetractedListings,)},
    ("POST", "/api/v1/takedown-requests"): {201: (of_person.TakedownRequest,)},
    ("GET", "/api/v1/takedown-requests/{request_id}"): {200: (of_person.TakedownRequest,)},
    ("POST", "/api/v1/takedown-requests/{request_id}/undo"): {200: (of_person.UndoneCount,)},
    ("GET", "/api/v1/held-removals"): {200: (of_person.PendingRemovals,)},
    ("POST", "/api/v1/held-removals/{action_id}/opinions"): {201: (of_person.Settled,)},
    ("GET", "/api/v1/alerts"): {200: (of_administrator.Alerts,)},
    ("POST", "/api/v1/cases/{case_id}/test-buys"): {201: (of_person.Ordered,)},
    ("POST", "/api/v1/test-buys/{test_buy_id}/custody"): {201: (of_person.State,)},
    ("POST", "/api/v1/test-buys/{test_buy_id}/verdict"): {201: (of_person.Verdict,)},
    ("GET", "/api/v1/test-buys/{test_buy_id}"): {200: (of_person.TestBuy,)},
    ("GET", "/api/v1/sellers/{seller}/strikes"): {200: (of_seller.Strikes,)},
    ("GET", "/api/v1/seller-risks"): {200: (of_seller.SellerRisks,)},
    ("GET", "/api/v1/sanctions"): {200: (of_seller.Sanctions,)},
    ("GET", "/api/v1/models"): {200: (of_model.Models,)},
    ("GET", "/api/v1/labels"): {200: (of_model.Labels,)},
    ("POST", "/api/v1/trainings"): {202: (of_model.TrainingStarted,)},
    ("GET", "/api/v1/trainings"): {200: (of_model.Trainings,)},
    ("GET", "/api/v1/trainings/{job_id}"): {200: (of_model.Training,)},
    ("POST", "/api/v1/promotions"): {201: (of_model.Approval,)},
    ("DELETE", "/api/v1/models/{digest}/approval"): {200: (of_model.Withdrawn,)},
    ("DELETE", "/api/v1/promotions/latest"): {200: (of_model.Restored,)},
    ("POST", "/api/v1/golden-sets"): {201: (of_model.GoldenSet,)},
    ("GET", "/api/v1/golden-sets/latest"): {200: (of_model.GoldenSet,)},
    ("GET", "/api/v1/openapi.json"): {200: (Contract,)},
}
