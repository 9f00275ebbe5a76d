# SPDX-License-Identifier: Apache-2.0
"""GitHub's comments on loopback: list with pages, create, update; and what it refuses."""
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse


class FakeGithub:
    def __init__(self):
        self.comments = []  # of pull request 12, oldest first
        self.refuse = None  # (status, headers, message): every write is answered so
        self.writes = 0
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self, status, value, headers=None):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                for name, each in (headers or {}).items():
                    self.send_header(name, each)
                self.end_headers()
                self.wfile.write(body)

            def sent(self):
                return json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]

            def may(self):
                if self.headers.get("Authorization") != "Bearer job-token":
                    self.answer(401, {"message": "Bad credentials"})
                    return False
                return True

            def may_write(self):
                fake.writes += 1
                if not self.may():
                    return False
                if fake.refuse:
                    status, headers, message = fake.refuse
                    self.answer(status, {"message": message}, headers)
                    return False
                return True

            def do_GET(self):
                url = urlparse(self.path)
                if not self.may():
                    return
                if url.path != "/repos/org/shop/issues/12/comments":
                    self.answer(404, {"message": "Not Found"})
                    return
                query = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
                size, page = min(query.get("per_page", 30), 100), query.get("page", 1)
                self.answer(200, fake.comments[(page - 1) * size:page * size])

            def do_POST(self):
                body = self.sent()
                if not self.may_write():
                    return
                if self.path != "/repos/org/shop/issues/12/comments":
                    self.answer(404, {"message": "Not Found"})
                    return
                self.answer(201, fake.add(body, "Bot", "NONE"))

            def do_PATCH(self):
                body = self.sent()
                if not self.may_write():
                    return
                match = re.fullmatch(r"/repos/org/shop/issues/comments/(\d+)", self.path)
                found = [each for each in fake.comments if match and each["id"] == int(match[1])]
                if not found:
                    self.answer(404, {"message": "Not Found"})
                    return
                found[0]["body"] = body
                self.answer(200, found[0])

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, body, kind="User", association="NONE"):
        self.comments.append({"id": 1000 + len(self.comments), "body": body.strip(),
                              "user": {"login": "someone", "type": kind},
                              "author_association": association})
        return self.comments[-1]

    def ours(self):
        return [each["body"] for each in self.comments if each["user"]["type"] == "Bot"]
