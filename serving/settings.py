"""Settings of the service: from RUBRICATOR_… variables of the environment, checked before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import ConfigError

# The folder that models.bundle calls CHAMPION; named here again because this process must not import the models.
CHAMPION = Path("models/artifacts/champion")


class Settings(BaseSettings):
    """What an operator can set; the variable of `queue_limit` is RUBRICATOR_QUEUE_LIMIT."""

    model_config = SettingsConfigDict(env_prefix="RUBRICATOR_", frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    model: Path = CHAMPION

    store: str = Field("sqlite:///rubricator.db", description="sqlite:///FILE, postgresql://..., or none")
    store_away: Literal["serve", "refuse"] = Field("serve", description="tag on while the store does not answer, or refuse")
    store_seconds: float = Field(2.0, gt=0, description="how long an answer waits for its commit")
    hash_key: SecretStr | None = Field(None, description="key of the hashes of texts and clients; made once beside a SQLite file")
    keep_text: bool = Field(True, description="whether masked texts are kept at all; without them conversations go on by numbers alone")
    text_days: int = Field(0, ge=0, description="days that masked texts are kept; 0: as long as their messages")
    keep_days: int = Field(0, ge=0, description="days that messages and conversations are kept; 0: for ever (counts always stay)")
    timezone: ZoneInfo = Field(ZoneInfo("Europe/Moscow"), description="of the reports' days and hours")

    max_body: int = Field(512 * 1024, ge=1024, description="bytes of a body, as sent and inflated")
    max_batch_body: int = Field(16 * 1024 * 1024, ge=1024, description="bytes of a body with many messages")
    body_seconds: float = Field(10.0, gt=0, description="how long a client may take to send a body")

    queue_limit: int = Field(512, ge=1, description="single messages that may wait for the predictor")
    queue_seconds: float = Field(1.0, gt=0, description="how long they may have to wait; who would wait longer is refused at once")
    bulk_limit: int = Field(4_000, ge=1, description="messages of batches that may wait beside them")
    rate_limit: float = Field(0.0, ge=0, description="requests a second for each key; 0: any number")
    header_seconds: float = Field(10.0, gt=0, description="how long a client may take to send its headers")
    log_requests: bool = Field(True, description="one line in the log for each request")
    stop_seconds: float = Field(10.0, gt=0, description="how long requests in flight may take when the service ends")


def load_settings(**given: object) -> Settings:
    """Settings from the environment, where `given` ones (not None) come first; ConfigError names the variable that is wrong."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        raise ConfigError(f"setting RUBRICATOR_{name.upper()}: {first['msg'][:1].lower()}{first['msg'][1:]}") from None
