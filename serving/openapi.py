"""The OpenAPI document: FastAPI's, said more exactly."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from data.taxonomy import Taxonomy
from serving.answers import Problem
from serving.edge import GUARDED

KEY_SCHEME = {"type": "http", "scheme": "bearer", "description": "a key made by: python -m serving keys make NAME"}
_SCHEMAS = "#/components/schemas/{model}"


def openapi(app: FastAPI) -> dict[str, Any]:
    """The document of an application, with the channels and topics of the model in service."""
    document = deepcopy(app.openapi())
    schemas = document["components"]["schemas"]
    schemas.update(models_json_schema([(Problem, "serialization")], ref_template=_SCHEMAS)[1]["$defs"])
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    document["components"]["securitySchemes"] = {"key": KEY_SCHEME}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if path.startswith(GUARDED):
                # An empty requirement: on the loopback address, while no key has been made, none is needed.
                operation["security"] = [{"key": []}, {}]
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _never_null(parameter["schema"])
    _name_known(document, app.state.rubricator.predictor.facts.taxonomy)
    return document


def _never_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is left out is not null: in an address or a header there is no null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {**{name: value for name, value in schema.items() if name != "anyOf"}, **kinds[0]}


def _name_known(document: Mapping[str, Any], taxonomy: Taxonomy) -> None:
    schemas = document["components"]["schemas"]
    if taxonomy.channels:
        for name in ("MessageIn", "ConversationIn"):
            channel = schemas[name]["properties"]["channel"]
            channel.pop("pattern", None)
            channel["enum"] = list(taxonomy.channels)
    schemas["FeedbackIn"]["properties"]["topic"]["enum"] = list(taxonomy.labels)
