"""The API's description in OpenAPI 3.1, written from the operations and their shapes."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from dispatcher.api import problems
from dispatcher.api.examples import EXAMPLES
from dispatcher.api.operations import Operation
from dispatcher.api.shapes import ProblemShape
from dispatcher.domain.roles import Role
from dispatcher.services.commands import PublishSlot

REFERENCE = "#/components/schemas/{model}"
JSON = "application/json"
PREFIX = "/api/v1"
VERSION = "1.0.0"
Json = dict[str, Any]

ABOUT = """\
Takes requests for unscheduled care, finds and books the best published slot of the territory, and
tells what became of them.

Codes are the national nomenclatures': professions TRE_G15, specialities TRE_R38, modality AMB / HH
/ VR, visibility PUBLIC / PRO / SNP / CPTS. Instants are ISO 8601 with an offset; any offset is
taken, the territory's is given. Everything is seen from the token's territory: what belongs to
another answers 404.

Every refusal is an RFC 9457 problem whose `type` ends in its `code`; `errors` name the field by its
dotted path. Sentences are French and meant for the person at the screen. A refusal changed nothing.
"""

_KEY_PARAMETER: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "Any text of 1 to 200 characters that is new for each thing to be done. The same call"
        " repeated under its key makes nothing new and answers the same; another call under a used"
        " key is refused with `idempotency-key-reused`. Refused calls do not use their key up."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
_MEANINGS: dict[str, tuple[str, ...]] = {
    "400": ("malformed-json", "malformed-request"),
    "401": ("unauthorized",),
    "403": ("forbidden",),
    "404": ("not-found",),
    "413": ("too-large",),
    "415": ("unsupported-media-type",),
    "429": ("too-many-calls",),
    "500": ("internal-error",),
    "503": ("unavailable",),
}


@cache
def as_json(operations: tuple[Operation, ...]) -> str:
    """The whole description."""
    return json.dumps(describe(operations), ensure_ascii=False)


def describe(operations: Sequence[Operation]) -> Json:
    """The description as JSON values."""
    references, schemas = _schemas(operations)
    paths: dict[str, Json] = {}
    for operation in operations:
        path = paths.setdefault(PREFIX + operation.template, {})
        path[operation.method.lower()] = _operation(operation, references)
    paths[f"{PREFIX}/openapi.json"] = {"get": _own_description()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Relais SNP", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token of an account: `Authorization: Bearer snp_…`.",
                }
            },
            "parameters": {"IdempotencyKey": _KEY_PARAMETER},
        },
    }


References = dict[tuple[type[BaseModel], JsonSchemaMode], Json]


def _schemas(operations: Iterable[Operation]) -> tuple[References, Json]:
    """Where each shape is described, and the descriptions."""
    shapes: list[tuple[type[BaseModel], JsonSchemaMode]] = [(ProblemShape, "serialization")]
    for operation in operations:
        if operation.command is not None:
            shapes.append((operation.command, "validation"))
        shapes.append((operation.answered_shape, "serialization"))
    references, document = models_json_schema(
        list(dict.fromkeys(shapes)), ref_template=REFERENCE, schema_generator=GenerateJsonSchema
    )
    described = {
        (shape, mode): reference
        for (shape, mode), reference in references.items()
        if issubclass(shape, BaseModel)
    }
    return described, document["$defs"]


def _operation(operation: Operation, references: References) -> Json:
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": _prose(operation),
        "parameters": _parameters(operation),
        "responses": _responses(operation, references),
    }
    if operation.command is not None:
        described["requestBody"] = {
            "required": True,
            "content": {
                JSON: {
                    "schema": references[operation.command, "validation"],
                    "example": EXAMPLES[operation.command],
                }
            },
        }
    return described


def _prose(operation: Operation) -> str:
    """What the view says of itself, and for whom it is."""
    said = " ".join((operation.view.__doc__ or "").split())
    roles = ", ".join(role.value for role in Role if role in operation.roles)
    return f"{said}\n\nRoles: {roles}."


def _parameters(operation: Operation) -> list[Json]:
    parameters: list[Json] = []
    if operation.has_id:
        uuid = {"type": "string", "format": "uuid"}
        parameters.append({"name": "id", "in": "path", "required": True, "schema": uuid})
    if operation.query is not None:
        parameters += _query_parameters(operation.query)
    if operation.is_idempotent_by_key:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    return parameters


def _query_parameters(query: type[BaseModel]) -> list[Json]:
    schema = query.model_json_schema()
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": _inlined(field, schema),
        }
        for name, field in schema["properties"].items()
    ]


def _inlined(field: Json, schema: Json) -> Json:
    """A parameter's schema without references into the query's own definitions."""
    definitions = schema.get("$defs", {})

    def resolve(node: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(node, dict):
            if "$ref" in node:
                return resolve(definitions[node["$ref"].rpartition("/")[2]])
            return {name: resolve(value) for name, value in node.items()}
        if isinstance(node, list):
            return [resolve(value) for value in node]
        return node

    inlined: Json = resolve(field)
    return inlined


def _responses(operation: Operation, references: References) -> Json:
    schema = references[operation.answered_shape, "serialization"]
    if operation.answers_a_list:
        schema = {"type": "array", "items": schema}
    success: Json = {"description": "Done.", "content": {JSON: {"schema": schema}}}
    if operation.headers:
        success["headers"] = {
            name: {"description": said, "schema": {"type": "string"}}
            for name, said in operation.headers
        }
    codes: dict[str, tuple[str, ...]] = {
        status: _MEANINGS[status] for status in ("401", "403", "429", "500", "503")
    }
    if operation.has_id or operation.query is not None or operation.command is PublishSlot:
        codes["404"] = _MEANINGS["404"]
    if operation.command is not None:
        codes |= {status: _MEANINGS[status] for status in ("400", "413", "415")}
    invalid = ("invalid",) if operation.command or operation.query else ()
    codes["422"] = (*operation.refusals, *invalid)
    if operation.is_idempotent_by_key:
        codes["422"] += ("idempotency-key-reused",)
    if operation.conflicts:
        codes["409"] = operation.conflicts
    refusals = {
        status: _problem_response(said, references) for status, said in codes.items() if said
    }
    return {str(operation.status): success} | dict(sorted(refusals.items()))


def _problem_response(codes: Sequence[str], references: References) -> Json:
    names = ", ".join(f"`{code}`" for code in codes)
    response: Json = {
        "description": f"Problem {names}.",
        "content": {problems.MIMETYPE: {"schema": references[ProblemShape, "serialization"]}},
    }
    if {"unavailable", "too-many-calls"} & set(codes):
        response["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
        }
    if "unauthorized" in codes:
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return response


def _own_description() -> Json:
    return {
        "operationId": "openapi",
        "summary": "This description",
        "security": [],
        "responses": {"200": {"description": "OpenAPI 3.1.", "content": {JSON: {"schema": {}}}}},
    }
