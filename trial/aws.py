"""Calls to AWS. ECS, CloudWatch Logs and CloudTrail receive exactly the JSON of the caller, because botocore would refuse or
drop members that its model does not know. The other services are called through botocore's clients."""

import json
import socket
import time

import botocore.exceptions
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.httpsession import URLLib3Session

# The prefixes of X-Amz-Target, from botocore's service models (`targetPrefix`). All three protocols are awsJson1.1.
TARGETS = {
    "ecs": "AmazonEC2ContainerServiceV20141113",
    "logs": "Logs_20140328",
    "cloudtrail": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
}
THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
READS = "Describe", "Get", "List", "Lookup"
TRIES = 8


class Refused(Exception):
    """An answer of AWS that is an error."""

    def __init__(self, service, operation, code, message, status=400):
        super().__init__(f"{service}:{operation} was refused: {code}: {message}")
        self.service, self.operation = service, operation
        self.code, self.message, self.status = code, message, status


class Unanswered(Exception):
    """No usable answer. It is unknown whether AWS carried out the call."""


class Clock:
    """The real time. Tests replace it."""

    now = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


class Account:
    """An account and Region. `on_call` runs before each call and after its answer; a test interrupts the trial there."""

    def __init__(self, session, region, clock=Clock):
        self.session, self.region, self.clock = session, region, clock
        # Without TCP_NODELAY, each call waits 40 ms for the acknowledgement of its headers.
        self.http = URLLib3Session(timeout=30, socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)])
        self.clients, self.called = {}, set()
        self.on_call = lambda operation, moment: None

    def identity(self):
        """Returns the caller's account, ARN and user ID."""
        answer = self.call("sts", "GetCallerIdentity")
        return {"account": answer["Account"], "arn": answer["Arn"], "user_id": answer["UserId"]}

    def credentials(self):
        return self.session.get_credentials().get_frozen_credentials()

    def call(self, service, operation, body=None):
        """Calls AWS with a body: an object, or JSON text that is sent unchanged. Returns the answer or raises Refused."""
        name = f"{service}:{operation}"
        self.called.add(name)
        for tried in range(1, TRIES + 1):
            self.on_call(name, "before")
            try:
                answer = self._send(service, operation, body)
            except Refused as refused:
                self.on_call(name, "after")
                again = refused.code in THROTTLED or refused.status >= 500 and operation.startswith(READS)
                if not again or tried == TRIES:
                    raise
            except Unanswered:
                if not operation.startswith(READS) or tried == TRIES:
                    raise
            else:
                self.on_call(name, "after")
                return answer
            self.clock.sleep(min(1.5 * tried, 6))

    def _send(self, service, operation, body):
        try:
            return self._send_json(service, operation, body) if service in TARGETS else self._send_query(service, operation, body)
        except botocore.exceptions.ClientError as error:
            detail, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise Refused(service, operation, detail.get("Code", ""), detail.get("Message", ""), status) from None
        except botocore.exceptions.HTTPClientError as error:
            raise Unanswered(f"{service}:{operation} has no answer: {type(error).__name__}") from None

    def _send_json(self, service, operation, body):
        data = body if isinstance(body, str) else json.dumps(body or {})
        request = AWSRequest("POST", self.client(service).meta.endpoint_url, data=data.encode(), headers={
            "Content-Type": "application/x-amz-json-1.1",
            "User-Agent": "logweir-trial",
            "X-Amz-Target": f"{TARGETS[service]}.{operation}",
        })
        SigV4Auth(self.credentials(), service, self.region).add_auth(request)
        answer = self.http.send(request.prepare())
        try:
            read = json.loads(answer.text or "{}")
        except ValueError:
            read = {}
        if answer.status_code == 200:
            return read
        code = str(read.get("__type") or f"HTTP {answer.status_code}").rpartition("#")[2]
        raise Refused(service, operation, code, read.get("message") or read.get("Message") or "", answer.status_code)

    def _send_query(self, service, operation, body):
        client = self.client(service)
        answer = getattr(client, botocore.xform_name(operation))(**(body or {}))
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}

    def client(self, service):
        if service not in self.clients:
            once = Config(retries={"total_max_attempts": 1})  # `call` repeats what may be repeated
            self.clients[service] = self.session.create_client(service, region_name=self.region, config=once)
        return self.clients[service]
