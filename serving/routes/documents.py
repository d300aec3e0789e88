"""/openapi.json, and /docs: a page that shows it, from this package alone (no CDN)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from pydantic.json_schema import models_json_schema
from starlette.responses import HTMLResponse, RedirectResponse, Response

from serving.answers import Problem
from serving.limits import GUARDED
from serving.routes.tags import json_response

router = APIRouter(include_in_schema=False)
_PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
KEY_SCHEME = {"type": "http", "scheme": "bearer", "description": "a key made by: python -m serving keys make NAME"}
_PAGES = Path(__file__).parent.parent / "pages"


def openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application, with the schema of problems in it and without FastAPI's own form of errors."""
    if not app.openapi_schema:
        document = app.openapi()
        _, problems = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
        schemas = document["components"]["schemas"]
        schemas.update(problems["$defs"])
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        document["components"]["schemas"] = dict(sorted(schemas.items()))
        document["components"]["securitySchemes"] = {"key": KEY_SCHEME}
        for path, methods in document["paths"].items():
            if path.startswith(GUARDED):
                for operation in methods.values():
                    # An empty requirement: on the loopback address, while no key has been made, none is needed.
                    operation["security"] = [{"key": []}, {}]
    return app.openapi_schema or {}


@router.get("/openapi.json")
async def document(request: Request) -> Response:
    """The OpenAPI document."""
    return json_response(openapi(request.app))


@router.get("/docs")
async def page() -> Response:
    """A page for people over /openapi.json."""
    return HTMLResponse(_asset("docs.html"), headers={"content-security-policy": _PAGE_POLICY})


@router.get("/docs/docs.js")
async def script() -> Response:
    """The page's script."""
    return Response(_asset("docs.js"), media_type="text/javascript")


@router.get("/docs/docs.css")
async def style() -> Response:
    """The page's style."""
    return Response(_asset("docs.css"), media_type="text/css")


@router.get("/")
async def root() -> Response:
    """To the page."""
    return RedirectResponse("/docs")


@cache
def _asset(name: str) -> bytes:
    return (_PAGES / name).read_bytes()
