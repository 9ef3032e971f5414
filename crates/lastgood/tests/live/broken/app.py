"""Answers on :8000 with the release it is of; /slow takes a second and a half for it. What is wrong with a release stands in SICK."""
import http.server
import os
import sys
import time

RELEASE, SICK = os.environ["RELEASE"], os.environ["SICK"]
BEGAN = time.monotonic()


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(1.5)
        ill = SICK == "500" or SICK == "later" and time.monotonic() > BEGAN + 8
        body = "no price list\n" if ill else f"release {RELEASE}\n"
        self.send_response(500 if ill else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


if SICK == "ends":
    sys.exit("no such table: prices")
time.sleep(0.5)
Server(("0.0.0.0", 8001 if SICK == "port" else 8000), Answer).serve_forever()
