"""The deployed form of template.yaml, for its tests."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "infra"))
import sam  # noqa: E402

ACCOUNT = "111122223333"
OWN_ROLES = {
    "RemediatorRole": f"arn:aws:iam::{ACCOUNT}:role/logweir/remediator",
    "BackoutRole": f"arn:aws:iam::{ACCOUNT}:role/logweir/backout",
}
FUNCTIONS = "RemediatorFunction", "BackoutFunction"
RULES = ["Registered", "Services", "Deployments", "Consumers"]
TO_THE_QUEUE = [*RULES, "Sessions"]  # a parameter turns the rule Sessions on
# The rule that exists only if the parameter Exec is not off.
RULE_OF_CLUSTERS = "ClustersConfigured"
SCHEDULES = ["Resume", "Digest", "Reconciliation"]
ROOT = sam.TEMPLATE.parent
TEMPLATE = sam.translated()
RESOURCES = TEMPLATE["Resources"]


def properties(name):
    return RESOURCES[name]["Properties"]


def of_type(resource_type):
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == resource_type}


def environment(function):
    return properties(function)["Environment"]["Variables"]


def resolved(value):
    """Resolves the intrinsics of the rules' patterns and of the functions' roles like CloudFormation."""
    text = json.dumps(value).replace('{"Ref": "AWS::AccountId"}', json.dumps(ACCOUNT))
    for role, arn in OWN_ROLES.items():
        text = text.replace(json.dumps({"Fn::GetAtt": [role, "Arn"]}), json.dumps(arn)).replace(f"${{{role}.Arn}}", arn)
    return with_exec(json.loads(text))


def with_exec(value):
    """Resolves the conditions on the parameter Exec, as if it had the value correct."""
    if isinstance(value, list):
        return [with_exec(each) for each in value]
    if not isinstance(value, dict):
        return value
    if (condition := value.get("Fn::If")) and condition[0] in ("HasExec", "CorrectsExec"):
        return with_exec(condition[1])
    return {name: with_exec(each) for name, each in value.items()}
