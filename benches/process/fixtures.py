"""A compliant revision, a revision with one fault of each kind, and their events."""

import pathlib
import sys

from loopback import ACCOUNT, REGION

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent.parent / "demo"))
import events

PIPELINE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"


def container(name, group, memory=1024, **options):
    return {
        "name": name,
        "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop/{name}:2026.11.21",
        "cpu": 256,
        "memory": memory,
        "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
        "essential": True,
        "environment": [{"name": f"SETTING_{n}", "value": f"https://service-{n}.shop.internal:8443/"} for n in range(20)],
        "mountPoints": [],
        "volumesFrom": [],
        "secrets": [{
            "name": "DATABASE_PASSWORD",
            "valueFrom": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shop/{name}-AbCdEf",
        }],
        "dockerLabels": {"com.example.team": "shop"},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": group,
                "awslogs-region": REGION,
                "awslogs-stream-prefix": name,
                "mode": "non-blocking",
                "max-buffer-size": "25m",
            } | {option.replace("_", "-"): value for option, value in options.items()},
            "secretOptions": [],
        },
        "healthCheck": {
            "command": ["CMD-SHELL", "curl --fail http://localhost:8080/health || exit 1"],
            "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 60,
        },
        "systemControls": [],
    }


def task_definition(family, *containers):
    """Returns a task definition as ECS describes it."""
    return {
        "taskDefinitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{family}:41",
        "containerDefinitions": containers,
        "family": family,
        "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/ecs/{family}",
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/ecsTaskExecutionRole",
        "networkMode": "awsvpc",
        "revision": 41,
        "volumes": [],
        "status": "ACTIVE",
        "requiresAttributes": [{"name": f"com.amazonaws.ecs.capability.{n}"} for n in range(10)],
        "placementConstraints": [],
        "compatibilities": ["EC2", "FARGATE"],
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "1024",
        "memory": "4096",
        "registeredAt": 1763600000.123,
        "registeredBy": f"arn:aws:sts::{ACCOUNT}:assumed-role/pipeline/pipeline",
    }


# This revision has two log groups, which one call must read.
COMPLIANT = task_definition("web", container("app", "/ecs/web"), container("proxy", "/ecs/web-proxy"))
FAULTY = task_definition(
    "faulty",
    container("blocks", "/ecs/web", mode="blocking"),
    container("small", "/ecs/web", max_buffer_size="1m"),
    container("large", "/ecs/web", memory=64),
    container("groupless", "/ecs/missing"),
    container("eternal", "/ecs/eternal"),
)
FAULTS = ["blocking-delivery", "missing-log-group", "unbounded-retention", "unsized-buffer"]
TASK_DEFINITIONS = [COMPLIANT, FAULTY]
LOG_GROUPS = [
    {"logGroupName": name, "storedBytes": 1 << 20, "creationTime": 1763600000123} | retention
    for name, retention in {
        "/ecs/web": {"retentionInDays": 30},
        "/ecs/web-proxy": {"retentionInDays": 90},
        "/ecs/eternal": {},
    }.items()
]


def event(task_definition):
    return events.registered(task_definition, task_definition, PIPELINE)
