"""The workflows by name. Names and arguments are a protocol: the next release must run the jobs that this one
enqueues.

Change `PROTOCOL` by hand when an enqueued job of an earlier release could no longer run.
"""

from typing import Final

from dbos import DBOS

from serving.learning.service.learn import retrain
from serving.learning.service.publish import publish_or_later
from serving.listings.service.second_scores import give_second_scores
from serving.mail.service.sending import send_mail
from serving.platform import jobs
from serving.platform.runtime import Runtime

PROTOCOL: Final = "1"

_running: list[Runtime] = []


def bind(runtime: Runtime) -> None:
    """Set the runtime of this process's workflows. DBOS has one registry per process, so there is one runtime."""
    _running[:] = [runtime]


def _runtime() -> Runtime:
    if not _running:
        raise RuntimeError("no worker runs in this process")
    return _running[0]


@DBOS.step(name="send_mail_once")
def _send_mail_once(mail_id: str) -> str:
    with _runtime().turn():
        return send_mail(_runtime(), mail_id)


@DBOS.workflow(name=jobs.SEND_MAIL)
def send_one_mail(_marketplace_id: str, mail_id: str) -> str:
    """Attempt to send one mail; a failed attempt has enqueued its successor before it ends."""
    return _send_mail_once(mail_id)


@DBOS.step(name="retrain_once")
def _retrain_once(marketplace_id: str, job_id: str) -> str:
    return retrain(_runtime(), marketplace_id, job_id, after=DBOS.workflow_id)


@DBOS.workflow(name=jobs.RETRAIN)
def retrain_model(marketplace_id: str, job_id: str) -> str:
    """Take a snapshot, train in a child process, and admit the bundle. A rerun finds its MLflow run by the job's id."""
    return _retrain_once(marketplace_id, job_id)


@DBOS.step(name="publish_once")
def _publish_once(marketplace_id: str, digest: str) -> str:
    return publish_or_later(_runtime(), marketplace_id, digest, job_id=str(DBOS.workflow_id))


@DBOS.workflow(name=jobs.PUBLISH)
def publish_champion_alias(marketplace_id: str, digest: str) -> str:
    """Register a model where the registry lacks it, and set the alias of the champion in force."""
    return _publish_once(marketplace_id, digest)


@DBOS.step(name="give_second_scores_once")
def _give_second_scores_once(marketplace_id: str) -> str:
    return str(give_second_scores(_runtime(), marketplace_id))


@DBOS.workflow(name=jobs.SECOND_SCORES)
def give_second_scores_of(marketplace_id: str) -> str:
    """Let the encoder read the titles of waiting listings, in a child process; a rerun finds those still waiting."""
    return _give_second_scores_once(marketplace_id)
