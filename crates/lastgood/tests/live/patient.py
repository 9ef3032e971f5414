"""A service that answers on :8000, and falls ill when a file in /state tells it to.

/state/die    it says what stands in the file, and ends with exit code 1
/state/eat    it takes more memory than it may have
/state/breed  a child of it does
/state/ill    its health check is answered with 503
"""
import http.server
import os
import pathlib
import signal
import sys
import threading
import time

STATE = pathlib.Path("/state")


def told(what):
    return (STATE / what).exists()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"ill\n" if told("ill") else b"well\n"
        self.send_response(503 if told("ill") else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def eat():
    taken = []
    while True:
        taken.append(b"x" * (4 << 20))


def listen_to_state():
    bred = False
    while True:
        time.sleep(0.1)
        if told("die"):
            print((STATE / "die").read_text(), file=sys.stderr, flush=True)
            os._exit(1)
        if told("eat"):
            eat()
        if told("breed") and not bred:
            bred = True
            if os.fork() == 0:
                eat()


# SIGTERM ends a first process only if it says how.
ends = os.environ.get("ENDS_WITH")
if ends is not None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(int(ends)))
threading.Thread(target=listen_to_state, daemon=True).start()
address = (os.environ.get("LISTEN", "0.0.0.0"), int(os.environ.get("PORT", "8000")))
http.server.ThreadingHTTPServer(address, Answer).serve_forever()
