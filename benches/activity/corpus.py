"""Writes records of CloudTrail in trail files, in the layout and the shapes of real trails. Equal seeds give equal records.

    python3 benches/activity/corpus.py FOLDER [--files 300] [--records 300000] [--duplicates 0] [--seed 1]

The addresses are of documentation ranges, private networks, AWS services and some public resolvers.
"""

import argparse
import datetime
import gzip
import json
import pathlib
import random
import sys

sys.dont_write_bytecode = True  # keeps Python from writing caches beside the sources

ACCOUNTS = ["111122223333", "444455556666", "777788889999"]
REGIONS = ["eu-west-1", "us-east-1", "ap-southeast-2"]
START = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
DAYS = 28
CLUSTERS = ["prod", "staging", "batch", "default"]
SERVICES = [f"{team}-{part}" for team in ("web", "orders", "search", "billing") for part in ("api", "worker", "cron")]

AGENTS = [
    "aws-cli/2.31.4 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.7 md/installer#exe md/command#ecs.describe-tasks",
    "Boto3/1.40.61 md/Botocore#1.40.61 ua/2.1 os/linux#5.10.245 md/arch#x86_64 lang/python#3.12.11 exec-env/AWS_Lambda_python3.12",
    "APN/1.0 HashiCorp/1.0 Terraform/1.13.3 (+https://www.terraform.io) terraform-provider-aws/6.14.1 aws-sdk-go-v2/1.39.2 os/linux lang/go#1.24",
    "aws-sdk-go-v2/1.39.2 ua/2.1 os/linux lang/go#1.24.6 md/GOOS#linux md/GOARCH#amd64 api/ecs#1.64.0 m/E",
    "aws-sdk-js/3.899.0 ua/2.1 os/linux#6.1 lang/js md/nodejs#22.19.0 api/ecs#3.899.0 aws-cdk/2.1030.0",
    "aws-sdk-java/2.34.5 md/io#sync md/http#Apache ua/2.1 os/Linux#5.10 lang/java#21.0.8 md/OpenJDK_64-Bit_Server_VM",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "console.amazonaws.com",
    "cloudformation.amazonaws.com",
    "ecs.amazonaws.com",
    "Amazon ECS Agent - v1.98.0 (3c4d5e6f) (+http://aws.amazon.com/ecs/)",
]

# The services with the share of their calls in a thousand, and their actions: the name, whether it reads, the weight.
ACTIONS = {
    "ecs.amazonaws.com": (240, [
        ("DescribeTasks", True, 30), ("DescribeServices", True, 25), ("ListTasks", True, 15), ("DescribeTaskDefinition", True, 10),
        ("SubmitTaskStateChange", False, 8), ("UpdateService", False, 4), ("RegisterTaskDefinition", False, 3), ("RunTask", False, 3),
        ("DescribeClusters", True, 5), ("ExecuteCommand", False, 1), ("UpdateCluster", False, 1), ("StopTask", False, 1)]),
    "sts.amazonaws.com": (250, [("AssumeRole", True, 9), ("GetCallerIdentity", True, 1)]),
    "kms.amazonaws.com": (160, [("Decrypt", True, 8), ("GenerateDataKey", True, 2)]),
    "ec2.amazonaws.com": (150, [("DescribeInstances", True, 6), ("DescribeNetworkInterfaces", True, 4), ("CreateNetworkInterface", False, 1)]),
    "s3.amazonaws.com": (90, [("GetBucketAcl", True, 5), ("PutObject", False, 1)]),
    "logs.amazonaws.com": (70, [("DescribeLogGroups", True, 5), ("CreateLogStream", False, 5), ("PutRetentionPolicy", False, 1), ("DeleteLogGroup", False, 1)]),
    "iam.amazonaws.com": (40, [("GetRole", True, 5), ("ListRoles", True, 5), ("PassRole", False, 1)]),
}

ERRORS = ["AccessDenied", "ThrottlingException", "ClusterNotFoundException", "InvalidParameterException"]


class Corpus:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.identities = [self.identity(number) for number in range(160)]
        self.weights = [1 / (rank + 1) for rank in range(len(self.identities))]
        self.sources = list(ACTIONS)
        self.shares = [share for share, _ in ACTIONS.values()]

    def hex(self, length):
        return f"{self.random.getrandbits(length * 4):0{length}x}"

    def uuid(self):
        text = self.hex(32)
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def session(self, account, role, session, extra=None):
        context = {
            "sessionIssuer": {"type": "Role", "principalId": f"AROA{self.hex(17).upper()}", "arn": f"arn:aws:iam::{account}:role/{role}",
                              "accountId": account, "userName": role},
            "attributes": {"creationDate": "2026-11-01T06:00:00Z", "mfaAuthenticated": "false"},
        } | (extra or {})
        return {
            "type": "AssumedRole", "principalId": f"AROA{self.hex(17).upper()}:{session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}", "accountId": account,
            "accessKeyId": f"ASIA{self.hex(16).upper()}", "sessionContext": context,
        }

    def identity(self, number):
        """Returns who calls, from where, with which agent."""
        account, kind = self.random.choice(ACCOUNTS), number % 8
        address = [f"192.0.2.{number}", f"198.51.100.{number}", f"203.0.113.{number}", f"2001:db8::{number:x}", f"10.0.{number}.17",
                   "8.8.8.8", "1.1.1.1", "9.9.9.9"][self.random.randrange(8)]
        agent = self.random.choice(AGENTS[:7])
        if kind in (0, 1):
            session = f"person{number}@example.com"
            return self.session(account, f"AWSReservedSSO_Operators_{self.hex(16)}", session), address, self.random.choice([AGENTS[0], AGENTS[7]])
        if kind == 2:
            return self.session(account, "deploy", f"GitHubActions-{number}", {"sourceIdentity": f"pipeline{number}"}), address, AGENTS[2]
        if kind == 3:
            return self.session(account, f"service-{number}", self.hex(32)), address, AGENTS[1]
        if kind == 4:
            user = {"type": "IAMUser", "principalId": f"AIDA{self.hex(17).upper()}", "arn": f"arn:aws:iam::{account}:user/user{number}",
                    "accountId": account, "accessKeyId": f"AKIA{self.hex(16).upper()}", "userName": f"user{number}"}
            return user, address, agent
        if kind == 5:
            service = self.random.choice(["ecs.amazonaws.com", "cloudformation.amazonaws.com", "autoscaling.amazonaws.com"])
            return {"type": "AWSService", "invokedBy": service}, service, service
        if kind == 6:
            identity = self.session(account, "AWSServiceRoleForECS", "ecs-service-scheduler") | {"invokedBy": "ecs.amazonaws.com"}
            return identity, "ecs.amazonaws.com", "ecs.amazonaws.com"
        if number == 7:
            return {"type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root", "accountId": account}, address, AGENTS[7]
        return self.session(account, f"role-{number}", f"session-{number}"), address, agent

    def record(self, time):
        source = self.random.choices(self.sources, self.shares)[0]
        actions = ACTIONS[source][1]
        name, reads, _ = self.random.choices(actions, [weight for *_, weight in actions])[0]
        identity, address, agent = self.random.choices(self.identities, self.weights)[0]
        if not address.endswith(".amazonaws.com") and self.random.random() < 0.1:
            address = f"203.0.113.{self.random.randrange(256)}"
        account, region = identity.get("accountId", self.random.choice(ACCOUNTS)), self.random.choice(REGIONS)
        record = {
            "eventVersion": "1.11", "userIdentity": identity, "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "eventSource": source,
            "eventName": name, "awsRegion": region, "sourceIPAddress": address, "userAgent": agent,
        }
        failed = self.random.random() < 0.03
        if failed:
            record |= {"errorCode": self.random.choice(ERRORS), "errorMessage": f"User is not authorized to perform: {name} on resource \"*\""}
        record |= self.request(source, name, account, region, failed)
        record |= {
            "requestID": self.uuid(), "eventID": self.uuid(), "readOnly": reads, "eventType": "AwsApiCall", "managementEvent": True,
            "recipientAccountId": account, "eventCategory": "Management",
        }
        if not address.endswith(".amazonaws.com"):
            version = "TLSv1.1" if self.random.random() < 0.001 else "TLSv1.3"
            record["tlsDetails"] = {"tlsVersion": version, "cipherSuite": "TLS_AES_128_GCM_SHA256",
                                    "clientProvidedHostHeader": f"{source.split('.')[0]}.{region}.amazonaws.com"}
        if agent == AGENTS[7]:
            record["sessionCredentialFromConsole"] = "true"
        return record

    def request(self, source, name, account, region, failed):
        """Returns the parameters of the request, the response and the resources."""
        arn = f"arn:aws:{source.split('.')[0]}:{region}:{account}"
        cluster, service = self.random.choice(CLUSTERS), self.random.choice(SERVICES)
        task = f"{arn}:task/{cluster}/{self.hex(32)}"
        requests = {
            "DescribeTasks": {"cluster": cluster, "tasks": [task], "include": ["TAGS"]},
            "DescribeServices": {"cluster": f"{arn}:cluster/{cluster}", "services": [service]},
            "UpdateService": {"cluster": cluster, "service": service, "taskDefinition": f"{service}:{self.random.randrange(1, 90)}", "forceNewDeployment": False},
            "RunTask": {"cluster": cluster, "taskDefinition": f"{service}:{self.random.randrange(1, 90)}", "launchType": "FARGATE", "count": 1},
            "ExecuteCommand": {"cluster": cluster, "task": task, "container": "app", "command": "/bin/sh", "interactive": True},
            "UpdateCluster": {"cluster": cluster, "configuration": {"executeCommandConfiguration": {"logging": self.random.choice(["NONE", "DEFAULT"])}}},
            "RegisterTaskDefinition": {"family": service, "containerDefinitions": self.containers(service), "networkMode": "awsvpc", "cpu": "512", "memory": "1024"},
            "AssumeRole": {"roleArn": f"arn:aws:iam::{account}:role/service-{self.random.randrange(90)}", "roleSessionName": self.hex(32), "durationSeconds": 3600},
            "Decrypt": {"encryptionContext": {"SecretARN": f"arn:aws:secretsmanager:{region}:{account}:secret:{service}"}, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
            "PutRetentionPolicy": {"logGroupName": f"/ecs/{service}", "retentionInDays": 30},
            "DeleteLogGroup": {"logGroupName": f"/ecs/{service}"},
        }
        parameters = requests.get(name, {"maxResults": 100, "filterSet": {"items": [{"name": "vpc-id", "valueSet": {"items": [{"value": f"vpc-{self.hex(17)}"}]}}]}})
        response = None
        if not failed and name in ("UpdateService", "RunTask", "AssumeRole", "RegisterTaskDefinition", "ExecuteCommand"):
            response = {"credentials": {"accessKeyId": f"ASIA{self.hex(16).upper()}", "expiration": "Nov 28, 2026, 9:00:00 AM"},
                        "service": {"serviceArn": f"{arn}:service/{cluster}/{service}", "status": "ACTIVE", "desiredCount": 3,
                                    "events": [{"id": self.uuid(), "message": f"(service {service}) has reached a steady state."} for _ in range(3)]}}
        one = {"requestParameters": None if failed and self.random.random() < 0.3 else parameters, "responseElements": response}
        if name in ("AssumeRole", "Decrypt"):
            one["resources"] = [{"accountId": account, "type": "AWS::IAM::Role", "ARN": f"arn:aws:iam::{account}:role/service"}]
        return one

    def containers(self, service):
        logs = {"logDriver": "awslogs", "options": {"awslogs-group": f"/ecs/{service}", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app"}}
        first = {"name": "app", "image": f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/{service}:1.4.2", "essential": True, "environment": []}
        return [first | ({"logConfiguration": logs} if self.random.random() < 0.8 else {}), {"name": "proxy", "image": "envoy", "logConfiguration": logs}]


def write(folder, files, records, seed=1, duplicates=0.0):
    """Writes the records in the order of their times. A part of them is also in the next file, as CloudTrail may deliver them."""
    corpus, names, repeated = Corpus(seed), random.Random(seed), []
    each, step = records // files, datetime.timedelta(days=DAYS) / records
    for number in range(files):
        first = START + number * each * step
        batch, repeated = repeated, []
        for place in range(each):
            record = corpus.record(first + place * step)
            batch.append(record)
            if names.random() < duplicates:
                repeated.append(record)
        account, region = ACCOUNTS[number % 3], REGIONS[number // 3 % 3]
        path = pathlib.Path(folder) / "AWSLogs" / account / "CloudTrail" / region / first.strftime("%Y/%m/%d")
        path.mkdir(parents=True, exist_ok=True)
        name = f"{account}_CloudTrail_{region}_{first:%Y%m%dT%H%MZ}_{names.getrandbits(64):016x}.json.gz"
        text = json.dumps({"Records": batch}, separators=(",", ":")).encode()
        (path / name).write_bytes(gzip.compress(text, compresslevel=6, mtime=0))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--files", type=int, default=300)
    arguments.add_argument("--records", type=int, default=300_000)
    arguments.add_argument("--duplicates", type=float, default=0.0)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    write(options.folder, options.files, options.records, options.seed, options.duplicates)
