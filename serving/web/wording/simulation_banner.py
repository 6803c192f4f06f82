"""The banner of a simulation: its day, where to look first, and what it leaves to the reader."""

from dataclasses import dataclass

from serving.operations.service.simulation import simulated_days
from serving.platform.runtime import Runtime
from serving.web.wording import words


@dataclass(frozen=True, slots=True)
class SimulationBanner:
    """`day` is None before the first day, and after the last one once `over`; `brand` has earned its good standing."""

    day: int | None
    days: int
    date: str
    brand: str
    over: bool


def simulation_banner(runtime: Runtime) -> SimulationBanner | None:
    """The banner at this moment; None without a simulation."""
    played, now = simulated_days(runtime), runtime.clock.now()
    if played is None:
        return None
    day = (now - played.first).days + 1
    is_day = day >= 1 and not played.over
    return SimulationBanner(
        min(day, played.days) if is_day else None, played.days, words.day(now, now), played.brand, played.over
    )
