"""Serves the account on the loopback interface: ECS, CloudWatch Logs and STS, with a latency and the throttle limits of AWS.

    python3 benches/audit/server.py '{"families": 1000, "services": 100, "latency": 0.02, "limited": true}'

The server prints its port. GET /calls returns the number of calls since the last GET by operation, with the throttled ones.
"""

import asyncio
import collections
import json
import pathlib
import sys
import time

sys.dont_write_bytecode = True  # keeps Python from writing caches beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from account import ACCOUNT, ECS, REGION, Account  # noqa: E402 (after the line above)
from cases import Cases  # noqa: E402

# The burst and the calls for each second of AWS's throttle limits, and the operations that share a limit
# (sources: Amazon ECS developer guide, request throttling; CloudWatch Logs and Resource
# Groups Tagging API, quotas).
LIMITS = {
    "task definition read": (50, 20, ["DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"]),
    "service read": (100, 20, ["DescribeServices", "ListServices", "ListServicesByNamespace"]),
    "service deployment read": (50, 20, ["ListServiceDeployments", "DescribeServiceDeployments"]),
    "cluster resource read": (100, 20, ["ListTasks", "DescribeTasks", "ListContainerInstances", "DescribeContainerInstances"]),
    "cluster read": (50, 20, ["ListClusters", "DescribeClusters", "DescribeCapacityProviders"]),
    "tag read": (50, 20, ["ListTagsForResource"]),
    "setting read": (50, 20, ["ListAccountSettings"]),
    "log group read": (10, 10, ["DescribeLogGroups"]),
    "tag search": (15, 15, ["GetResources"]),
}
LIMIT = {operation: name for name, (_, _, operations) in LIMITS.items() for operation in operations}


class Bucket:
    """The tokens of one limit. A bucket starts full."""

    def __init__(self, burst, refill):
        self.burst, self.refill, self.tokens, self.at = burst, refill, burst, None

    def takes(self, now):
        self.tokens = min(self.burst, self.tokens + (now - (now if self.at is None else self.at)) * self.refill)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Refused(Exception):
    """The code and the message of an error."""


class Api:
    """The operations. Each takes the request, and returns the response as a dictionary or as bytes."""

    def __init__(self, latency=0.0, limited=False, cases=None, **account):
        self.account = Cases(cases) if cases else Account(**account)
        self.latency, self.limited = latency, limited
        self.order = [self.account.name(family) for family in self.account.families()]
        self.active = [(family, number) for family in self.account.families() for number in self.account.numbers(family)]
        self.descending = self.active[::-1]
        self.tasks = {cluster: self.account.tasks(cluster) for cluster in self.account.clusters}
        self.forget()

    def forget(self):
        """Fills the buckets, and forgets the calls."""
        self.buckets = {name: Bucket(burst, refill) for name, (burst, refill, _) in LIMITS.items()} if self.limited else {}
        self.calls, self.throttled, self.described = collections.Counter(), collections.Counter(), collections.Counter()
        self.first = self.last = None

    def counted(self):
        return {
            "calls": dict(self.calls), "throttled": dict(self.throttled), "seconds": (self.last or 0) - (self.first or 0),
            "described": len(self.described), "described_twice": sum(count > 1 for count in self.described.values()),
        }

    def answer(self, operation, request):
        self.last = now = time.monotonic()
        self.first = self.first or now
        bucket = self.buckets.get(LIMIT.get(operation))
        if bucket and not bucket.takes(now):
            self.throttled[operation] += 1
            raise Refused("ThrottlingException", "Rate exceeded")
        self.calls[operation] += 1
        work = getattr(self, operation, None)
        if work is None:
            raise Refused("UnknownOperationException", "this account serves no such operation")
        return work(request)

    def ListTaskDefinitionFamilies(self, request):
        prefix = request.get("familyPrefix")
        names = [name for name in self.order if name.startswith(prefix)] if prefix else self.order
        return self.page(names, request, "families", 100)

    def ListTaskDefinitions(self, request):
        if request.get("status", "ACTIVE") != "ACTIVE":
            return {"taskDefinitionArns": []}
        revisions = self.descending if request.get("sort") == "DESC" else self.active
        if prefix := request.get("familyPrefix"):
            family = self.family(prefix)
            revisions = [revision for revision in revisions if revision[0] == family] if family is not None else []
        page = self.page(revisions, request, "taskDefinitionArns", 100)
        return page | {"taskDefinitionArns": [self.account.arn(*revision) for revision in page["taskDefinitionArns"]]}

    def DescribeTaskDefinition(self, request):
        name, _, number = request["taskDefinition"].rpartition("/")[2].partition(":")
        family = self.family(name)
        revision = int(number) if number else family is not None and self.account.newest(family)
        if family is None or revision not in self.account.numbers(family):
            raise Refused("ClientException", "Unable to describe task definition.")
        if self.account.denies(family):
            raise Refused("AccessDeniedException", "User: auditor is not authorized to perform: ecs:DescribeTaskDefinition")
        self.described[family, revision] += 1
        return self.account.describe(family, revision)

    def ListClusters(self, request):
        return self.page([f"{ECS}:cluster/{name}" for name in self.account.clusters], request, "clusterArns", 100)

    def DescribeClusters(self, request):
        names = [name.rpartition("/")[2] for name in request.get("clusters") or ["default"]]
        missing = [{"arn": f"{ECS}:cluster/{name}", "reason": "MISSING"} for name in names if name not in self.account.clusters]
        return {"clusters": [self.account.cluster(name) for name in names if name in self.account.clusters], "failures": missing}

    def ListServices(self, request):
        cluster = self.cluster(request)
        arns = [f"{ECS}:service/{cluster}/{name}" for name in self.account.services[cluster]]
        return self.page(arns, request, "serviceArns", 10)

    def DescribeServices(self, request):
        cluster, names = self.cluster(request), [name.rpartition("/")[2] for name in request["services"]]
        if len(names) > 10:
            raise Refused("InvalidParameterException", "Services cannot have more than 10 elements")
        known = self.account.services[cluster]
        missing = [{"arn": f"{ECS}:service/{cluster}/{name}", "reason": "MISSING"} for name in names if name not in known]
        return {"services": [self.account.service(cluster, name) for name in names if name in known], "failures": missing}

    def ListTasks(self, request):
        cluster = self.cluster(request)
        if request.get("desiredStatus", "RUNNING") != "RUNNING":
            return {"taskArns": []}
        service, family = request.get("serviceName"), request.get("family")
        arns = [
            arn for arn, (of, number, _) in self.tasks[cluster].items()
            if service in (None, of) and family in (None, self.account.name(number))
        ]
        return self.page(arns, request, "taskArns", 100)

    def DescribeTasks(self, request):
        cluster = self.cluster(request)
        known = self.tasks[cluster]
        missing = [{"arn": arn, "reason": "MISSING"} for arn in request["tasks"] if arn not in known]
        return {"tasks": [self.account.task(cluster, arn, known[arn]) for arn in request["tasks"] if arn in known], "failures": missing}

    def ListAccountSettings(self, request):
        values = {"defaultLogDriverMode": self.account.default_mode, "containerInsights": "disabled", "fargateFIPSMode": "disabled"}
        settings = [
            {"name": name, "value": value, "principalArn": f"arn:aws:iam::{ACCOUNT}:root", "type": "user"}
            for name, value in values.items() if request.get("name") in (None, name)
        ]
        return {"settings": settings}

    def GetParameter(self, request):
        raise Refused("ParameterNotFound", "")

    def ListTagsForResource(self, request):
        return {"tags": [{"key": "team", "value": "orders"}]}

    def GetResources(self, request):
        """Answers the Resource Groups Tagging API, which finds the tags of ACTIVE revisions."""
        if arns := request.get("ResourceARNList"):
            if len(arns) > 100 or {"ResourcesPerPage", "TagsPerPage", "PaginationToken"} & request.keys():
                raise Refused("InvalidParameterException", "at most 100 resources, and no pagination with them")
            named = (arn.rpartition("/")[2].partition(":") for arn in arns)
            pairs = [(self.family(name), int(number)) for name, _, number in named]
            page, more = [pair for pair in pairs if pair[0] is not None and pair[1] in self.account.numbers(pair[0])], ""
        else:
            size, start = min(request.get("ResourcesPerPage") or 50, 100), int(request.get("PaginationToken") or 0)
            page = self.active[start:start + size]
            more = str(start + size) if start + size < len(self.active) else ""
        tags = [{"ResourceARN": self.account.arn(*revision), "Tags": [{"Key": "team", "Value": self.account.team(revision[0])}]} for revision in page]
        return {"ResourceTagMappingList": tags, "PaginationToken": more}

    def ListServiceDeployments(self, request):
        return {"serviceDeployments": []}

    def ListContainerInstances(self, request):
        return {"containerInstanceArns": []}

    def DescribeCapacityProviders(self, request):
        return {"capacityProviders": [{"name": name, "status": "ACTIVE"} for name in ("FARGATE", "FARGATE_SPOT")]}

    def ListDaemons(self, request):
        return {"daemonSummariesList": []}

    def DescribeLogGroups(self, request):
        identifiers, prefix = request.get("logGroupIdentifiers"), request.get("logGroupNamePrefix")
        if identifiers:
            names = [identifier.rpartition(":log-group:")[2].removesuffix(":*") for identifier in identifiers]
        elif prefix:
            names = [prefix]
        else:
            page = self.page(self.order, request, "logGroups", 50)
            return page | {"logGroups": [group for name in page["logGroups"] if (group := self.account.group(self.family(name)))]}
        families = [self.family(name.removeprefix("/ecs/")) for name in names]
        return {"logGroups": [group for family in families if family is not None and (group := self.account.group(family))]}

    def family(self, name):
        """Returns the number of the family with the name, or `None` if there is none."""
        digits = name.rpartition("-")[2]
        family = int(digits) if digits.isdigit() else self.account.count
        return family if family < self.account.count and self.account.name(family) == name else None

    def cluster(self, request):
        cluster = request.get("cluster", "default").rpartition("/")[2]
        if cluster not in self.account.clusters:
            raise Refused("ClusterNotFoundException", "Cluster not found.")
        return cluster

    def page(self, items, request, member, usual):
        start = int(request.get("nextToken") or 0)
        end = start + min(request.get("maxResults") or request.get("limit") or usual, 100)
        return {member: items[start:end]} | ({"nextToken": str(end)} if end < len(items) else {})


IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    f"<Arn>arn:aws:iam::{ACCOUNT}:user/auditor</Arn><UserId>AIDAEXAMPLE</UserId><Account>{ACCOUNT}</Account></GetCallerIdentityResult>"
    "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)
REGIONS = (
    '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><regionInfo><item>'
    f"<regionName>{REGION}</regionName><regionEndpoint>ec2.{REGION}.amazonaws.com</regionEndpoint><optInStatus>opt-in-not-required"
    "</optInStatus></item></regionInfo></DescribeRegionsResponse>"
)
DENIED = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized</Message></Error>"
    "<RequestId>1</RequestId></ErrorResponse>"
)


class Connection(asyncio.Protocol):
    """One connection. A caller sends one request at a time, as HTTP clients without pipelining do."""

    def __init__(self, api):
        self.api, self.received = api, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        head, end, rest = self.received.partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        if headers.get("expect", "").lower() == "100-continue" and not rest:
            return self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if len(rest) < length:
            return
        self.received = rest[length:]
        self.respond(lines[0].split(" "), headers, rest[:length])

    def respond(self, line, headers, body):
        method, path = line[0], line[1]
        if path == "/calls":
            reply = json.dumps(self.api.counted()).encode()
            self.api.forget()
            return self.write(200, "application/json", reply)
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        status, kind, reply = self.json(operation, body) if operation else self.query(path, body)
        if self.api.latency:
            asyncio.get_running_loop().call_later(self.api.latency, self.write, status, kind, reply)
        else:
            self.write(status, kind, reply)

    def json(self, operation, body):
        try:
            status, reply = 200, self.api.answer(operation, json.loads(body or b"{}"))
        except Refused as refusal:
            code, message = refusal.args
            status, reply = 400, {"__type": code, "message": message}
        return status, "application/x-amz-json-1.1", reply if isinstance(reply, bytes) else json.dumps(reply).encode()

    def query(self, path, body):
        """Answers the calls in the query protocol, of which the tools need two to start."""
        for name, reply in {"GetCallerIdentity": IDENTITY, "DescribeRegions": REGIONS}.items():
            if f"Action={name}".encode() in body:
                self.api.calls[name] += 1
                return 200, "text/xml", reply.encode()
        self.api.calls[f"denied: {(body or path.encode())[:60].decode(errors='replace')}"] += 1
        return 403, "text/xml", DENIED.encode()

    def write(self, status, kind, body):
        if not self.transport.is_closing():
            head = f"HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\nx-amzn-requestid: 1\r\ncontent-length: {len(body)}\r\n\r\n"
            self.transport.write(head.encode() + body)


async def main(settings):
    api = Api(**settings)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(api), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
