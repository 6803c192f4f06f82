"""Report listings with a signed request: python report.py URL KEY_ID PRIVATE_KEY.pem RIGHT_ID LISTING...

Needs `pip install requests http-message-signatures`. It prints the report once every listing is decided.
"""

import secrets
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import requests
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ED25519

url, key_id, key_file, right_id, *listings = sys.argv[1:]


class OwnKey(HTTPSignatureKeyResolver):
    def resolve_private_key(self, key_id: str) -> bytes:
        return Path(key_file).read_bytes()


signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=OwnKey())


def send(method: str, path: str, **request: object) -> dict[str, object]:
    """Send a request that covers its method, path and body, with a nonce that is used once."""
    prepared = requests.Request(method, url + path, **request).prepare()
    signer.sign(
        prepared,
        key_id=key_id,
        created=datetime.now(UTC),
        nonce=secrets.token_urlsafe(16),
        covered_component_ids=("@method", "@path"),
        body=prepared.body,
    )
    response = requests.Session().send(prepared, timeout=30)
    response.raise_for_status()
    return response.json()


body = {"right_id": right_id, "reason_code": "trademark_counterfeit", "good_faith": True, "listings": listings}
report = send("POST", "/api/v1/brand/reports", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
while report["state"] == "deciding":
    time.sleep(1)
    report = send("GET", f"/api/v1/brand/reports/{report['report_id']}")
print(report["report_id"], report["state"], {state: n for state, n in report["counts"].items() if n})
for reason in report["waits_for"]:
    print(reason)
