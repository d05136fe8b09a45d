"""Calling the API in a test: one caller per account, JSON in and out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dispatcher.domain.roles import Account, Role
from dispatcher.services import accounts
from tests.builders import Town, Volunteer

PROBLEM = "application/problem+json"


@dataclass
class Caller:
    """Somebody with a token."""

    client: FlaskClient
    token: str | None
    account: Account | None = None

    @classmethod
    def of(cls, client: FlaskClient, town: Town, account: Account) -> "Caller":
        return cls(client, accounts.issue_token(town.house, account.user_id, "test"), account)

    @classmethod
    def as_role(
        cls, client: FlaskClient, town: Town, role: Role, volunteer: Volunteer | None = None
    ) -> "Caller":
        """A new account of that role; a practitioner's is of `volunteer`, or of a new one."""
        if role == Role.PRACTITIONER and volunteer is None:
            volunteer = town.volunteer()
        return cls.of(client, town, town.account(role, volunteer))

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        data: str | bytes | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """`path` is relative to /api/v1, `body` goes as JSON, `key` is an Idempotency-Key."""
        sent = dict(headers or {})
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        if key is not None:
            sent["Idempotency-Key"] = key
        return self.client.open(f"/api/v1{path}", method=method, headers=sent, json=body, data=data)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> TestResponse:
        return self.call("GET", path, headers=headers)

    def post(
        self,
        path: str,
        body: object = None,
        *,
        data: str | bytes | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        return self.call("POST", path, body, data=data, key=key, headers=headers)

    def delete(self, path: str) -> TestResponse:
        return self.call("DELETE", path)


def problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The body of a refusal, after checking what every refusal promises."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == PROBLEM
    body: dict[str, Any] = answer.get_json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"].endswith(f"/problems/{code}")
    assert body["title"]
    assert body["detail"].endswith((".", "»."))
    return body


def faults(answer: TestResponse) -> dict[str, str]:
    """The sentences of a 422 by field."""
    return {fault["field"]: fault["message"] for fault in problem(answer, 422, "invalid")["errors"]}
