"""The events that EventBridge delivers for calls to ECS and for the progress of a deployment."""

import copy
import time
import uuid

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


def registered(request, task_definition, role):
    """Returns CloudTrail's record of a RegisterTaskDefinition call by a session of `role`."""
    answer = {"taskDefinition": hidden(task_definition)}
    return call("RegisterTaskDefinition", task_definition["taskDefinitionArn"], hidden(request), answer, role)


def deregistered(task_definition, role):
    """Returns CloudTrail's record of a DeregisterTaskDefinition call by a session of `role`."""
    arn = task_definition["taskDefinitionArn"]
    answer = {"taskDefinition": hidden(task_definition) | {"status": "INACTIVE"}}
    return call("DeregisterTaskDefinition", arn, {"taskDefinition": arn}, answer, role)


def asked(name, request, service, role):
    """Returns CloudTrail's record of a CreateService or UpdateService call by a session of `role`."""
    return call(name, service["serviceArn"], request, {"service": with_dates(service)}, role)


def configured(request, cluster, role):
    """Returns CloudTrail's record of an UpdateCluster call by a session of `role`."""
    return call("UpdateCluster", cluster["clusterArn"], request, {"cluster": cluster}, role)


def executed(cluster, person, command, minutes_ago):
    """Returns CloudTrail's record of an ExecuteCommand call some minutes ago, by a user of IAM Identity Center."""
    arn = f"arn:aws:ecs:eu-west-1:000000000000:cluster/{cluster}"
    task = f"{arn.replace(':cluster/', ':task/')}/{uuid.uuid4().hex}"
    request = {"cluster": cluster, "task": task, "container": "app", "command": command, "interactive": True}
    session = {"sessionId": f"ecs-execute-command-{uuid.uuid4().hex[:26]}", "streamUrl": HIDDEN, "tokenValue": HIDDEN}
    answer = {"clusterArn": arn, "taskArn": task, "containerName": "app", "interactive": True, "session": session}
    role = "arn:aws:iam::000000000000:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_0123456789abcdef"
    event = call("ExecuteCommand", task, request, answer, role, session_name=person)
    event["detail"]["eventTime"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60 * minutes_ago))
    return event


def deployment(service, deployment_id, state):
    """Returns ECS's event on the state of a service's deployment."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return envelope(service["serviceArn"], "ECS Deployment State Change", now, [service["serviceArn"]], {
        "eventType": "ERROR" if state == "FAILED" else "INFO",
        "eventName": f"SERVICE_DEPLOYMENT_{state}",
        "clusterArn": service["clusterArn"],
        "deploymentId": deployment_id,
        "updatedAt": now,
        "reason": f"ECS deployment {deployment_id} {state.lower().replace('_', ' ')}.",
    })


def call(name, about, request, answer, role, session_name="pipeline"):
    _, _, _, region, account, _ = about.split(":", 5)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    role_name = role.rpartition("/")[2]
    return envelope(about, "AWS API Call via CloudTrail", now, [], {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROAEXAMPLE:{session_name}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{session_name}",
            "accountId": account,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": "AROAEXAMPLE", "arn": role, "accountId": account, "userName": role_name,
                },
                "attributes": {"creationDate": now, "mfaAuthenticated": "false"},
            },
        },
        "eventTime": now,
        "eventSource": "ecs.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": "192.0.2.10",
        "userAgent": "aws-cli/2.31.0",
        "requestParameters": request,
        "responseElements": answer,
        "requestID": "8f4b9c60-3a44-4f0e-a9f5-5f8f3f6f7a22",
        "eventID": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name} {about} {now}")),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    })


def envelope(about, detail_type, now, resources, detail):
    _, _, _, region, account, _ = about.split(":", 5)
    return {
        "version": "0",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{detail_type} {about} {now}")),
        "detail-type": detail_type,
        "source": "aws.ecs",
        "account": account,
        "time": now,
        "region": region,
        "resources": resources,
        "detail": detail,
    }


def hidden(document):
    """Hides the environment as CloudTrail does: one word replaces each container's list of values."""
    document = copy.deepcopy(document)
    for container in document["containerDefinitions"]:
        if "environment" in container:
            container["environment"] = HIDDEN
    return document


def with_dates(document):
    """Writes times as CloudTrail does. ECS itself sends seconds since 1970."""
    if isinstance(document, list):
        return [with_dates(each) for each in document]
    if not isinstance(document, dict):
        return document
    return {key: date(value) if key.endswith("At") else with_dates(value) for key, value in document.items()}


def date(seconds):
    return time.strftime("%b %d, %Y, %I:%M:%S %p", time.gmtime(seconds))
