"""A peer behind FastAPI, as a team would deploy it: `python -m tests.benchmarks.peer_server NAME PORT`.

The peer `no-op` reads the row and answers a constant: the limit of what anything behind FastAPI can do.
"""

import sys
from datetime import UTC, datetime
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from features.listing import Listing, check
from tests.benchmarks.peers import PEERS
from tests.benchmarks.work import labelled_listings

NO_OP: Final = "no-op"


def create_app(name: str) -> FastAPI:
    """The peer's application, which only parses a row and scores it."""
    app = FastAPI()
    if name == NO_OP:

        @app.post("/score")
        async def nothing(row: dict[str, Any]) -> dict[str, float]:
            return {"probability": 0.0 if row else 1.0}

        return app
    listings, labels = labelled_listings()
    peer = PEERS[name].fit(listings, labels)

    @app.post("/score")
    def score(row: dict[str, Any]) -> dict[str, float]:
        listing = check(row, received_at=datetime.now(UTC))
        if not isinstance(listing, Listing):
            return {}
        return {"probability": float(peer.score([listing])[0])}

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="error", access_log=False)
