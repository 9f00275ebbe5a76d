#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The front of a Rekor v2 log on POSIX files, as operators put one before it: one address for both sides.

  front.py PORT SERVER_PORT FOLDER

GET /api/v2/checkpoint and /api/v2/tile/... are files of FOLDER, which Rekor's own server does not serve; all
else is asked of the server at 127.0.0.1:SERVER_PORT.

A front has faults of its own. POST /faults takes a JSON list; each of the next additions of an entry meets
one of them, in this order:

  {"status": 503, "headers": {"Retry-After": "1"}, "body": "..."}   answered here; Rekor hears nothing
  {"lost": true}                                                    Rekor adds it; its answer never arrives
  {"silent": true}                                                  nothing happens until the caller gives up
  {}                                                                no fault
"""
import http.client
import http.server
import json
import pathlib
import re
import sys
import threading

READABLE = re.compile(r"checkpoint|tile/(entries|\d{1,2})/(x\d{3}/)*\d{3}(\.p/\d{1,3})?")
ADDITIONS = "/api/v2/log/entries"
WITHIN = 30  # seconds; Rekor answers when a checkpoint covers the entry, or after 20
END_TO_END = ("content-type", "x-log-index", "retry-after")  # what of its headers is passed on


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_port = None
    folder = None
    faults = []
    lock = threading.Lock()

    def log_message(self, *_):
        pass

    def answer(self, code, body, headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        wanted = self.path.removeprefix("/api/v2/")
        if not READABLE.fullmatch(wanted):
            return self.forward(b"")
        try:
            text = (self.folder / wanted).read_bytes()
        except OSError:
            return self.answer(404, b"not yet\n", {"Content-Type": "text/plain"})
        return self.answer(200, text, {"Content-Type": "application/octet-stream"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/faults":
            with self.lock:
                self.faults[:] = json.loads(body)
            return self.answer(204, b"", {})
        fault = {}
        with self.lock:
            if self.path == ADDITIONS and self.faults:
                fault = self.faults.pop(0)
        if "status" in fault:
            return self.answer(fault["status"], fault.get("body", "").encode(), fault.get("headers", {}))
        if fault.get("silent"):
            self.connection.recv(1)  # ends when the caller closes
            self.close_connection = True
            return None
        return self.forward(body, lost=fault.get("lost", False))

    def forward(self, body, lost=False):
        upstream = http.client.HTTPConnection("127.0.0.1", self.server_port, timeout=WITHIN)
        headers = {name: self.headers[name] for name in ("Content-Type", "Accept") if name in self.headers}
        try:
            upstream.request(self.command, self.path, body or None, headers)
            reply = upstream.getresponse()
            text = reply.read()
        except OSError:
            return self.answer(502, b"the log does not answer\n", {"Content-Type": "text/plain"})
        finally:
            upstream.close()
        if lost:
            self.close_connection = True
            return None
        return self.answer(reply.status, text, {name: reply.headers[name] for name in END_TO_END if name in reply.headers})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def main(words):
    if len(words) != 3:
        sys.exit(__doc__)
    Front.server_port, Front.folder = int(words[1]), pathlib.Path(words[2])
    Server(("127.0.0.1", int(words[0])), Front).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
