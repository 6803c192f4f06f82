"""Loads the champions that the database names."""

import structlog

from serving.learning.store import learning
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import BundleStore, ChampionMissing, LiveModels

_log = structlog.get_logger()


def follow_champions(runtime: Runtime) -> None:
    """Serve the champions that the database names; one that becomes missing, loaded or slow is logged once."""
    with runtime.store.read() as connection:
        champions = learning.champions(connection)
    live = runtime.services[LiveModels]
    before, scored = live.missing(), live.by_lightgbm()
    live.follow(champions)
    now = live.missing()
    for marketplace_id in live.by_lightgbm() - scored:
        _log.warning("champion.by_lightgbm", marketplace_id=marketplace_id, digest=champions[marketplace_id])
    for marketplace_id, found in now.items():
        if before.get(marketplace_id) != found:
            _log.error(
                "champion.missing",
                marketplace_id=marketplace_id,
                digest=found.digest,
                folder=str(runtime.services[BundleStore].folder(found.digest)),
                sentence=ChampionMissing(found).sentence,
            )
    for marketplace_id in before.keys() - now.keys():
        _log.info("champion.loaded", marketplace_id=marketplace_id, digest=champions.get(marketplace_id))
