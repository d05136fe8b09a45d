"""The API's room. It guards itself by bearer tokens: whoever registers it need not."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import Blueprint, Response, current_app, request
from pydantic import BaseModel

from dispatcher.api import openapi, problems
from dispatcher.api.call import Call
from dispatcher.api.operations import Operation
from dispatcher.api.table import OPERATIONS
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.roles import Account
from dispatcher.services.accounts import account_of_token
from dispatcher.services.house import House
from dispatcher.services.idempotency import KEY_LENGTH, CallKey
from dispatcher.services.parsing import parse_json, parse_query

M = TypeVar("M", bound=BaseModel)
JSON = "application/json"
KEY_HEADER = "Idempotency-Key"


def _serve(operation: Operation) -> Callable[..., Response]:
    """The view that Flask calls: authorise, parse, call, write."""

    def serve(**ids: UUID) -> Response:
        house: House = current_app.extensions["house"]
        account = _authorised(house, operation)
        asked: dict[str, Any] = dict(ids)
        if operation.query is not None:
            asked["query"] = parse_query(operation.query, request.args.to_dict())
        if operation.command is not None:
            asked["command"] = _command(operation, operation.command, house, account)
        call = Call(house, account, _key(operation, account), request.base_url)
        answer = operation.answer.dump_json(operation.view(call, **asked))
        return Response(answer, operation.status, call.headers, mimetype=JSON)

    return serve


def _authorised(house: House, operation: Operation) -> Account:
    """The account behind the token. Raises TokenRefusedError, RoleRefusedError."""
    header = request.authorization
    if header is None or header.type != "bearer" or not header.token:
        raise problems.TokenRefusedError(presented=False)
    account = account_of_token(house, header.token)
    if account is None:
        raise problems.TokenRefusedError(presented=True)
    if account.role not in operation.roles:
        raise problems.RoleRefusedError
    return account


def _command(operation: Operation, shape: type[M], house: House, account: Account) -> M:
    """The body as a command. Raises MediaTypeRefusedError, MalformedError, InvalidError."""
    if not request.is_json:
        raise problems.MediaTypeRefusedError
    try:
        return parse_json(shape, request.get_data())
    except InvalidError as error:
        given = request.get_json()
        if operation.all_faults is None or not isinstance(given, dict):
            raise
        raise InvalidError(operation.all_faults(house, account, given, error.fields)) from None


def _key(operation: Operation, account: Account) -> CallKey | None:
    key = request.headers.get(KEY_HEADER)
    if key is None or not operation.is_idempotent_by_key:
        return None
    if not 0 < len(key) <= KEY_LENGTH:
        raise InvalidError({KEY_HEADER: f"Cette clé doit avoir de 1 à {KEY_LENGTH} caractères."})
    return CallKey.of(account.user_id, key, request.method, request.path, request.get_data())


def _description() -> Response:
    """The description of the API, for anybody."""
    return Response(openapi.as_json(OPERATIONS), mimetype=JSON)


def _room() -> Blueprint:
    made = Blueprint("api", __name__, url_prefix="/api/v1")
    for operation in OPERATIONS:
        made.add_url_rule(
            operation.path,
            endpoint=operation.name,
            view_func=_serve(operation),
            methods=[operation.method],
        )
    made.add_url_rule("/openapi.json", endpoint="openapi", view_func=_description)
    problems.install(made)
    return made


room = _room()
