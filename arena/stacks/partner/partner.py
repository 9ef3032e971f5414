"""Somebody outside: takes payments, and knows its own name. It fails while /tmp/failing is there, and tells no names while /tmp/mute is."""
import http.server
import os
import socket
import threading

OWN = socket.gethostbyname(socket.gethostname())


class Payments(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if os.path.exists("/tmp/failing") else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def names():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("", 53))
    while True:
        query, whom = server.recvfrom(512)
        if os.path.exists("/tmp/mute"):
            continue
        end = query.index(b"\0", 12) + 5
        known = b"\3pay\7partner\7example" in query[12:end].lower()
        address = known and query[end - 4 : end - 2] == b"\0\1"
        answer = query[:2] + (b"\x81\x80" if known else b"\x81\x83") + b"\0\1" + (b"\0\1" if address else b"\0\0") + b"\0" * 4 + query[12:end]
        if address:
            answer += b"\xc0\x0c\0\1\0\1\0\0\0\5\0\4" + socket.inet_aton(OWN)
        server.sendto(answer, whom)


threading.Thread(target=names, daemon=True).start()
http.server.ThreadingHTTPServer(("", 8080), Payments).serve_forever()
