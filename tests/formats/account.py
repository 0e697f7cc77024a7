"""A stand-in for one account of Amazon ECS: the reads of `logweir audit` and `logweir runbook`."""

import http.server
import json
import threading

REGION = "arn:aws:ecs:eu-west-1:111122223333"

IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::111122223333:user/a</Arn><UserId>AIDAEXAMPLE</UserId><Account>111122223333</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


def definition(number, revision, attack):
    """Revision 1 of a family blocks, its container runs as root, and the newest revision does neither."""
    options = {"awslogs-group": "/ecs/web" + attack, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "a",
               "mode": "blocking" if revision == 1 else "non-blocking", "max-buffer-size": "25m"}
    container = {"name": "app" + attack, "image": "nginx" + attack, "user": "0" if revision == 1 else "1000",
                 "environment": [{"name": "TOKEN" + attack, "value": "CANARY-ENV"}],
                 "logConfiguration": {"logDriver": "awslogs", "options": options}}
    return {"taskDefinition": {
        "taskDefinitionArn": f"{REGION}:task-definition/family-{number}:{revision}", "family": f"family-{number}",
        "revision": revision, "status": "ACTIVE", "executionRoleArn": "arn:aws:iam::111122223333:role/exec",
        "containerDefinitions": [container]}, "tags": [{"key": "team", "value": f"team-{number % 3}{attack}"}]}


class Account:
    """Serves `families` families. A service runs revision 1 of each even family. `denied` has operations that AWS denies."""

    def __init__(self, families, attack="", denied=()):
        self.families, self.attack, self.denied = families, attack, denied
        answer = self.answer

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"] or 0))
                operation = (self.headers["x-amz-target"] or "GetCallerIdentity").rsplit(".", 1)[-1]
                status, text = answer(operation, body)
                self.send_response(status)
                self.send_header("content-type", "text/xml" if text.startswith("<") else "application/x-amz-json-1.1")
                self.send_header("content-length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, operation, body):
        if operation == "GetCallerIdentity":
            return 200, IDENTITY
        if operation in self.denied:
            return 400, json.dumps({"__type": "AccessDeniedException", "message": "not for you" + self.attack})
        if operation == "GetParameter":
            return 400, json.dumps({"__type": "ParameterNotFound", "message": "no stack is deployed here"})
        if not hasattr(self, operation):
            return 400, json.dumps({"__type": "UnknownOperationException", "message": operation})
        return 200, json.dumps(getattr(self, operation)(json.loads(body)))

    def services(self):
        return [f"{REGION}:service/prod/web-{number}" for number in range(0, self.families, 2)]

    def ListClusters(self, _):
        return {"clusterArns": [f"{REGION}:cluster/prod"]}

    def DescribeClusters(self, _):
        return {"clusters": [{"clusterArn": f"{REGION}:cluster/prod", "clusterName": "prod", "status": "ACTIVE",
                              "settings": [], "capacityProviders": []}], "failures": []}

    def ListServices(self, body):
        start = int(body.get("nextToken", "0"))
        page = self.services()[start:start + 100]
        more = {"nextToken": str(start + 100)} if start + 100 < len(self.services()) else {}
        return {"serviceArns": page} | more

    def DescribeServices(self, body):
        services = []
        for arn in body["services"]:
            name = arn.rsplit("/", 1)[-1]
            revision = f"{REGION}:task-definition/family-{name.removeprefix('web-')}:1"
            deployment = {"taskDefinition": revision, "status": "PRIMARY", "desiredCount": 2, "runningCount": 2,
                          "networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "ENABLED", "subnets": []}}}
            services.append(deployment | {
                "serviceArn": f"{REGION}:service/prod/{name}", "serviceName": name, "status": "ACTIVE",
                "clusterArn": f"{REGION}:cluster/prod", "launchType": "FARGATE", "deployments": [deployment]})
        return {"services": services, "failures": []}

    def ListTasks(self, _):
        return {"taskArns": []}

    def ListAccountSettings(self, body):
        return {"settings": [{"name": body["name"], "value": "non-blocking"}]}

    def ListTaskDefinitionFamilies(self, body):
        start = int(body.get("nextToken", "0"))
        more = {"nextToken": str(start + 100)} if start + 100 < self.families else {}
        return {"families": [f"family-{number}" for number in range(start, min(start + 100, self.families))]} | more

    def ListTaskDefinitions(self, body):
        families = [body["familyPrefix"]] if "familyPrefix" in body else [f"family-{number}" for number in range(self.families)]
        return {"taskDefinitionArns": [f"{REGION}:task-definition/{family}:{revision}" for family in families
                                       for revision in (2, 1)]}

    def DescribeTaskDefinition(self, body):
        family, _, revision = body["taskDefinition"].rsplit("/", 1)[-1].partition(":")
        return definition(int(family.removeprefix("family-")), int(revision or 2), self.attack)

    def DescribeLogGroups(self, body):
        name = body.get("logGroupNamePrefix") or body.get("logGroupIdentifiers", [""])[0]
        return {"logGroups": [{"logGroupName": name, "retentionInDays": 30, "storedBytes": 1}] if name else []}

    def DescribeCapacityProviders(self, _):
        return {"capacityProviders": [], "failures": []}

    def GetResources(self, _):
        return {"PaginationToken": "", "ResourceTagMappingList": []}
