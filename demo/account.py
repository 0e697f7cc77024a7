"""The emulated account: what the demo needs of it. Endpoint and credentials are in the environment (tests/with-emulators)."""

import base64
import json
import os
import pathlib
import re
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
PATIENCE = {"Delay": 1, "MaxAttempts": 60}


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
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig=PATIENCE)
    [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def update(**parameters):
    """Deploys the same again, with these parameters in the place of those that it had."""
    cloudformation = boto3.client("cloudformation")
    [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    had = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    cloudformation.update_stack(
        StackName=STACK,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in (had | parameters).items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName=STACK, WaiterConfig=PATIENCE)


def for_the_emulator(template):
    """The emulator enforces the functions' roles, but judges calls to ECS on the cluster that they name, else on "*",
    where AWS looks at the service, the task or the family, and it knows no ecs:cluster. The clusters stay those that the
    stack is for."""
    for name in "RemediatorRole", "BackoutRole":
        [policy] = template["Resources"][name]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]:
            if all(action.startswith("ecs:") for action in actions(statement)):
                resources = statement["Resource"]
                resources = resources if isinstance(resources, list) else [resources]
                statement["Resource"] = [cluster_of(each) or "*" for each in resources]
                statement.pop("Condition", None)
    return template


def cluster_of(resource):
    """The cluster of an ARN of services or of what they consist of."""
    if isinstance(resource, dict):
        found = re.match(r"(.+):(?:service|service-deployment|service-revision|task)/([^/]+)", resource["Fn::Sub"])
        return found and {"Fn::Sub": f"{found[1]}:cluster/{found[2]}"}


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


def create_service(cluster, name, task_definition):
    """Makes a service that wants no task, as there is nothing here that could run one. Returns the call's body and its
    answer. To the emulator, a deployment of it has completed as soon as it was asked for."""
    ecs("CreateCluster", clusterName=cluster)
    rolls_back = {"maximumPercent": 200, "minimumHealthyPercent": 100}
    rolls_back["deploymentCircuitBreaker"] = {"enable": True, "rollback": True}
    body = {
        "cluster": cluster, "serviceName": name, "taskDefinition": task_definition, "desiredCount": 0,
        "deploymentConfiguration": rolls_back, "tags": [{"key": "team", "value": "shop"}],
    }
    return body, ecs("CreateService", **body)["service"]


def update_service(cluster, name, task_definition):
    """Deploys a revision, as a pipeline does. Returns the call's body and its answer."""
    body = {"cluster": cluster, "service": name, "taskDefinition": task_definition}
    return body, ecs("UpdateService", **body)["service"]


def service(cluster, name):
    [found] = ecs("DescribeServices", cluster=cluster, services=[name], include=["TAGS"])["services"]
    return found


def newest_deployment(cluster, name):
    [primary] = [each for each in service(cluster, name)["deployments"] if each["status"] == "PRIMARY"]
    return primary


def revisions(family, status="ACTIVE"):
    return ecs("ListTaskDefinitions", familyPrefix=family, status=status)["taskDefinitionArns"]


def matching(rules, event):
    """The rules by which EventBridge would hand this event to the function, by their own deployed patterns."""
    events = boto3.client("events")
    patterns = {rule: events.describe_rule(Name=rule)["EventPattern"] for rule in rules}
    event = json.dumps(event)
    return [rule for rule in rules if events.test_event_pattern(EventPattern=patterns[rule], Event=event)["Result"]]


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


def mode_of(function):
    configuration = boto3.client("lambda").get_function_configuration(FunctionName=function)
    return configuration["Environment"]["Variables"]["LOGWEIR_MODE"]


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
