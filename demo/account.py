"""The emulated account: what the demo needs of it. Endpoint and credentials are in the environment (tests/with-emulators)."""

import base64
import json
import os
import pathlib
import shutil
import sys

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.httpsession import URLLib3Session

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "infra"))
import sam  # noqa: E402

STACK = "logweir"


def deploy(package, **parameters):
    """Deploys template.yaml as `sam deploy` would; returns the stack's outputs."""
    archive = shutil.make_archive(str(package), "zip", package)
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    s3.upload_file(archive, "artifacts", "function.zip")

    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(for_the_emulator(sam.translated("s3://artifacts/function.zip"))),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def for_the_emulator(template):
    """The emulator enforces the functions' roles, but judges calls to ECS on "*" or the cluster, where AWS looks at the
    family, the service or the task, and it knows no ecs:cluster."""
    for name in "RemediatorRole", "BackoutRole":
        [policy] = template["Resources"][name]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]:
            if all(action.startswith("ecs:") for action in actions(statement)):
                statement["Resource"] = "*"
                statement.pop("Condition", None)
    return template


def actions(statement):
    return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]


def ecs(operation, **body):
    return json.loads(ecs_text(operation, **body))


def ecs_text(operation, **body):
    """Calls ECS with exactly this JSON and returns exactly its answer: boto3 would drop what its model does not know."""
    request = AWSRequest("POST", os.environ["AWS_ENDPOINT_URL"], data=json.dumps(body).encode(), headers={
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}",
    })
    session = boto3.Session()
    SigV4Auth(session.get_credentials(), "ecs", session.region_name).add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    if answer.status_code != 200:
        sys.exit(f"ECS refuses {operation}: {answer.text}")
    return answer.text


def create_task_role(path, name):
    """ECS looks that the roles of a task definition exist."""
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]}
    boto3.client("iam").create_role(Path=path, RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))


def run_a_service(cluster, name, task_definition):
    """A service that wants no task, as there is nothing here that could run one."""
    ecs("CreateCluster", clusterName=cluster)
    ecs("CreateService", cluster=cluster, serviceName=name, taskDefinition=task_definition, desiredCount=0)


def revisions(family, status="ACTIVE"):
    return ecs("ListTaskDefinitions", familyPrefix=family, status=status)["taskDefinitionArns"]


def matches(rule, event):
    """Whether EventBridge would hand this event to the function, by the deployed rule's own pattern."""
    events = boto3.client("events")
    pattern = events.describe_rule(Name=rule)["EventPattern"]
    return events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]


def invoke(function, event):
    """Invokes the function once; returns its answer and its log."""
    once = Config(retries={"total_max_attempts": 1}, read_timeout=70)
    answer = boto3.client("lambda", config=once).invoke(FunctionName=function, Payload=json.dumps(event), LogType="Tail")
    # The emulator leaves out a log that is empty.
    payload, log = json.load(answer["Payload"]), base64.b64decode(answer.get("LogResult", "")).decode()
    if "FunctionError" in answer:
        sys.exit(f"the function failed: {json.dumps(payload)}\nits log:\n{log}")
    return payload, log


def scheduled(function):
    """What the deployed schedule hands to the function."""
    events = boto3.client("events")
    target = boto3.client("lambda").get_function_configuration(FunctionName=function)["FunctionArn"]
    rules = events.list_rule_names_by_target(TargetArn=target)["RuleNames"]
    [schedule] = [rule for rule in rules if events.describe_rule(Name=rule).get("ScheduleExpression")]
    [target] = events.list_targets_by_rule(Rule=schedule)["Targets"]
    return json.loads(target["Input"])


def role_of(function):
    return boto3.client("lambda").get_function_configuration(FunctionName=function)["Role"]


def retention(group):
    groups = boto3.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    return {each["logGroupName"]: each.get("retentionInDays") for each in groups}.get(group)


def journal_has(table, source):
    key = {"pk": {"S": f"REV#{source}"}, "sk": {"S": "HEAD"}}
    return "Item" in boto3.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)


def journal(table):
    """All that stands in the journal."""
    items = boto3.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))
