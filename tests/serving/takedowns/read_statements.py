"""Print ten statements of each kind from a data directory: `python -m tests.serving.takedowns.read_statements HOME`.

A person reads them against Article 17(3) and (4) of Regulation (EU) 2022/2065. `--language fr` prints translations.
"""

import argparse
from collections import defaultdict
from pathlib import Path

from sqlalchemy import create_engine, select

from features.message import Message, each_from_json
from serving.platform.display import Display, showing_as
from serving.platform.languages import ENGLISH, Language
from serving.takedowns.tables import action
from serving.web.wording.seller_words import statement_rows

_KIND = ("ground", "facts", "source", "automated_means")


def codes_of(messages: dict[str, Message]) -> tuple[str, ...]:
    """What distinguishes a kind: the codes of the ground, of the facts, of the source and of the means."""
    nested = (part.code for part in messages["automated_means"].parameters.values() if isinstance(part, Message))
    return (*(messages[name].code for name in _KIND if name in messages), *nested)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--language", default=ENGLISH)
    chosen = parser.parse_args()
    kinds = defaultdict[tuple[str, ...], list[tuple[tuple[str, str], ...]]](list)
    with create_engine(f"sqlite:///{chosen.home / 'touchstone.sqlite'}").connect() as connection:
        rows = connection.execute(select(action).where(action.c.statement_messages.is_not(None))).all()
    with showing_as(Display(language=Language(chosen.language))):
        for row in rows:
            messages = each_from_json(row.statement_messages)
            kinds[codes_of(messages)].append(statement_rows(row.statement, messages))
    for codes, statements in sorted(kinds.items()):
        print(f"\n# {len(statements)} of {' '.join(codes)}")  # noqa: T201  # the output
        for statement in statements[:10]:
            print("\n" + "\n".join(f"{label}: {text}" for label, text in statement))  # noqa: T201


if __name__ == "__main__":
    main()
