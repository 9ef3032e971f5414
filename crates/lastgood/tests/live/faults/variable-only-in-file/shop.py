"""Answers with the price list that its environment names, and writes access lines as uvicorn does."""
import http.server
import os
import traceback


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        code, reason = 200, "OK"
        if self.path != "/health":
            try:
                os.environ["PRICE_LIST"]
            except KeyError:
                traceback.print_exc()
                code, reason = 500, "Internal Server Error"
        print(f'INFO:     {self.client_address[0]}:{self.client_address[1]} - "{self.requestline}" {code} {reason}', flush=True)
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Shop).serve_forever()
