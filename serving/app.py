"""create_app: the HTTP application over a predictor; nothing is loaded or opened at import."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import metadata

from fastapi import FastAPI

from serving import problems
from serving.edge import Edge
from serving.logs import Log
from serving.prediction import Predictor
from serving.quick import quick_tag
from serving.routes import conversations, documents, feedback, health, metrics, model, tags
from serving.settings import Settings
from serving.state import State
from serving.store.store import Store
from serving.telemetry import Telemetry

DESCRIPTION = "Says of every message what it is about, how sure that is, and where to send it. Errors are problem+json (RFC 9457)."


def create_app(
    predictor: Predictor,
    settings: Settings,
    store: Store | None = None,
    *,
    telemetry: Telemetry | None = None,
    log: Log | None = None,
    reload: Callable[[], Awaitable[bool]] | None = None,
) -> FastAPI:
    """The application; whoever calls it starts and stops the predictor and the store.

    Args:
        predictor: answers messages.
        settings: limits and habits.
        store: keeps answers; None: nothing is remembered.
        telemetry: measures; a new one unless given.
        log: one line for each request; None: none.
        reload: loads a promoted model now (see Swapper.reload); None: models cannot be swapped here.
    """
    app = FastAPI(
        title="Rubricator",
        summary="Topics of client messages, for routing",
        description=DESCRIPTION,
        version=metadata.version("rubricator"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        separate_input_output_schemas=False,
    )
    state = State(predictor, settings, store, telemetry or Telemetry(), log, reload)
    app.state.rubricator = state
    routers = [part.router for part in (tags, conversations, feedback, model, health, metrics, documents)]
    for router in routers:
        app.include_router(router)
    problems.install(app, routers)
    app.add_middleware(Edge, state=state, quick=quick_tag)
    return app
