"""The bodies of requests that a handler reads itself; the others are described by their models."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from features.fields import Field, RawValue
from features.listing import LISTING_FIELDS, SELLER_FIELDS
from serving.api.clock import ClockBody
from serving.api.intake import AppealBody, CounterNoticeBody
from serving.api.notices import NoticeBody
from serving.brands.rules.rights_document import MEDIA_TYPES
from serving.listings.service import seller_events
from serving.listings.service.intake import LARGEST_BATCH
from serving.sellers.service import contacts


def listing_schema() -> dict[str, RawValue]:
    """One row of an intake, in the 2020-12 dialect."""
    seller = {field.name: {**field.schema, "description": field.meaning} for field in SELLER_FIELDS}
    properties = {field.name: {**field.schema, "description": field.meaning} for field in LISTING_FIELDS}
    properties["external_id"] |= {"type": "string", "pattern": r"\S"}
    return {
        "title": "Listing",
        "description": "One row of POST /api/v1/listings. Null and absent both mean unknown, never zero.",
        "type": "object",
        "properties": {
            **properties,
            "seller": {
                "type": ["object", "null"],
                "properties": seller,
                "additionalProperties": False,
                "description": "The marketplace's data about the seller, as sent with this row.",
            },
        },
        "required": ["external_id"],
        "dependentRequired": {"price": ["currency"], "list_price": ["currency"]},
        "additionalProperties": False,
    }


Schema: TypeAlias = dict[str, Any]
JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
_MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}


def _object_schema(properties: Mapping[str, Schema], *required: str, description: str) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _fields_schema(fields: Iterable[Field], required: Iterable[str], description: str) -> Schema:
    properties = {field.name: {**field.schema, "description": field.meaning} for field in fields}
    return _object_schema(properties, *required, description=description)


def _schema_ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS: Final[Mapping[str, Schema]] = {
    "Listing": dict(listing_schema()),
    "SellerEvent": _fields_schema(seller_events.FIELDS.values(), seller_events.REQUIRED, "An event of a seller."),
    "SellerContact": _fields_schema(contacts.FIELDS.values(), contacts.REQUIRED, "A contact of a seller."),
    "SellerEvents": _object_schema(
        {
            "events": {"type": "array", "items": _schema_ref("SellerEvent"), "maxItems": LARGEST_BATCH},
            "complete_since": {**_MOMENT, "description": "Every event from this moment on is sent."},
        },
        "events",
        description="Events of sellers.",
    ),
    "SellerContacts": _object_schema(
        {"contacts": {"type": "array", "items": _schema_ref("SellerContact"), "maxItems": LARGEST_BATCH}},
        "contacts",
        description="Contacts of sellers.",
    ),
}
# Read by handlers, which answer another media type with 415 and a key that stands twice with a code of its own.
MODELS: Final = (AppealBody, CounterNoticeBody, NoticeBody, ClockBody)
_LISTINGS: Final[Schema] = {
    "oneOf": [_schema_ref("Listing"), {"type": "array", "items": _schema_ref("Listing"), "maxItems": LARGEST_BATCH}]
}
_BYTES: Final[Schema] = {"type": "string", "format": "binary"}
# By operation, the schema of each media type.
BODIES: Final[Mapping[tuple[str, str], Mapping[str, Schema]]] = {
    ("POST", "/api/v1/listings"): {JSON: _LISTINGS, NDJSON: {"type": "string", "description": "One listing a line."}},
    ("POST", "/api/v1/score"): {JSON: _schema_ref("Listing")},
    ("POST", "/api/v1/seller-events"): {JSON: _schema_ref("SellerEvents")},
    ("POST", "/api/v1/seller-contacts"): {JSON: _schema_ref("SellerContacts")},
    ("POST", "/api/v1/appeals"): {JSON: _schema_ref("AppealBody")},
    ("POST", "/api/v1/counter-notices"): {JSON: _schema_ref("CounterNoticeBody")},
    ("POST", "/api/v1/notices"): {JSON: _schema_ref("NoticeBody")},
    ("POST", "/api/v1/brand/reports/{report_id}/documents"): dict.fromkeys(MEDIA_TYPES, _BYTES),
    ("POST", "/api/v1/clock"): {JSON: _schema_ref("ClockBody")},
}
