"""Hands out tokens to whoever knows the password, as GHCR and others do: python3 tokens.py ADDRESS USER PASSWORD REPOSITORY.

In the working directory lie key.pem and cert.pem, which the registry trusts. Whoever comes without a login gets a token for nothing, as a
stranger does elsewhere. What is signed is a JSON Web Token (RFC 7519), by the machine's own `openssl`.
"""

import base64
import http.server
import json
import subprocess
import sys
import time
import urllib.parse

ADDRESS, USER, PASSWORD, REPOSITORY = sys.argv[1:]
HOST, PORT = ADDRESS.rsplit(":", 1)


def packed(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def token(who, access, service):
    certificate = "".join(open("cert.pem").read().split("-----")[2].split())
    now = int(time.time())
    header = {"typ": "JWT", "alg": "RS256", "x5c": [certificate]}
    claims = {"iss": "live", "sub": who, "aud": service, "exp": now + 300, "nbf": now - 10, "iat": now,
              "jti": str(time.time_ns()), "access": access}
    said = b".".join(packed(json.dumps(part).encode()) for part in (header, claims))
    sign = ["openssl", "dgst", "-sha256", "-sign", "key.pem"]
    signature = subprocess.run(sign, input=said, stdout=subprocess.PIPE, check=True).stdout
    return (said + b"." + packed(signature)).decode()


class Tokens(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        self.give(asked.get("scope", []), asked.get("service", ["live"])[0], self.headers.get("Authorization"))

    def do_POST(self):
        # Docker tries OAuth first where it has a login, and does as before where there is none.
        self.answer(404, {})

    def give(self, scopes, service, login):
        who = ""
        if login:
            user, _, password = base64.b64decode(login.split(" ", 1)[1]).decode().partition(":")
            if password != PASSWORD:
                return self.answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})
            who = user
        access = []
        for scope in " ".join(scopes).split():
            kind, name, _ = scope.split(":", 2)
            if who == USER and name == REPOSITORY:
                access.append({"type": kind, "name": name, "actions": ["pull"]})
        self.answer(200, {"token": token(who, access, service)})

    def answer(self, status, what):
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer((HOST, int(PORT)), Tokens).serve_forever()
