"""A shop: /health, a page, and a login that its store has to agree to."""
import http.server
import json
import os
import socket
import sys

PORT = 8000


def store(*words):
    with socket.create_connection((os.environ["KVS_HOST"], int(os.environ["KVS_PORT"])), timeout=2) as store:
        store.sendall(("AUTH " + os.environ["KVS_PASSWORD"] + "\r\n" + " ".join(words) + "\r\n").encode())
        return store.recv(200).decode()


class Shop(http.server.BaseHTTPRequestHandler):
    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self):
        if self.path == "/me":
            known = self.headers["Authorization"] == "Bearer token-of-kim"
            return self.answer(200 if known else 401, json.dumps({"user": {"name": "kim"}} if known else {}))
        self.answer(200, "well")

    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if said["password"] != "smoke-password-of-kim":
            return self.answer(401, json.dumps({"detail": "wrong password"}))
        if not store("SET", "session", "kim").startswith("+OK"):
            return self.answer(500, json.dumps({"detail": "the store refuses"}))
        self.answer(200, json.dumps({"access_token": "token-of-kim"}))

    def log_message(self, text, *values):
        print(text % values, file=sys.stderr, flush=True)


http.server.ThreadingHTTPServer(("0.0.0.0", PORT), Shop).serve_forever()
