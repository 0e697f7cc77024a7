"""The servers for both functions, on the loopback interface: Lambda's Runtime API, and an AWS account behind TLS."""

import collections
import contextlib
import json
import pathlib
import queue
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

REGION, ACCOUNT = "eu-west-1", "111122223333"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:logweir-remediator"


def serve(answer, tls=None):
    """Serves `answer(method, path, headers, body) -> (status, headers, body)` from threads, and returns the port.
    Python's own HTTP server is not used, because it needs more time for a request than one of the two functions."""
    listener = socket.create_server(("127.0.0.1", 0))

    def work():
        while True:
            connection, _ = listener.accept()
            converse(connection, answer, tls)

    for _ in range(8):  # more than the connections of one process, so no request waits for a thread to start
        threading.Thread(target=work, daemon=True).start()
    return listener.getsockname()[1]


def converse(connection, answer, tls):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with contextlib.suppress(OSError), contextlib.closing(connection):
        if tls:
            connection = tls.wrap_socket(connection, server_side=True)
        reader = connection.makefile("rb")
        while request := reader.readline():
            method, path, _ = request.decode().split(" ", 2)
            headers = {}
            while (line := reader.readline().decode().strip()):
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = reader.read(int(headers.get("content-length", 0)))
            reply = answer(method, path, headers, body)
            if reply is None:
                return
            status, headers, body = reply
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            connection.sendall(f"HTTP/1.1 {status} -\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body)


class RuntimeApi:
    """Lambda's Runtime API. Records when the function polls, receives an event and answers, in nanoseconds (`monotonic_ns`)."""

    def __init__(self):
        self.port = serve(self.answer)

    def reset(self):
        self.events = queue.SimpleQueue()
        self.polled, self.finished = threading.Event(), threading.Event()
        self.first_poll, self.given, self.answered, self.answers = None, [], [], []

    def deliver(self, events):
        self.expected = len(events)
        for event in events:
            self.events.put(json.dumps(event).encode())

    def release(self):
        """Ends the last poll, after its function has ended."""
        self.events.put(None)

    def answer(self, method, path, headers, body):
        now = time.monotonic_ns()
        if method == "GET":
            return self.next(now)
        self.answered.append(now)
        self.answers.append((path.rpartition("/")[2], json.loads(body)))
        return 202, {}, b""

    def next(self, now):
        if self.first_poll is None:
            self.first_poll = now
            self.polled.set()
        elif len(self.answers) == self.expected:
            self.finished.set()
        event = self.events.get()
        if event is None:
            return None
        headers = {
            "content-type": "application/json",
            "lambda-runtime-aws-request-id": f"8476a536-e9f4-11e8-9739-{len(self.given):012x}",
            "lambda-runtime-deadline-ms": str(int((time.time() + 60) * 1000)),
            "lambda-runtime-invoked-function-arn": FUNCTION_ARN,
            "lambda-runtime-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        }
        self.given.append(time.monotonic_ns())
        return 200, headers, event


class Account:
    """ECS, CloudWatch Logs and DynamoDB, with the operations that the functions call. Counts the calls by operation."""

    def __init__(self, task_definitions, log_groups, certificate):
        self.task_definitions = {each["taskDefinitionArn"]: each for each in task_definitions}
        self.log_groups = {each["logGroupName"]: each for each in log_groups}
        self.items = {}
        self.calls = collections.Counter()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        self.port = serve(self.answer, tls)

    def answer(self, method, path, headers, body):
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        self.calls[operation] += 1
        reply = getattr(self, operation, lambda _: None)(json.loads(body))
        status = 200 if reply else 400
        reply = json.dumps(reply or {"__type": "InvalidParameterException"})
        return status, {"content-type": "application/x-amz-json-1.1"}, reply.encode()

    def ListAccountSettings(self, request):
        return {"settings": [{"name": request["name"], "value": "non-blocking", "type": "user"}]}

    def GetItem(self, request):
        item = self.items.get(key(request["Key"]))
        return {"Item": item} if item else {"ConsumedCapacity": {}}

    def PutItem(self, request):
        self.items[key(request["Item"])] = request["Item"]
        return {"ConsumedCapacity": {}}

    def DescribeTaskDefinition(self, request):
        found = self.task_definitions.get(request["taskDefinition"])
        return found and {"taskDefinition": found, "tags": [{"key": "team", "value": "shop"}]}

    def DescribeLogGroups(self, request):
        names, prefix = request.get("logGroupIdentifiers"), request.get("logGroupNamePrefix", "")
        found = [
            group for name, group in sorted(self.log_groups.items())
            if (name in names if names else name.startswith(prefix))
        ]
        return {"logGroups": found[: request.get("limit", 50)]}


def key(item):
    """Returns the key of an item of the journal's table."""
    return item["pk"]["S"], item["sk"]["S"]


def certificates(folder, roots):
    """Creates a server's certificate and key, and its clients' trust store: `roots` and the issuer. Returns both paths."""
    if not shutil.which("openssl"):
        sys.exit("error: cannot create the certificates of the loopback account: openssl is not in PATH; install it")
    folder = pathlib.Path(folder)
    config = folder / "openssl.cnf"
    config.write_text(
        "[req]\ndistinguished_name = name\n[name]\n"
        "[issuer]\nbasicConstraints = critical, CA:true\nkeyUsage = critical, keyCertSign\nsubjectKeyIdentifier = hash\n"
        "[server]\nbasicConstraints = critical, CA:false\nsubjectAltName = IP:127.0.0.1, DNS:localhost\n"
        "extendedKeyUsage = serverAuth\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
    )

    def issue(name, *options):
        subprocess.run(
            [
                "openssl", "req", "-x509", "-config", config, "-extensions", name, "-subj", f"/CN=Logweir bench {name}",
                "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-keyout", f"{name}.key", "-out", f"{name}.pem", *options,
            ],
            cwd=folder, check=True, capture_output=True,
        )

    issue("issuer")
    issue("server", "-CA", "issuer.pem", "-CAkey", "issuer.key")
    server, trusted = folder / "both.pem", folder / "trusted.pem"
    server.write_text((folder / "server.pem").read_text() + (folder / "server.key").read_text())
    trusted.write_text(pathlib.Path(roots).read_text() + (folder / "issuer.pem").read_text())
    return server, trusted
