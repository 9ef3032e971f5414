"""A small shop: a cart that Redis keeps, orders that PostgreSQL keeps, files on a volume."""
import hashlib
import os
import pathlib
import time

import psycopg
import redis
from fastapi import FastAPI, Request, Response

app = FastAPI()
cache = redis.from_url(os.environ["REDIS_URL"], socket_timeout=5, socket_connect_timeout=5)
SECRET = os.environ["SESSION_SECRET"]
FILES = pathlib.Path("/files")


def database():
    return psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5)


@app.get("/health")
def health():
    return {"status": "up"}


@app.get("/api/cart")
def cart():
    return {"items": int(cache.get("cart") or 0)}


@app.post("/api/cart")
def put_into_cart():
    return {"items": cache.incr("cart")}


@app.get("/api/orders")
def orders():
    with database() as connection:
        return [{"id": number, "item": item} for number, item in connection.execute("SELECT id, item FROM orders LIMIT 20")]


@app.post("/api/orders")
def order():
    with database() as connection:
        connection.execute("INSERT INTO orders (item) VALUES ('lamp')")
    return {"ordered": "lamp"}


@app.post("/api/login")
def login(response: Response):
    session = hashlib.sha256(f"{SECRET}{time.time()}".encode()).hexdigest()
    cache.set(f"session:{session}", "1", ex=600)
    response.set_cookie("session", session)
    return {"user": "support"}


@app.post("/api/photos")
async def photo(request: Request):
    size = 0
    async for part in request.stream():
        size += len(part)
    return {"bytes": size}


@app.post("/api/receipts")
def receipt():
    (FILES / "receipt.txt").write_text("paid\n")
    return {"receipt": "written"}


@app.get("/api/report")
def report():
    time.sleep(float(os.environ.get("REPORT_SECONDS", "0.05")))
    return {"report": "done"}
