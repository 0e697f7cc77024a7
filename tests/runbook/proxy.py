"""A proxy on loopback in front of an emulated account. It denies or breaks one operation, answers what moto lacks, and asks moto for
each answer once, because the account does not change."""

import http.server
import json
import threading
import urllib.error
import urllib.parse
import urllib.request

DENIALS = {
    "json": json.dumps({"__type": "AccessDeniedException", "message": "not authorized"}).encode(),
    "xml": b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>",
    "ec2": b"<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>not authorized</Message></Error></Errors></Response>",
}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # With the default of 5, the kernel drops connections of a burst, and the client waits a second to try again.
    request_queue_size = 128


class Proxy:
    """`answers` has the whole answer of an operation in place of moto's, and `complete` changes moto's.

    `denied` is the operation that the caller lacks the right for, and `broken` has those that fail otherwise.
    """

    def __init__(self, upstream, answers, complete):
        self.upstream, self.answers, self.complete = upstream, answers, complete
        self.denied, self.broken, self.seen, self.known = None, set(), set(), {}
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                proxy.answer(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request, body):
        service, operation = called(request, body)
        self.seen.add((service, operation))
        if (service, operation) == self.denied:
            kind = "ec2" if service == "ec2" else "json" if "X-Amz-Target" in request.headers else "xml"
            return reply(request, 403 if kind != "json" else 400, DENIALS[kind])
        if (service, operation) in self.broken:
            return reply(request, 500, b"<html>broken</html>")
        if operation in self.answers:
            return reply(request, 200, json.dumps(self.answers[operation]).encode())
        question = (service, operation, request.path, body)
        if question not in self.known:
            self.known[question] = self.ask(request, body)
        reply(request, *self.known[question])

    def ask(self, request, body):
        headers = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "connection")}
        asked = urllib.request.Request(self.upstream + request.path, body or None, headers, method=request.command)
        try:
            with urllib.request.urlopen(asked) as answered:
                return answered.status, self.complete(called(request, body)[1], answered.read())
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def called(request, body):
    """Returns the service and the operation of a request: of a target header, or of a query in the body."""
    service = request.headers.get("Authorization", "////").split("/")[3]
    target = request.headers.get("X-Amz-Target")
    if target:
        return service, target.rsplit(".", 1)[-1]
    query = urllib.parse.parse_qs(body.decode(errors="replace"))
    return service, query.get("Action", [request.path])[0]


def reply(request, status, body):
    request.send_response(status)
    request.send_header("Content-Type", "application/x-amz-json-1.1" if body[:1] == b"{" else "text/xml")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
