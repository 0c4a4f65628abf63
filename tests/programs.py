"""A program that uses the API, as tests play it: signed in with a bearer token, no cookies."""

import json
from typing import Any

from django.test import Client

from people.models import User
from people.services import tokens

API = "/api/v1/"


class Program:
    """Sends JSON to the API in the test's own process; signed in as `user`, or as nobody."""

    def __init__(self, user: User | None = None, *, token: str = "") -> None:
        self.client = Client()
        self.token = token
        self.refresh_token = ""
        if user is not None:
            new = tokens.NewToken()
            pair = tokens.start_family(user=user, token=new, address="127.0.0.1", request_id="")
            self.token, self.refresh_token = pair.access_token, pair.refresh_token

    def get(self, path: str, **query: object) -> Any:
        named: dict[str, Any] = query
        return self.client.get(API + path, named, headers=self._headers())

    def post(self, path: str, body: Any = None) -> Any:
        return self.send("POST", path, json.dumps(body).encode())

    def put(self, path: str, body: Any = None) -> Any:
        return self.send("PUT", path, json.dumps(body).encode())

    def send(
        self, method: str, path: str, body: bytes = b"", content_type: str = "application/json"
    ) -> Any:
        """Any bytes at all."""
        return self.client.generic(
            method, API + path, body, content_type=content_type, headers=self._headers()
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def error(response: Any) -> dict[str, Any]:
    """What a refusal said; and that it said it in the one shape."""
    body = response.json()
    assert set(body) == {"error"}, body
    said: dict[str, Any] = body["error"]
    assert {"code", "message", "request_id"} <= set(said), said
    assert said["message"]
    assert said["request_id"] == response.headers["X-Request-ID"]
    return said
