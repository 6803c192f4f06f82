"""The bytes of every event, as literals: a receiver that was written against them keeps working."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from serving.api.contract.document import WEBHOOKS
from serving.delivery.payloads import PAYLOADS, EndpointTest
from serving.delivery.service.letters import message_of
from serving.sellers.rules.sanction import SellerAct
from serving.sellers.store.seller_actions import StoredSellerAction
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind, RequestKind
from serving.webhooks.store.listing_requests import StoredListingRequest

AT = datetime(2026, 3, 2, 8, 5, 0, 250, tzinfo=UTC)
LINK = "https://t.example/seller/x"
LETTER = {
    "action_id": "act_1",
    "created_at": AT,
    "external_id": "MP-9",
    "location": "https://m.example/奥?a=1",
    "seller_external_id": "s-7",
    "sequence": 7,
    "statement": {"decision": "Entfernt: „奥“", "territory": None, "ground": "a\nb", "of_an_earlier_release": "x"},
    "waits_until": AT + timedelta(days=30),
}
TOLD = (
    '"sequence":7,"statement":{"decision":"Entfernt: „奥“","ground":"a\\nb","of_an_earlier_release":"x",'
    '"territory":null}'
)
UNTIL = '"waits_until":"2026-04-01T08:05:00.000250+00:00"'
REQUEST = f'"action_id":"act_1","listing":"https://m.example/奥?a=1","sequence":7,{UNTIL}'


@pytest.mark.parametrize(
    ("stored", "kind", "link", "event", "data"),
    [
        *(
            (StoredAction, kind, None, "listing", f'"action_id":"act_1","listing_external_id":"MP-9",{TOLD}')
            for kind in ActionKind
        ),
        (
            StoredAction,
            ActionKind.REMOVE,
            LINK,
            "listing",
            f'"action_id":"act_1","listing_external_id":"MP-9","seller_link":"{LINK}",{TOLD}',
        ),
        *(
            (StoredSellerAction, act, None, "seller", f'"action_id":"act_1","seller_external_id":"s-7",{TOLD}')
            for act in SellerAct
        ),
        (StoredListingRequest, RequestKind.REQUESTED, None, "listing", REQUEST),
    ],
)
def test_the_bytes_of_every_event_stay(stored: type[Any], kind: str, link: str | None, event: str, data: str) -> None:
    letter = stored(**{name: {**LETTER, "kind": kind}.get(name) for name in stored.__dataclass_fields__})
    message = message_of(letter, link)
    expected = f'{{"data":{{"action":"{kind}",{data}}},"timestamp":"{AT.isoformat()}","type":"{event}.{kind}"}}'
    assert (message.message_id, message.body.decode()) == ("act_1", expected)


def test_the_bytes_of_a_test_of_an_endpoint_stay() -> None:
    expected = f'{{"data":{{"action":"test"}},"timestamp":"{AT.isoformat()}","type":"endpoint.test"}}'
    assert EndpointTest(action="test").message("end_1.080500", AT).body.decode() == expected


def test_the_contract_has_every_event() -> None:
    kinds = (*(f"listing.{kind}" for kind in ActionKind), *(f"seller.{act}" for act in SellerAct))
    assert {route.path for route in WEBHOOKS} == PAYLOADS.keys() == {*kinds, "listing.requested", "endpoint.test"}
