"""The canonical listing as JSON Schema, for programs that send it."""

from features.fields import Value
from features.listing import LISTING_FIELDS, SELLER_FIELDS


def listing_schema() -> dict[str, Value]:
    """One row of an intake, in the 2020-12 dialect."""
    seller = {field.name: {**field.schema, "description": field.meaning} for field in SELLER_FIELDS}
    properties = {field.name: {**field.schema, "description": field.meaning} for field in LISTING_FIELDS}
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
