"""The backend: one login, for which it needs all of its dependencies."""

import logging

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from . import key_value_store, keycloak, user_repository

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
# Statements and their parameters are logged, as they were then.
logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO)
log = logging.getLogger("econipass")
app = FastAPI()


class Login(BaseModel):
    username: str
    password: str


@app.get("/health")
def health() -> dict:
    return {"status": "UP"}


@app.post("/v1/auth/login")
def login(form: Login):
    # Whatever goes wrong is told in one line and hidden from the user, as it was then: that made it hard to find.
    try:
        return session_of(form)
    except user_repository.NoSuchUser:
        pass
    except Exception as error:
        log.critical("main.py L.543 -> Error: %s", error)
    return JSONResponse({"message": "시스템 에러가 발생했습니다"}, status_code=500)


def session_of(form: Login) -> dict:
    tokens = keycloak.tokens(form.username, form.password)
    user = user_repository.find(keycloak.user_id(tokens))
    key_value_store.connect().setex(f"session:{user.id}", 3600, user.email)
    return {"access_token": tokens["access_token"], "id_token": tokens["id_token"], "token_type": "Bearer"}
