"""Users, with a vector of what they look at, in Postgres."""

import logging
import os
from functools import cache

from sqlalchemy import Engine, create_engine, text

log = logging.getLogger("econipass.user_repository")

SCHEMA = """
    CREATE EXTENSION IF NOT EXISTS vector;
    CREATE TABLE IF NOT EXISTS users (id serial PRIMARY KEY, email text UNIQUE NOT NULL, interests vector(3) NOT NULL);
    INSERT INTO users (email, interests) VALUES ('support@example.test', '[1,0,0]') ON CONFLICT DO NOTHING;
"""


class NoSuchUser(Exception):
    """No user has this id."""


@cache
def engine() -> Engine:
    made = create_engine(os.environ["DATABASE_URL"], connect_args={"connect_timeout": 3})
    with made.begin() as connection:
        connection.execute(text(SCHEMA))
    return made


def find(email: str):
    with engine().connect() as connection:
        query = text("SELECT id, email, interests <-> '[1,0,0]' AS distance FROM users WHERE email = :email")
        row = connection.execute(query, {"email": email}).first()
    if row is None:
        log.info("user_repository.py L.1525 No rows found.")
        raise NoSuchUser
    return row
