"""A proxy in front of the emulated account. It answers DescribeSessions of Systems Manager, which the emulator lacks, and
LookupEvents of CloudTrail, whose events the emulator cannot be given. It passes everything else through, byte for byte. All
calls of the remediator function go through the proxy."""

import contextlib
import datetime
import http.client
import io
import json
import os
import socket
import socketserver
import threading
import urllib.parse


class SessionHistory:
    def __init__(self):
        self.records, self.sessions = [], []  # CloudTrail's records of ExecuteCommand, and the ended sessions

    def __enter__(self):
        account = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
        members = {"account": (account.hostname, account.port), "history": self}
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), type("Handler", (Handler,), members))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def add(self, event, minutes):
        """Adds the session that an event of ExecuteCommand opened. The session has ended after these minutes."""
        record = event["detail"]
        task, started = record["responseElements"]["taskArn"].split("/"), seconds(record["eventTime"])
        self.records.append(record)
        self.sessions.append({
            "SessionId": record["responseElements"]["session"]["sessionId"],
            "Target": f"ecs:{task[-2]}_{task[-1]}_{task[-1]}-0123456789",
            "Status": "Terminated",
            "StartDate": started,
            "EndDate": started + 60 * minutes,
            "DocumentName": "AmazonECS-ExecuteInteractiveCommand",
            "Owner": f"arn:aws:sts::{record['recipientAccountId']}:assumed-role/AWSServiceRoleForECS/ecs-execute-command",
        })

    def describe_sessions(self, asked):
        filters = {each["key"]: each["value"] for each in asked.get("Filters", [])}
        found = self.sessions if asked["State"] == "History" else []
        if "SessionId" in filters:
            found = [each for each in found if each["SessionId"] == filters["SessionId"]]
        if "InvokedAfter" in filters:
            found = [each for each in found if each["StartDate"] >= seconds(filters["InvokedAfter"])]
        return {"Sessions": found}

    def lookup_events(self, asked):
        [attribute] = asked["LookupAttributes"]
        found = [
            each for each in self.records
            if attribute == {"AttributeKey": "EventName", "AttributeValue": each["eventName"]}
            and asked["StartTime"] <= seconds(each["eventTime"]) <= asked["EndTime"]
        ]
        return {"Events": [described(each) for each in found]}


def described(record):
    """Returns a record as LookupEvents does."""
    members = {"EventId": record["eventID"], "EventName": record["eventName"], "EventSource": record["eventSource"]}
    return members | {"EventTime": seconds(record["eventTime"]), "CloudTrailEvent": json.dumps(record)}


def seconds(time):
    return datetime.datetime.fromisoformat(time).timestamp()


class Handler(socketserver.StreamRequestHandler):
    account = history = None
    disable_nagle_algorithm = True  # the kernel would hold each second packet of a response for 40 ms

    def handle(self):
        answers = {"DescribeSessions": self.history.describe_sessions, "LookupEvents": self.history.lookup_events}
        with contextlib.suppress(OSError), socket.create_connection(self.account) as emulator:
            threading.Thread(target=self.pass_back, args=(emulator,), daemon=True).start()
            while head := self.head():
                headers = http.client.parse_headers(io.BytesIO(head.partition(b"\r\n")[2]))
                body = self.rfile.read(int(headers.get("Content-Length", 0)))
                operation = headers.get("X-Amz-Target", "").rpartition(".")[2]
                if operation in answers:
                    said = json.dumps(answers[operation](json.loads(body))).encode()
                    kind = b"Content-Type: application/x-amz-json-1.1"
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n%b\r\nContent-Length: %d\r\n\r\n%b" % (kind, len(said), said))
                else:
                    emulator.sendall(head + body)
            emulator.shutdown(socket.SHUT_RDWR)

    def head(self):
        """Reads a request up to its empty line. Returns nothing at the end of the connection."""
        lines = []
        for line in iter(self.rfile.readline, b""):
            lines.append(line)
            if line == b"\r\n":
                break
        return b"".join(lines)

    def pass_back(self, emulator):
        """Passes the emulator's responses back until it closes the connection."""
        with contextlib.suppress(OSError):
            while data := emulator.recv(65536):
                self.request.sendall(data)
            self.request.shutdown(socket.SHUT_RDWR)
