"""The key-value store that keeps sessions. KVS_PASSWORD, empty meaning none: development has none, production has one."""

import os

from redis import Redis


def connect() -> Redis:
    return Redis(
        host=os.environ["KVS_HOST"],
        port=int(os.environ.get("KVS_PORT", "6379")),
        password=os.environ.get("KVS_PASSWORD") or None,
        socket_timeout=3,
    )
