"""A cart that Redis keeps, by redis-py: which version of it, PYTHONPATH says."""
import http.server
import logging
import os

import redis

store = redis.from_url(os.environ["STORE_URL"])


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status, body = 200, str(store.incr("cart")).encode()
        except Exception as error:
            logging.critical("cart -> Error: %s", error)
            status, body = 500, b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("", 8000), Answer).serve_forever()
