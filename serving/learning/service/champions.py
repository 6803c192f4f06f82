"""Loads the champions that the database names, fetches those that may be next, and finds the reference of gates."""

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from models.errors import BundleRefused, Unavailable
from serving.learning.store import learning
from serving.learning.store.golden import newest_models
from serving.platform.logs import log
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import BundleStore, ChampionMissing, LiveModels
from training.gates.gate import blocking_gates


def follow_champions(runtime: Runtime) -> None:
    """Serve the champions that the database names; one that becomes missing, loaded or slow is logged once."""
    with runtime.store.read() as connection:
        champions = learning.champions(connection)
    live = runtime.services[LiveModels]
    before, scored = live.missing(), live.by_lightgbm()
    live.follow(champions)
    now = live.missing()
    for marketplace_id in live.by_lightgbm() - scored:
        log.warning("champion.by_lightgbm", marketplace_id=marketplace_id, digest=champions[marketplace_id])
    for marketplace_id, missing_champion in now.items():
        if before.get(marketplace_id) != missing_champion:
            log.error(
                "champion.missing",
                marketplace_id=marketplace_id,
                digest=missing_champion.digest,
                folder=str(runtime.services[BundleStore].folder(missing_champion.digest)),
                sentence=ChampionMissing(missing_champion).sentence,
            )
    for marketplace_id in before.keys() - now.keys():
        log.info("champion.loaded", marketplace_id=marketplace_id, digest=champions.get(marketplace_id))


def fetch_newest_models(runtime: Runtime) -> None:
    """Fetch the newest model of each marketplace, so that its promotion is in force here within a second or two.

    A model that was trained here while the shared store was out of reach is put into it now.
    A model that cannot be fetched is left out: it is reported if it becomes the champion.
    """
    with runtime.store.read() as connection:
        newest = newest_models(connection)
    for digest in newest:
        with suppress(BundleRefused, Unavailable):
            runtime.services[BundleStore].fetched(digest)
            runtime.services[BundleStore].share(digest)


@dataclass(frozen=True, slots=True)
class Reference:
    """The model that gates compare with, None for the starter scorecard; and the champion that was overridden."""

    digest: str | None
    overridden: str | None


def reference_of(connection: Connection, marketplace_id: str) -> Reference:
    """The last champion that passed its gates: people may accept a weaker one, but it never becomes the measure."""
    past = learning.promotions(connection, marketplace_id)
    passed = (
        promotion.digest
        for promotion in past
        if not any(blocking_gates(learning.get_model(connection, marketplace_id, promotion.digest).report["gates"]))
    )
    digest, champion = next(passed, None), past[0].digest if past else None
    return Reference(digest, None if digest == champion else champion)
