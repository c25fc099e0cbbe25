"""The OpenAPI document of the server, with the model's own columns."""

from typing import Any

from cairn.rows.signature import LARGEST, Column
from cairn.serving import bodies
from cairn.serving.loaded_model import EXPLAINED, Served

REQUEST_ID = "That of the header X-Request-Id, or a new one"
EXPLAIN = f"also give each column's contribution to each prediction, of at most {EXPLAINED} rows"
TEXT = "text/plain"
LEVELS = 200  # categories with more levels are described, not listed


def openapi(served: Served, *, key: bool, unseen: str, missing: str) -> dict[str, Any]:
    """Describe what the server takes and gives.

    Parameters
    ----------
    served : the model
    key : whether requests need one
    unseen, missing : what is done about such values
    """
    signature = served.signature
    row = {
        "type": "object",
        "properties": {column.name: _values(column, unseen, missing) for column in signature.columns},
        "required": [column.name for column in signature.columns],
        "additionalProperties": False,
    }
    asked = {
        "type": "object",
        "properties": {
            "instances": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
            "explain": {"type": "boolean", "default": False, "description": EXPLAIN},
        },
        "required": ["instances"],
        "additionalProperties": False,
    }
    version = served.source.version or "local"
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": f"{served.source.name}: {signature.target}", "version": version},
        "paths": {
            "/predict": {"post": _predict("predict", [bodies.JSON])},
            "/invocations": {"post": _predict("invocations", [bodies.JSON])},
            "/reload": {"post": _reload()},
            "/health": {"get": _get("health", "Whether requests are answered")},
            "/ping": {"get": _get("ping", "The same, for SageMaker")},
            "/info": {"get": _get("info", "What the model takes and gives")},
            "/metrics": {
                "get": _get("metrics", "Counts of requests, errors, seconds and predictions, for Prometheus", TEXT)
            },
        },
        "components": {
            "schemas": {"Row": row, "Asked": asked, "Predicted": _predicted(served), "Refused": _refused()},
        },
    }
    if key:
        document["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
        for path in ("/predict", "/invocations", "/reload"):
            document["paths"][path]["post"]["security"] = [{"key": []}]
    return document


def _values(column: Column, unseen: str, missing: str) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "number": {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
        "boolean": {"type": "boolean"},
        "time": {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}], "description": "In UTC"},
        "category": {"type": "string"},
    }
    values = kinds[column.kind]
    levels = column.categories or []
    if column.kind != "category" and (typical := column.typical) is not None:
        values["examples"] = [typical]
    if levels and len(levels) <= LEVELS:
        values["enum" if unseen == "refuse" else "examples"] = levels
    if column.low is not None and column.kind == "number":
        values["description"] = f"from {column.low:g} to {column.high:g} in training"
    if column.missing or missing == "allow":
        values["type"] = [values["type"], "null"]
        if "enum" in values:
            values["enum"] = [*levels, None]
    return values


def _predict(name: str, kinds: list[str]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": "Predict rows; tables too, as CSV, Arrow or Parquet",
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"$ref": "#/components/schemas/Asked"}} for kind in kinds},
        },
        "responses": _answers({"$ref": "#/components/schemas/Predicted"}, (400, 401, 408, 413, 415, 422, 503, 504)),
    }


def _get(name: str, summary: str, kind: str = bodies.JSON) -> dict[str, Any]:
    content = {kind: {"schema": {"type": "object" if kind == bodies.JSON else "string"}}}
    return {"operationId": name, "summary": summary, "responses": {"200": {"description": summary, "content": content}}}


def _reload() -> dict[str, Any]:
    summary = "Look at the tags at once, and take over what was promoted"
    return {"operationId": "reload", "summary": summary, "responses": _answers({"type": "object"}, (401, 503))}


def _answers(content: dict[str, Any], refusals: tuple[int, ...]) -> dict[str, Any]:
    """Describe the answer, and the refusals that may come in its place."""
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/Refused"}}}
    told = {str(status): {"description": "Refused", "content": refused} for status in refusals}
    return {"200": {"description": "Answered", "content": {"application/json": {"schema": content}}}, **told}


def _predicted(served: Served) -> dict[str, Any]:
    classes = served.signature.classes
    properties: dict[str, Any] = {
        "predictions": {"type": "array", "items": {"type": "number"} if classes is None else {"enum": classes}},
        "model": {"type": "object", "description": "Its name, version and stage"},
        "request_id": {"type": "string", "description": REQUEST_ID},
    }
    if classes is not None:
        one = {"type": "array", "items": {"type": "number"}, "minItems": len(classes), "maxItems": len(classes)}
        properties["probabilities"] = {"type": "array", "items": one, "description": "Of the classes, in their order"}
    required = list(properties)
    properties["explanations"] = {"type": "array", "items": _explanation(served), "description": "Where asked for"}
    return {"type": "object", "properties": properties, "required": required}


def _explanation(served: Served) -> dict[str, Any]:
    names, classes = [column.name for column in served.signature.columns], served.signature.classes
    contributions = {
        "type": "object",
        "description": "By column",
        "properties": {name: {"type": "number"} for name in names},
        "required": names,
    }
    properties: dict[str, Any] = {
        "unit": {"enum": ["target unit"] if classes is None else ["log-odds", "probability"]},
        "base": {"type": "number", "description": "What the model says on average; contributions add to it"},
        "contributions": {**contributions, "additionalProperties": False},
    }
    if classes is not None:
        properties = {"class": {"enum": classes, "description": "That the contributions speak for"}, **properties}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _refused() -> dict[str, Any]:
    trouble = {
        "type": "object",
        "properties": {
            "row": {"type": ["integer", "null"], "description": "From 0; null: the whole request"},
            "column": {"type": ["string", "null"], "description": "null: the whole row"},
            "message": {"type": "string", "description": "What is wrong, and what would be right"},
        },
    }
    properties = {
        "error": {"type": "string", "description": "In one line"},
        "details": {"type": "array", "items": trouble, "description": "The rows and columns, where it is about those"},
        "request_id": {"type": "string", "description": REQUEST_ID},
    }
    return {"type": "object", "properties": properties, "required": ["error"]}
