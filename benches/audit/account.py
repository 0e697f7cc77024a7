"""A generated account of Amazon ECS, and which of its revisions have a fault. Equal seeds give equal accounts.

The account writes each document when a caller asks for it, so that an account of 100,000 families needs no memory for them.
"""

import json
import random
import zlib

REGION, ACCOUNT = "eu-west-1", "111122223333"
ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
TEAMS = ["payments", "orders", "search", "billing", "identity", "catalog", "media", "batch"]


def awslogs(group, **options):
    options = {"awslogs-group": group, "awslogs-region": REGION, "awslogs-stream-prefix": "app"} | options
    return {"logDriver": "awslogs", "options": options}


def splunk(_, **options):
    return {"logDriver": "splunk", "options": {"splunk-url": "https://hec.example:8088"} | options}


SIZED = {"mode": "non-blocking", "max-buffer-size": "25m"}

# The ways of the containers to log: a function from the log group to the log configurations of the containers, the share in a
# thousand, whether a rule that wants the mode written down finds a fault, and whether the mode that takes effect is one.
# `None` says that the account's default mode decides.
CASES = {
    "non-blocking": (lambda group: [awslogs(group, **SIZED)], 330, False, False),
    "mode absent": (lambda group: [awslogs(group)], 300, True, None),
    "blocking": (lambda group: [awslogs(group, mode="blocking")], 110, True, True),
    "no log driver": (lambda group: [None], 50, True, True),
    "second container without log driver": (lambda group: [awslogs(group, **SIZED), None], 50, True, True),
    "second container blocking": (lambda group: [awslogs(group, **SIZED), awslogs(group, mode="blocking")], 40, True, True),
    "FireLens": (lambda group: [{"logDriver": "awsfirelens", "options": {"Name": "firehose", "region": REGION, "delivery_stream": "logs"}}, awslogs(group, **SIZED)], 60, False, False),
    "splunk, non-blocking": (lambda group: [splunk(group, **SIZED)], 20, False, False),
    "splunk, mode absent": (lambda group: [splunk(group)], 20, True, None),
    "splunk, blocking": (lambda group: [splunk(group, mode="blocking")], 20, True, True),
}
NAMES = list(CASES)
SHARES = [share for name in NAMES for share in [NAMES.index(name)] * CASES[name][1]]


class Account:
    """Families with their ACTIVE revisions, and services and tasks that run some of them. A family in use has two revisions or
    more, so that a service can run an older one."""

    def __init__(self, families=1000, services=100, revisions=1, default_mode="non-blocking", seed=1):
        self.count, self.revisions, self.default_mode, self.seed = families, revisions, default_mode, seed
        self.clusters = [f"cluster-{number}" for number in range(max(1, services // 25))]
        self.services = {cluster: {} for cluster in self.clusters}
        self.used = set()
        chance = random.Random(seed)
        for number in range(services):
            self.add_service(number, self.use(chance), chance)
        # Tasks that no service started: their cluster, family and revision.
        families_alone = [self.use(chance) for _ in range(services // 10)]
        self.alone = [(chance.choice(self.clusters), family, chance.choice(self.numbers(family))) for family in families_alone]

    def use(self, chance):
        family = chance.randrange(self.count)
        self.used.add(family)
        return family

    def add_service(self, number, family, chance):
        """Adds a service that runs the newest revision (six of ten), an older one, or two while a deployment is under way."""
        newest, chosen = self.newest(family), chance.random()
        older = chance.choice(self.numbers(family)[:-1])
        running = [newest] if chosen < 0.6 else [older] if chosen < 0.9 else [newest, older]
        self.services[self.clusters[number % len(self.clusters)]][f"service-{number:04}"] = (family, running, chance.randint(1, 6))

    def numbers(self, family):
        """Returns the numbers of the ACTIVE revisions of a family, in ascending order."""
        return range(1, max(self.revisions, 2 if family in self.used else 1) + 1)

    def newest(self, family):
        return self.numbers(family)[-1]

    def team(self, family):
        return TEAMS[family % len(TEAMS)]

    def name(self, family):
        return f"{self.team(family)}-{family:06}"

    def families(self):
        """Returns the numbers of the families in the order of their names."""
        return (family for team in sorted(TEAMS) for family in range(TEAMS.index(team), self.count, len(TEAMS)))

    def arn(self, family, revision):
        return f"{ECS}:task-definition/{self.name(family)}:{revision}"

    def case(self, family, revision):
        """Returns the name of the case, by a hash that equals that of every other process."""
        return NAMES[SHARES[zlib.crc32(f"{self.seed}/{family}/{revision}".encode()) * 2654435761 % 2**32 % len(SHARES)]]

    def is_faulty(self, family, revision, by):
        """Returns whether the revision has a fault, by the `explicit` or the `effective` mode."""
        _, _, explicit, effective = CASES[self.case(family, revision)]
        if by == "explicit":
            return explicit
        return self.default_mode == "blocking" if effective is None else effective

    def running(self):
        """Returns the revisions that a service or a task runs, as pairs of family and number."""
        of_services = {(family, number) for each in self.services.values() for family, running, _ in each.values() for number in running}
        return of_services | {(family, number) for _, family, number in self.alone}

    def next(self):
        """Returns the newest revision of each family, which a caller gets who names only the family."""
        return {(family, self.newest(family)) for family in range(self.count)}

    def log_group(self, family):
        return f"/ecs/{self.name(family)}"

    def logging(self, family, revision):
        """Returns the log configuration of each container, or `None` for a container without one."""
        return CASES[self.case(family, revision)][0](self.log_group(family))

    def denies(self, family):
        """Whether the account denies the caller to describe the family."""
        return False

    def document(self, family, revision):
        """Returns the response to DescribeTaskDefinition."""
        logging = self.logging(family, revision)
        containers = [
            {
                "name": f"container-{number}", "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{self.name(family)}:1.{revision}",
                "cpu": 256, "memory": 512, "portMappings": [{"containerPort": 8080 + number, "hostPort": 8080 + number, "protocol": "tcp"}],
                "essential": number == 0, "environment": [{"name": "STAGE", "value": "prod"}, {"name": "LOG_LEVEL", "value": "info"}],
                "mountPoints": [], "volumesFrom": [], "readonlyRootFilesystem": True, "user": "1000",
            } | ({"logConfiguration": configuration} if configuration else {})
            for number, configuration in enumerate(logging)
        ]
        if logging[0] and logging[0]["logDriver"] == "awsfirelens":
            containers[1] |= {"firelensConfiguration": {"type": "fluentbit"}, "essential": True, "memoryReservation": 128}
        return {
            "taskDefinition": {
                "taskDefinitionArn": self.arn(family, revision), "containerDefinitions": containers, "family": self.name(family),
                "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/{self.name(family)}", "networkMode": "awsvpc", "revision": revision,
                "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution", "volumes": [], "status": "ACTIVE",
                "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.task-iam-role"}, {"name": "ecs.capability.task-eni"}],
                "placementConstraints": [], "compatibilities": ["EC2", "FARGATE"], "requiresCompatibilities": ["FARGATE"],
                "cpu": "512", "memory": "1024", "registeredAt": 1790000000 + revision,
                "registeredBy": f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/pipeline",
            },
            "tags": [{"key": "team", "value": self.team(family)}],
        }

    def describe(self, family, revision):
        return json.dumps(self.document(family, revision)).encode()

    def group(self, family):
        """Returns a log group of DescribeLogGroups. One in twenty keeps its events for ever."""
        group = {"logGroupName": self.log_group(family), "arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{self.log_group(family)}:*",
                 "creationTime": 1750000000000, "storedBytes": 1048576, "logGroupClass": "STANDARD"}
        return group if family % 20 == 0 else group | {"retentionInDays": 30}

    def service(self, cluster, name):
        """Returns a service of DescribeServices."""
        family, running, desired = self.services[cluster][name]
        deployments = [
            {
                "id": f"ecs-svc/{zlib.crc32(name.encode()):010}{index}", "status": "ACTIVE" if index else "PRIMARY",
                "taskDefinition": self.arn(family, number), "desiredCount": desired, "pendingCount": 0, "runningCount": desired,
                "failedTasks": 0, "createdAt": 1790000100, "updatedAt": 1790000200, "launchType": "FARGATE", "platformVersion": "1.4.0",
                "rolloutState": "COMPLETED" if len(running) == 1 else "IN_PROGRESS", "rolloutStateReason": "",
            }
            for index, number in enumerate(running)
        ]
        network = {"awsvpcConfiguration": {"subnets": ["subnet-0a", "subnet-0b"], "securityGroups": ["sg-0a"], "assignPublicIp": "DISABLED"}}
        return {
            "serviceArn": f"{ECS}:service/{cluster}/{name}", "serviceName": name, "clusterArn": f"{ECS}:cluster/{cluster}", "status": "ACTIVE",
            "loadBalancers": [], "serviceRegistries": [], "desiredCount": desired, "runningCount": desired, "pendingCount": 0,
            "launchType": "FARGATE", "platformVersion": "LATEST", "platformFamily": "Linux", "taskDefinition": self.arn(family, running[0]),
            "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100,
                                        "deploymentCircuitBreaker": {"enable": True, "rollback": True}},
            "deployments": deployments, "events": [], "createdAt": 1780000000, "placementConstraints": [], "placementStrategy": [],
            "networkConfiguration": network, "schedulingStrategy": "REPLICA", "deploymentController": {"type": "ECS"},
            "propagateTags": "SERVICE", "enableECSManagedTags": True, "enableExecuteCommand": False,
            "createdBy": f"arn:aws:iam::{ACCOUNT}:role/deploy", "tags": [{"key": "team", "value": self.team(family)}],
        }

    def cluster(self, name):
        """Returns a cluster of DescribeClusters."""
        return {
            "clusterArn": f"{ECS}:cluster/{name}", "clusterName": name, "status": "ACTIVE", "registeredContainerInstancesCount": 0,
            "runningTasksCount": len(self.tasks(name)), "pendingTasksCount": 0, "activeServicesCount": len(self.services[name]),
            "statistics": [], "tags": [{"key": "stage", "value": "prod"}], "settings": [{"name": "containerInsights", "value": "enabled"}],
            "capacityProviders": ["FARGATE", "FARGATE_SPOT"], "defaultCapacityProviderStrategy": [],
        }

    def tasks(self, cluster):
        """Returns the tasks of a cluster by their ARNs: the service or `None`, the family and the number of the revision."""
        tasks = {}
        for service, (family, running, desired) in self.services[cluster].items():
            for number in running:
                for index in range(desired):
                    tasks[task_arn(cluster, service, number, index)] = (service, family, number)
        for index, (where, family, number) in enumerate(self.alone):
            if where == cluster:
                tasks[task_arn(cluster, "alone", number, index)] = (None, family, number)
        return tasks

    def task(self, cluster, arn, known):
        """Returns a task of DescribeTasks."""
        service, family, number = known
        return {
            "taskArn": arn, "clusterArn": f"{ECS}:cluster/{cluster}", "taskDefinitionArn": self.arn(family, number), "lastStatus": "RUNNING",
            "desiredStatus": "RUNNING", "group": f"service:{service}" if service else f"family:{self.name(family)}", "launchType": "FARGATE",
            "startedBy": f"ecs-svc/{zlib.crc32(service.encode()):010}0" if service else "", "platformVersion": "1.4.0", "cpu": "512",
            "memory": "1024", "containers": [{"name": "container-0", "lastStatus": "RUNNING"}], "attachments": [], "tags": [],
            "createdAt": 1790000300, "startedAt": 1790000310, "enableExecuteCommand": False, "availabilityZone": f"{REGION}a",
        }


def task_arn(cluster, *parts):
    text = "/".join(map(str, parts))
    return f"{ECS}:task/{cluster}/{zlib.crc32(text.encode()):08x}{zlib.adler32(text.encode()):08x}{0:016x}"
