"""A bare FastAPI handler that returns a constant, with the settings of uvicorn that the service has: python -m tests.bench.plain PORT."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI

ANSWER = {"topic": "sim", "need": "block", "confidence": 0.9, "status": "auto"}


def create_app() -> FastAPI:
    """One route, which does not even look at what is sent."""
    app = FastAPI(openapi_url=None)

    @app.post("/v1/tags", response_model=None)
    async def tag() -> dict[str, object]:
        return ANSWER

    return app


def main(port: int) -> None:
    """Serve until told to stop."""
    uvicorn.run(
        create_app(),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="info",
        access_log=False,
        server_header=False,
        date_header=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
