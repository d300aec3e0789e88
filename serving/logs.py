"""Structured logs: one JSON object a line on standard error, with the request id and never with a client's text."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, Protocol

import structlog


class Log(Protocol):
    """What the service writes its log with."""

    def info(self, event: str, **fields: Any) -> Any:
        """Something happened."""

    def warning(self, event: str, **fields: Any) -> Any:
        """Something that an operator should know."""

    def error(self, event: str, **fields: Any) -> Any:
        """Something is wrong."""


def make_log() -> Log:
    """A log to standard error; what libraries log goes the same way, without its traceback."""
    log: Log = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.BoundLogger,
    )
    for name in ("uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers = [_Bridge(log)]
        logger.setLevel(logging.WARNING)
        logger.propagate = False
    return log


def where(error: BaseException) -> dict[str, Any]:
    """What may be logged of an unexpected error: its type and the places in the code; its own words may hold a client's text."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return {"error": type(error).__name__, "at": [f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}" for frame in frames]}


class _Bridge(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        fields = where(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}
        # The unformatted message: arguments may hold anything.
        self._log.warning("library", logger=record.name, message=str(record.msg), **fields)
