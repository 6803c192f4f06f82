"""All commands: importing this module registers each of them."""

from serving.local.commands import brands, founding, intake, models, records, reporters, rules, sellers, webhooks
from serving.local.commands.registry import run

__all__ = ["brands", "founding", "intake", "models", "records", "reporters", "rules", "run", "sellers", "webhooks"]
