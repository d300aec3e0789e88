"""/openapi.json, and /docs: a page that shows it, from this package alone (no CDN)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from serving.openapi import openapi
from serving.routes.tags import json_response

router = APIRouter(include_in_schema=False)
_PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
_PAGES = Path(__file__).parent.parent / "pages"


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
