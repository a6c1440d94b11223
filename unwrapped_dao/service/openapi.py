"""The OpenAPI 3.1 document of a validator, made from the types on the wire; tests compare it with the routes."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec

from .wire import PROBLEM, Answer, Ask, KeyRecord, Problem

SEALED_REQUEST = "application/vnd.unwrapped-dao.sealed-request"
SEALED_ANSWER = "application/vnd.unwrapped-dao.sealed-answer"
_SPECIFICATION = "docs/spec/sealed-request.md"


class Health(msgspec.Struct, frozen=True):
    """Whether it takes requests, and how many wait."""

    status: str
    waiting: int


def document(max_request_bytes: int) -> dict[str, Any]:
    """The document, as JSON-ready values."""
    types = (KeyRecord, Health, Problem, Ask, Answer)
    (record, health, problem, ask, answer), components = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    components |= {"Ask": ask, "Answer": answer}

    def refusal(description: str) -> dict[str, Any]:
        return {"description": description, "content": {PROBLEM: {"schema": problem}}}

    def gives(description: str, media: str, schema: dict[str, Any]) -> dict[str, Any]:
        return {"description": description, "content": {media: {"schema": schema}}}

    sealed = {"type": "string", "format": "binary", "maxLength": max_request_bytes}
    later = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "unwrapped-dao validator",
            "version": version("unwrapped-dao"),
            "license": {"name": "MIT", "identifier": "MIT"},
            "description": "Checks a member's contribution and attests it. Requests and answers are sealed "
            f"({_SPECIFICATION}): their plaintexts are the schemas Ask and Answer, and records and envelope follow an "
            "Ask. Refusals of the data are answers (200), so that nobody on the way can tell them from attestations.",
        },
        "paths": {
            "/v1/validator": {
                "get": {
                    "operationId": "keyRecord",
                    "summary": "The encryption key, vouched for by the validator's account",
                    "responses": {"200": gives("The record", "application/json", record)},
                }
            },
            "/v1/requests": {
                "post": {
                    "operationId": "request",
                    "summary": "One sealed request; again it gets the same answer and counts once",
                    "requestBody": {"required": True, "content": {SEALED_REQUEST: {"schema": sealed}}},
                    "responses": {
                        "200": gives("A sealed answer", SEALED_ANSWER, {"type": "string", "format": "binary"}),
                        "400": refusal("Not a sealed request that this validator's key opens; `kind` is its class"),
                        "408": refusal("It took too long to arrive"),
                        "411": refusal("It has to state its length"),
                        "413": refusal("It is larger than this validator takes"),
                        "415": refusal("It has to be of the media type above"),
                        "429": refusal("Too many requests from this address") | {"headers": later},
                        "500": refusal("A mistake of the validator"),
                        "503": refusal("Busy, or shutting down") | {"headers": later},
                    },
                }
            },
            "/v1/health": {
                "get": {
                    "operationId": "health",
                    "summary": "Whether it takes requests",
                    "responses": {"200": gives("It does", "application/json", health)},
                }
            },
            "/openapi.json": {
                "get": {
                    "operationId": "openapi",
                    "summary": "This document",
                    "responses": {"200": gives("OpenAPI 3.1", "application/json", {"type": "object"})},
                }
            },
        },
        "components": {"schemas": components},
    }
