"""All commands: importing this module registers each, in the order in which help lists commands without a group."""

from serving.commands import (  # noqa: F401  # imported to be registered
    backup,
    brands,
    data,
    exports,
    kill_switches,
    models,
    monitoring,
    people,
    quickstart,
    records,
    sellers_and_reporters,
    webhooks,
)
from serving.commands.groups import app
from serving.commands.registry import reports_progress, run

__all__ = ["app", "reports_progress", "run"]
