"""What the rest of the house may use of the fast paths; docs/fast-paths.md explains them and their switch."""

from serving.platform.database.fast.copied_inserts import FEWEST_TO_COPY, insert_rows
from serving.platform.database.fast.joined_inserts import in_one_statement
from serving.platform.database.fast.plans import keep_plans, planned_for_values, plans_kept
from serving.platform.database.fast.queries import KeyedQuery, PlainQuery

__all__ = [
    "FEWEST_TO_COPY",
    "KeyedQuery",
    "PlainQuery",
    "in_one_statement",
    "insert_rows",
    "keep_plans",
    "planned_for_values",
    "plans_kept",
]
