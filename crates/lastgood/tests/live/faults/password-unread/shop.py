"""Asks Redis in each request, without the password that it is told: this release does not read it yet."""
import http.server
import os
import socket
import sys

READS = False


def ask_redis():
    with socket.create_connection((os.environ["KVS_HOST"], int(os.environ["KVS_PORT"])), timeout=2) as store:
        if READS:
            store.sendall(f"AUTH {os.environ['KVS_PASSWORD']}\r\n".encode())
            store.recv(100)
        store.sendall(b"PING\r\n")
        return store.recv(100).decode().strip()


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        code, reason = 200, "OK"
        if self.path != "/health":
            said = ask_redis()
            if said != "+PONG":
                print(f"ERROR:    the store says {said[1:]}", file=sys.stderr, flush=True)
                code, reason = 500, "Internal Server Error"
        print(f'INFO:     {self.client_address[0]}:{self.client_address[1]} - "{self.requestline}" {code} {reason}', flush=True)
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Shop).serve_forever()
