"""The emulated account. Endpoint and credentials are in the environment (tests/with-emulators)."""

import base64
import datetime
import json
import os
import sys
import time

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.httpsession import URLLib3Session

PATIENCE = 60  # seconds


def ecs(operation, **body):
    return json.loads(ecs_text(operation, **body))


def ecs_text(operation, **body):
    """Calls ECS with exactly this JSON and returns its exact response. boto3 would drop members that its model does not know."""
    request = AWSRequest("POST", os.environ["AWS_ENDPOINT_URL"], data=json.dumps(body).encode(), headers={
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}",
    })
    session = boto3.Session()
    SigV4Auth(session.get_credentials(), "ecs", session.region_name).add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    if answer.status_code != 200:
        sys.exit(f"ECS refused {operation}: {answer.text}")
    return answer.text


def create_task_role(path, name):
    """Creates a role for tasks. ECS checks that the roles of a task definition exist."""
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]}
    boto3.client("iam").create_role(Path=path, RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))


def create_service(cluster, name, task_definition):
    """Creates a service with no tasks, because the emulator cannot run one. Returns the call's body and its response. In the
    emulator, the service's deployments complete at once."""
    ecs("CreateCluster", clusterName=cluster)
    rolls_back = {"maximumPercent": 200, "minimumHealthyPercent": 100}
    rolls_back["deploymentCircuitBreaker"] = {"enable": True, "rollback": True}
    body = {
        "cluster": cluster, "serviceName": name, "taskDefinition": task_definition, "desiredCount": 0,
        "deploymentConfiguration": rolls_back, "tags": [{"key": "team", "value": "shop"}],
    }
    return body, ecs("CreateService", **body)["service"]


def update_service(cluster, name, task_definition):
    """Deploys a revision, as a pipeline does. Returns the call's body and its response."""
    body = {"cluster": cluster, "service": name, "taskDefinition": task_definition}
    return body, ecs("UpdateService", **body)["service"]


def service(cluster, name):
    [found] = ecs("DescribeServices", cluster=cluster, services=[name], include=["TAGS"])["services"]
    return found


def newest_deployment(cluster, name):
    [primary] = [each for each in service(cluster, name)["deployments"] if each["status"] == "PRIMARY"]
    return primary


def revisions(family, status="ACTIVE"):
    arns = ecs("ListTaskDefinitions", familyPrefix=family, status=status)["taskDefinitionArns"]
    return [arn for arn in arns if f"/{family}:" in arn]  # the emulator treats the family as a prefix


def matching(rules, event):
    """Returns the rules whose deployed patterns match this event."""
    events = boto3.client("events")
    patterns = {rule: events.describe_rule(Name=rule)["EventPattern"] for rule in rules}
    event = json.dumps(event)
    return [rule for rule in rules if events.test_event_pattern(EventPattern=patterns[rule], Event=event)["Result"]]


def invoke(function, event):
    """Invokes the function once. Returns its response and its log."""
    once = Config(retries={"total_max_attempts": 1}, read_timeout=70)
    answer = boto3.client("lambda", config=once).invoke(FunctionName=function, Payload=json.dumps(event), LogType="Tail")
    # The emulator omits an empty log.
    payload, log = json.load(answer["Payload"]), base64.b64decode(answer.get("LogResult", "")).decode()
    if "FunctionError" in answer:
        sys.exit(f"the function failed: {json.dumps(payload)}\nits log:\n{log}")
    return payload, log


def send(queue, body):
    """Sends a message to the queue, as a rule does."""
    body = body if isinstance(body, str) else json.dumps(body)
    return boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=body)["MessageId"]


def log_lines(group):
    """Returns all lines of a function's log."""
    pages = boto3.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"]]


def reports(group):
    """Returns the reports in a function's log."""
    lines = [json.loads(line) for line in log_lines(group) if line.startswith("{")]
    return [line for line in lines if line.get("event") == "remediation.summary"]


def waits(queue, *which):
    """Returns the number of messages in a queue: visible, in flight and delayed, or only `which` of them."""
    names = [f"ApproximateNumberOfMessages{each}" for each in which or ("", "NotVisible", "Delayed")]
    counts = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(counts[name]) for name in names)


def subscribe(topic):
    """Returns a new queue that receives the notifications of a topic."""
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn},
    ]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    return queue


def received(queue):
    """Returns the texts of the notifications in a queue, and deletes them there."""
    sqs = boto3.client("sqs")
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"])["content"]["description"] for message in messages]


def until(holds, what):
    """Waits until a condition holds, and returns its value. Ends the demo after PATIENCE seconds."""
    for _ in range(10 * PATIENCE):
        found = holds()
        if found:
            return found
        time.sleep(0.1)
    sys.exit(f"  ✗ did not happen within {PATIENCE} seconds: {what}")


def create_trail():
    boto3.client("s3").create_bucket(Bucket="trail", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    boto3.client("cloudtrail").create_trail(Name="all", S3BucketName="trail", IsMultiRegionTrail=True)
    boto3.client("cloudtrail").start_logging(Name="all")


def targets(rule):
    """Returns a rule's targets, with their input."""
    return boto3.client("events").list_targets_by_rule(Rule=rule)["Targets"]


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


def move_retirement_back(table, source, minutes):
    """Moves the times of a retirement into the past, as if these minutes had passed."""
    key = {"pk": {"S": f"REV#{source}"}, "sk": {"S": "HEAD"}}
    dynamodb = boto3.client("dynamodb")
    head = json.loads(dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]["head"]["S"])
    for name in {"withdrawn_at", "next", "unused_since"} & head["retirement"].keys():
        time_then = datetime.datetime.fromisoformat(head["retirement"][name]) - datetime.timedelta(minutes=minutes)
        head["retirement"][name] = time_then.isoformat().replace("+00:00", "Z")
    dynamodb.update_item(
        TableName=table, Key=key, UpdateExpression="SET head = :head", ExpressionAttributeValues={":head": {"S": json.dumps(head)}},
    )


def journal(table):
    """Returns all items of the journal."""
    items = boto3.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def records(table):
    """Returns the items of the journal's records, without the states that the journal keeps beside them."""
    return [item for item in journal(table) if item["pk"]["S"].startswith("REV#")]
