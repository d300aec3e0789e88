"""The audit log: who did what, when and why, without what was done it to."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from serving.store.schema import AUDIT

# Order 179 of Roskomnadzor has evidence of destroyed personal data kept for three years.
KEEP_MS = 3 * 366 * 24 * 3600 * 1000


def write_audit(connection: Connection, action: str, *, done_by: str, subject: str, detail: Mapping[str, Any], now: int) -> None:
    """Write one line; `subject` is a keyed hash or "", `detail` holds no personal data; times in milliseconds since 1970."""
    row = {
        "id": uuid.uuid4().hex,
        "at": now,
        "keep_until": now + KEEP_MS,
        "done_by": done_by[:80],
        "action": action,
        "subject": subject,
        "detail": json.dumps(detail, ensure_ascii=False, sort_keys=True),
    }
    connection.execute(AUDIT.insert(), [row])
