"""The audit as a person writes it with boto3: python script.py THREADS. Prints each revision with a fault, by both rules.

The script reads what Logweir reads: the newest revision of each family, the revisions that services and tasks run, the log
groups and the account's default mode. boto3 tries a throttled call again four times, which is its default.
"""

import concurrent.futures
import json
import sys

import boto3
from botocore.config import Config

THREADS = int(sys.argv[1])


def main():
    config = Config(max_pool_connections=max(10, THREADS))
    ecs, logs = boto3.client("ecs", config=config), boto3.client("logs", config=config)
    settings = ecs.list_account_settings(name="defaultLogDriverMode", effectiveSettings=True)["settings"]
    default = settings[0]["value"] if settings else "non-blocking"
    families = pages(ecs, "list_task_definition_families", "families", status="ACTIVE", maxResults=100)
    retention = {group["logGroupName"]: group.get("retentionInDays") for group in pages(logs, "describe_log_groups", "logGroups")}
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        clusters = pages(ecs, "list_clusters", "clusterArns")
        running = set().union(*pool.map(lambda cluster: in_use(ecs, cluster), clusters))

        def describe(name):
            return ecs.describe_task_definition(taskDefinition=name, include=["TAGS"])["taskDefinition"]

        newest = list(pool.map(describe, families))
        older = pool.map(describe, running - {revision["taskDefinitionArn"] for revision in newest})
        for revision in [*newest, *older]:
            print(json.dumps(judged(revision, default, retention)))


def pages(client, operation, member, **arguments):
    return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[member]]


def in_use(ecs, cluster):
    """Returns the revisions that the services and the tasks of the cluster run."""
    used = set()
    services = pages(ecs, "list_services", "serviceArns", cluster=cluster, maxResults=100)
    for start in range(0, len(services), 10):
        for service in ecs.describe_services(cluster=cluster, services=services[start:start + 10])["services"]:
            used |= {deployment["taskDefinition"] for deployment in service["deployments"]}
    tasks = pages(ecs, "list_tasks", "taskArns", cluster=cluster)
    for start in range(0, len(tasks), 100):
        used |= {task["taskDefinitionArn"] for task in ecs.describe_tasks(cluster=cluster, tasks=tasks[start:start + 100])["tasks"]}
    return used


def judged(revision, default, retention):
    found = {"arn": revision["taskDefinitionArn"], "explicit": False, "effective": False, "groups": []}
    for container in revision["containerDefinitions"]:
        logging = container.get("logConfiguration")
        options = (logging or {}).get("options", {})
        if logging is None:
            found["explicit"] = found["effective"] = True
        elif logging["logDriver"] != "awsfirelens":
            found["explicit"] |= options.get("mode") != "non-blocking"
            found["effective"] |= options.get("mode", default) != "non-blocking"
        if group := options.get("awslogs-group"):
            found["groups"] += [group] * (retention.get(group) is None)
    return found


main()
