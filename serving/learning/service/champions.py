"""Loads the champions that the database names."""

from serving.learning.store import learning
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import LiveModels


def follow_champions(runtime: Runtime) -> list[str]:
    """Serve the champions that the database names; returns the marketplaces whose champion could not be loaded."""
    with runtime.store.read() as connection:
        champions = learning.champions(connection)
    return runtime.services[LiveModels].follow(champions)
