"""What EventBridge delivers when somebody registers a task definition."""

import copy
import time

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


def registered(request, task_definition, role):
    """CloudTrail's record of a RegisterTaskDefinition call by a session of `role`, in EventBridge's envelope."""
    arn = task_definition["taskDefinitionArn"]
    _, _, _, region, account, _ = arn.split(":", 5)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    name = role.rpartition("/")[2]
    return {
        "version": "0",
        "id": "1b6d5a1e-6f0c-4b57-9c3a-0d8f6f0f1c11",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ecs",
        "account": account,
        "time": now,
        "region": region,
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": "AROAEXAMPLE:pipeline",
                "arn": f"arn:aws:sts::{account}:assumed-role/{name}/pipeline",
                "accountId": account,
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role", "principalId": "AROAEXAMPLE", "arn": role, "accountId": account, "userName": name,
                    },
                    "attributes": {"creationDate": now, "mfaAuthenticated": "false"},
                },
            },
            "eventTime": now,
            "eventSource": "ecs.amazonaws.com",
            "eventName": "RegisterTaskDefinition",
            "awsRegion": region,
            "sourceIPAddress": "192.0.2.10",
            "userAgent": "aws-cli/2.31.0",
            "requestParameters": hidden(request),
            "responseElements": {"taskDefinition": hidden(task_definition)},
            "requestID": "8f4b9c60-3a44-4f0e-a9f5-5f8f3f6f7a22",
            "eventID": "c0ffee00-1d2e-4f3a-8b4c-5d6e7f809a33",
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": account,
            "eventCategory": "Management",
        },
    }


def hidden(document):
    """CloudTrail puts one word in the place of every list of environment values."""
    document = copy.deepcopy(document)
    for container in document["containerDefinitions"]:
        if "environment" in container:
            container["environment"] = HIDDEN
    return document
