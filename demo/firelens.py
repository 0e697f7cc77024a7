"""The move to FireLens: an operator registers the planned revision and deploys it, and Logweir undoes the migration."""

import json

import boto3

import account
import events
from telling import deliver, must, run, step


def migrate(logweir, stack, source, pipeline):
    """Continues with the deployed stack and a new family."""
    journal = "--journal", f"dynamodb:{stack['JournalTable']}"

    step("An operator moves a family to FireLens, deploys the migrated revision by hand, and undoes the migration")
    # The emulator's policy simulator finds no role with a path.
    account.create_task_role("/", "desk")
    role = "arn:aws:iam::000000000000:role/desk"
    source = source | {"taskRoleArn": role, "containerDefinitions": source["containerDefinitions"][:1]}
    desk_1 = account.ecs("RegisterTaskDefinition", **source)["taskDefinition"]["taskDefinitionArn"]
    account.create_service("prod", "desk", desk_1)
    run(logweir, "firelens", "apply", "ecs:desk:1", "--yes", *journal, code=1)
    must(account.revisions("desk") == [desk_1], "the task role may not write logs, so nothing is registered")
    may_log = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
    boto3.client("iam").put_role_policy(RoleName="desk", PolicyName="logs", PolicyDocument=json.dumps(may_log))
    run(logweir, "firelens", "apply", "ecs:desk:1", "--yes", *journal)
    [_, desk_2] = account.revisions("desk")
    migrated = account.ecs("DescribeTaskDefinition", taskDefinition=desk_2)["taskDefinition"]
    drivers = [each["logConfiguration"]["logDriver"] for each in migrated["containerDefinitions"]]
    must(sorted(drivers) == ["awsfirelens", "awslogs"], "desk:2 has a router, and its container logs to the router")
    must(account.service("prod", "desk")["taskDefinition"] == desk_1, "no service was updated")
    report = deliver(stack, events.registered(migrated, migrated, pipeline))
    must(report["corrected"] is None, "the function registers no correction of desk:2")

    account.update_service("prod", "desk", desk_2)
    said = run(logweir, "backout", "desk:2", *journal, code=2)
    must("still runs in service prod/desk" in said, "the backout keeps desk:2 while the service runs it")
    account.update_service("prod", "desk", desk_1)
    run(logweir, "backout", "desk:2", *journal)
    must(account.revisions("desk") == [desk_1], "desk:1 is the family's only ACTIVE revision again")
