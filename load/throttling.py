"""A proxy in front of an emulated account. It throttles some ECS operations as ECS does, with a shared token bucket."""

import http.client
import http.server
import json
import os
import threading
import time
import urllib.parse


class Throttling:
    def __init__(self, *operations, burst, per_second):
        self.operations, self.burst, self.per_second = operations, burst, per_second
        self.tokens, self.filled_at, self.lock = burst, time.monotonic(), threading.Lock()
        self.let_through, self.refused = [], []  # pairs of operation and time

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"bucket": self}))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def takes(self, operation):
        """Takes a token. Returns whether there was one; operations without throttling need none."""
        if operation not in self.operations:
            return True
        with self.lock:
            now = time.monotonic()
            self.tokens = min(self.burst, self.tokens + (now - self.filled_at) * self.per_second)
            self.filled_at = now
            has = self.tokens >= 1
            self.tokens -= has
            (self.let_through if has else self.refused).append((operation, time.time()))
            return has


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if not self.bucket.takes(operation):
            said = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode()
            return self.answer(400, [("Content-Type", "application/x-amz-json-1.1")], said)
        account = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
        connection = http.client.HTTPConnection(account.hostname, account.port)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        self.answer(answer.status, answer.getheaders(), said)

    do_GET = do_PUT = do_DELETE = do_POST

    def answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
