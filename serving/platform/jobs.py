"""Durable jobs, added by a transaction: the job is a row of the same commit."""

from typing import Final, NoReturn

from dbos import DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from dbos._serialization import DefaultSerializer
from dbos._sys_db import SystemDatabase
from sqlalchemy import Connection, Engine

from serving.platform.database.locks import wait_for_lock

APPLICATION: Final = "touchstone"
TRAINING: Final = "training"
SECOND_STAGE: Final = "second_stage"
MAILS: Final = "mails"
RETRAIN: Final = "retrain"
SEND_MAIL: Final = "send_mail"
PUBLISH: Final = "publish_champion"
SECOND_SCORES: Final = "give_second_scores"


def _refuse_pickles(*_: object) -> NoReturn:
    raise ValueError("Job rows are portable JSON; a pickle is neither written nor read.")


# DBOS reads a row by the serializer that the row itself names, whatever its configuration says.
setattr(DefaultSerializer, "serialize", _refuse_pickles)  # noqa: B010  # methods of a library
setattr(DefaultSerializer, "deserialize", _refuse_pickles)  # noqa: B010

_MANY: Final = "many jobs"
_wake_delayed: Final = SystemDatabase.transition_delayed_workflows


def _wake_delayed_in_turn(database: SystemDatabase) -> None:
    """Wake the jobs whose delay is over, while no sweep enqueues them."""
    with database.engine.begin() as connection:
        wait_for_lock(connection, _MANY)
        _wake_delayed(database)


# It locks all these rows by one statement, in an order of its own.
setattr(SystemDatabase, "transition_delayed_workflows", _wake_delayed_in_turn)  # noqa: B010  # a method of a library


def successor_id(job_id: str) -> str:
    """The id of the job that takes the place of one which was left for later: always the same one.

    >>> successor_id("retrain:job_1"), successor_id("retrain:job_1#2")
    ('retrain:job_1#2', 'retrain:job_1#3')
    """
    return f"{job_id.partition('#')[0]}#{attempt_number(job_id) + 1}"


def attempt_number(job_id: str) -> int:
    """How many jobs this one is the last of.

    >>> attempt_number("retrain:job_1"), attempt_number("retrain:job_1#3")
    (1, 3)
    """
    return int(job_id.partition("#")[2] or 1)


class Jobs:
    """Enqueues workflows by name inside the caller's transaction; arguments are ids only."""

    def __init__(self, engine: Engine) -> None:
        self._client = DBOSClient(
            system_database_engine=engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
        )

    def lock(self, connection: Connection) -> None:
        """Begin a transaction that enqueues many jobs, some of them a second time.

        It locks those rows. Without a turn, PostgreSQL would end it or the wake-up of delayed jobs as a deadlock.
        """
        wait_for_lock(connection, _MANY)

    def enqueue(
        self,
        connection: Connection,
        workflow: str,
        queue: str,
        job_id: str,
        marketplace_id: str,
        *arguments: str,
        delay_seconds: float | None = None,
    ) -> None:
        """Add a job of a marketplace; a repeated job id adds none."""
        options: EnqueueOptions = {"workflow_name": workflow, "queue_name": queue, "workflow_id": job_id}
        if delay_seconds is not None and delay_seconds > 0:
            options["delay_seconds"] = delay_seconds
        self._client.enqueue_in_transaction(connection, options, marketplace_id, *arguments)

    def close(self) -> None:
        """Release the client; the engine is the caller's."""
        self._client.destroy()
