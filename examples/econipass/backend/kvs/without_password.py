"""The key-value store that keeps sessions."""

import os

from redis import Redis


def connect() -> Redis:
    return Redis(host=os.environ["KVS_HOST"], port=int(os.environ.get("KVS_PORT", "6379")), socket_timeout=3)
