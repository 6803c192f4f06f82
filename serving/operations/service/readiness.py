"""Whether this process can do its work: a balancer sends requests only to a process that is ready."""

from dataclasses import dataclass

from features.phrase import Phrase
from serving.learning.store import learning
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import ChampionMissing, LiveModels, MissingChampion


@dataclass(frozen=True, slots=True)
class NotReady:
    """A reason why the process is not ready. It names no marketplace and no path: the answer is public."""

    code: str
    phrase: Phrase


def not_ready(runtime: Runtime) -> list[NotReady]:
    """Every reason; empty for a process that is ready.

    It compares the champions that the database names with those in memory, and loads none: the caller is unknown.
    """
    with runtime.store.read() as connection:
        champions = learning.champions(connection)
    live = runtime.services[LiveModels]
    missing = live.missing()
    found = []
    for marketplace_id, digest in champions.items():
        loaded = live.loaded(marketplace_id)
        if loaded is None or loaded.digest != digest:
            known = missing.get(marketplace_id)
            one = known if known and known.digest == digest else MissingChampion(digest, "It is about to be loaded.")
            found.append(ChampionMissing(one))
    return [NotReady(one.code, one.phrase) for one in found]
