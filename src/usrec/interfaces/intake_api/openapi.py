"""The OpenAPI 3.1 document of the intake: served at ``/v1/openapi.json``, published in ``schemas/intake``."""

from __future__ import annotations

from typing import Any, Final

from usrec.domain.rules.event_schema import SCHEMA_ID
from usrec.domain.state import State
from usrec.interfaces.intake_api.problem import CONTENT_TYPE
from usrec.interfaces.intake_api.request import Batch

VERSION: Final = "1.0.0"
"""The middle number is raised by what is added, the first by what breaks a sender."""

_PROBLEMS: Final = {
    "400": "It is no JSON, or no Idempotency-Key was sent",
    "401": "No token, or none that the settings know",
    "404": "This source has sent no such event",
    "408": "The request did not come to its end in time",
    "409": "The Idempotency-Key was used for a request with other content",
    "413": "The request is too large",
    "415": "The content is not application/json",
    "422": "The request is not of the form that is told here, or has events of an employer who is not this token's",
    "429": "Too many requests; Retry-After says when to come again",
    "503": "The ledger cannot be written now; nothing was kept, send it again",
}
_STATES: Final = (
    "received",
    *(state.value for state in State),
    "conflict",
)
_LINKS: Final = {
    "firstEvent": {"operationId": "getEvent", "parameters": {"path.id": "$response.body#/events/0/id"}},
}
_TEXT: Final = {"type": "string"}
_MAYBE: Final = {"type": ["string", "null"]}
_MOMENT: Final = {"type": "string", "format": "date-time"}
_MAYBE_MOMENT: Final = {"type": ["string", "null"], "format": "date-time"}


def openapi_document(most_events: int) -> dict[str, Any]:
    """The whole document.

    Args:
        most_events: In one request.
    """
    schemas = Batch.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = schemas.pop("$defs")
    schemas["properties"]["events"]["maxItems"] = most_events
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Intake of usrec-agent",
            "version": VERSION,
            "description": "HR systems send contract events here. Fields of a payload: docs/reference/events.md, "
            f"and the JSON Schema {SCHEMA_ID}. docs/how-to/http-intake.md tells the rest.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": {
            "/v1/events": {"post": _post()},
            "/v1/events/{id}": {"get": _get()},
            "/v1/openapi.json": {"get": _self()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Batch": schemas, **parts, "Received": _received(), "Event": _event(), "Problem": _problem()},
        },
    }


def _post() -> dict[str, Any]:
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "Your own key of the request: send it again after a doubt, and it is answered as the first time",
        "schema": {"type": "string", "pattern": "^[!-~]{1,100}$"},
    }
    return {
        "operationId": "sendEvents",
        "summary": "Send events; the answer comes when they are durable",
        "parameters": [key],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("Batch")}}},
        "responses": {
            "202": {**_json("They are kept, and will be checked and registered", "Received"), "links": _LINKS},
            **_problems("400", "401", "408", "409", "413", "415", "422", "429", "503"),
        },
    }


def _get() -> dict[str, Any]:
    path = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    return {
        "operationId": "getEvent",
        "summary": "What became of an event",
        "parameters": [path],
        "responses": {"200": _json("The event", "Event"), **_problems("401", "404", "429", "503")},
    }


def _self() -> dict[str, Any]:
    schema = {"type": "object"}
    told = {"description": "This document", "content": {"application/json": {"schema": schema}}}
    return {"operationId": "getDocument", "summary": "This document", "security": [], "responses": {"200": told}}


def _received() -> dict[str, Any]:
    one = {
        "type": "object",
        "required": ["id", "event_id", "revision"],
        "properties": {"id": {"type": "string", "format": "uuid"}, "event_id": _TEXT, "revision": {"type": "integer"}},
    }
    return {"type": "object", "required": ["events"], "properties": {"events": {"type": "array", "items": one}}}


def _event() -> dict[str, Any]:
    properties = {
        "id": {"type": "string", "format": "uuid"},
        "event_id": _TEXT,
        "revision": {"type": "integer"},
        "state": {"type": "string", "enum": list(_STATES)},
        "code": {**_TEXT, "description": "Response code of USREC"},
        "message": {**_TEXT, "description": "What became of it, in the language of the source"},
        "findings": {"type": "array", "items": {"type": "object"}, "description": "What to mend"},
        "contract_id": _MAYBE,
        "record_id": _MAYBE,
        "legal_date": {"type": ["string", "null"], "format": "date"},
        "received_at": _MOMENT,
        "taken_at": _MAYBE_MOMENT,
        "noted_at": _MAYBE_MOMENT,
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _problem() -> dict[str, Any]:
    fault = {"type": "object", "required": ["pointer", "detail"], "properties": {"pointer": _TEXT, "detail": _TEXT}}
    properties = {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "errors": {"type": "array", "items": fault},
    }
    return {"type": "object", "required": ["type", "title", "status", "detail"], "properties": properties}


def _problems(*codes: str) -> dict[str, Any]:
    return {code: _json(_PROBLEMS[code], "Problem", CONTENT_TYPE) for code in codes}


def _json(description: str, schema: str, content_type: str = "application/json") -> dict[str, Any]:
    return {"description": description, "content": {content_type: {"schema": _ref(schema)}}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
