"""Calling the API in a test: one caller per account, JSON in and out."""

from dataclasses import dataclass, field
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
    headers: dict[str, str] = field(default_factory=dict)

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

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        """`path` is relative to /api/v1; `key` is an Idempotency-Key."""
        headers = self.headers | options.pop("headers", {})
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if (key := options.pop("key", None)) is not None:
            headers["Idempotency-Key"] = key
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        if body is not None:
            options["json"] = body
        return self.call("POST", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.call("DELETE", path, **options)


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
