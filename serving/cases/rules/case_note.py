"""Notes that the reviewers of a queue write to each other about a case."""

from collections.abc import Collection
from dataclasses import dataclass

from models.errors import Invalid
from serving.cases.policy import WaitingPolicy


@dataclass(frozen=True, slots=True)
class Note:
    """The text of a note, and the people mentioned in it."""

    text: str
    mentioned: tuple[str, ...]


def written(
    sentence: str, mentioned: Collection[str], *, author: str, may_see: Collection[str], policy: WaitingPolicy
) -> Note:
    """The note as it is stored: stripped, each mentioned person once, and without its author.

    Raises Invalid (the text is empty or too long, too many people are mentioned, or one of them may not see the case).
    """
    text = "\n".join(line.rstrip() for line in sentence.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"))
    if not text:
        raise Invalid("Write something.")
    if len(text) > policy.longest_note:
        raise Invalid("A note can have at most {most:,} characters.", most=policy.longest_note)
    people = tuple(dict.fromkeys(one for one in mentioned if one != author))
    if len(people) > policy.most_mentioned:
        raise Invalid("A note mentions at most {most} people.", most=policy.most_mentioned)
    if not set(people) <= set(may_see):
        raise Invalid("Only people who may see the case can be mentioned.")
    return Note(text, people)
