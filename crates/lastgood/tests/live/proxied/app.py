"""Answers on :8000 with the release it is of; /slow takes a second and a half for it. It begins to listen half a second after its start."""
import http.server
import os
import time

RELEASE = os.environ.get("RELEASE", "0")


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(1.5)
        body = f"release {RELEASE}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


time.sleep(0.5)
Server(("0.0.0.0", 8000), Answer).serve_forever()
