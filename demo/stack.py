"""The stack's life cycle in the emulated account, as for an operator: `sam build`, `sam deploy`, `sam delete`."""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

import boto3
import yaml
from samtranslator.yaml_helper import yaml_parse

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "infra"))
import baseline_digest  # noqa: E402

NAME = "logweir"
SAM = pathlib.Path("target/venv-lint/bin/sam").resolve()
CONFIG = pathlib.Path("samconfig.toml").resolve()  # otherwise sam looks for it beside the template
BUILT = pathlib.Path("target/demo/sam")
# The shipped baseline without the settling time, for whose end the demonstration would have to wait.
BASELINE = pathlib.Path("target/demo/baseline.toml")
# The emulator's CloudFormation does not support these resources; tests/template checks them in the translated template.
LEFT_OUT = {"ArchiveDays": "0", "SavedQueries": "false"}


def build():
    os.environ["ARCH"] = platform.machine().replace("aarch64", "arm64")  # the architecture of this machine
    sam("build", "--build-dir", BUILT)
    shipped = pathlib.Path("infra/baseline.toml").read_text()
    assert shipped.count("settle-minutes = 15") == 1
    BASELINE.write_text(shipped.replace("settle-minutes = 15", "settle-minutes = 0"))
    for packaged in BUILT.glob("*/baseline.toml"):
        shutil.copyfile(BASELINE, packaged)
    template = yaml_parse((BUILT / "template.yaml").read_text())
    (BUILT / "emulated.yaml").write_text(yaml.safe_dump(for_the_emulator(template), sort_keys=False))


def lead_through(endpoint, bootstrap):
    """Routes the function's calls through an endpoint. The emulator sets each function's AWS_ENDPOINT_URL to its own, so a
    script replaces it and then starts the program."""
    program = bootstrap.rename(bootstrap.with_name("program"))
    bootstrap.write_text(f'#!/bin/sh\nAWS_ENDPOINT_URL={endpoint} exec "$(dirname "$0")/{program.name}"\n')
    bootstrap.chmod(0o755)


def deploy(**parameters):
    """Deploys the stack, or updates it with these parameters and keeps the others. Returns the outputs."""
    confirmed = {"ConfirmedBaseline": baseline_digest.of(BASELINE.read_text())}
    pairs = (LEFT_OUT | confirmed | had() | parameters).items()
    overrides = [f"ParameterKey={key},ParameterValue={value}" for key, value in pairs if value]
    sam("deploy", "--template-file", BUILT / "emulated.yaml", "--no-confirm-changeset", "--no-fail-on-empty-changeset",
        "--parameter-overrides", *overrides)
    return outputs()


def delete():
    sam("delete", "--stack-name", NAME, "--no-prompts")


def outputs():
    return {output["OutputKey"]: output["OutputValue"] for output in described().get("Outputs", [])}


def had():
    return {each["ParameterKey"]: each["ParameterValue"] for each in described().get("Parameters", [])}


def described():
    cloudformation = boto3.client("cloudformation")
    stacks = [each for each in cloudformation.describe_stacks()["Stacks"] if each["StackName"] == NAME]
    return stacks[0] if stacks else {}


def sam(command, *arguments):
    env = os.environ | {"SAM_CLI_TELEMETRY": "0"}
    command_line = [SAM, command, "--config-file", CONFIG, *arguments]
    ended = subprocess.run(command_line, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ended.returncode != 0:
        sys.exit(f"sam {command} failed with exit code {ended.returncode}:\n{ended.stdout}")


def for_the_emulator(template):
    """Adapts the template to the emulator. The emulator enforces the functions' roles, but it checks ECS permissions on the
    cluster of a call, or else on "*". AWS checks them on the service, the task or the family. The emulator also does not
    support ecs:cluster or TLS, puts an empty item into a list for AWS::NoValue, and knows no Fn::Split in conditions. The roles
    keep the stack's clusters. A short visibility timeout saves the half hour until a message has been received five times."""
    resources = template["Resources"]
    for name in template["Conditions"]:
        if re.fullmatch(r"Has[A-Za-z]+[2-8]", name):  # whether a list has this item; the demo gives each list one item
            template["Conditions"][name] = {"Fn::Equals": ["", ";"]}
    for name in "RemediatorRole", "BackoutRole":
        [policy] = resources[name]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]:
            statement = statement.get("Fn::If", [None, statement])[1]  # a statement that depends on a parameter
            if isinstance(statement.get("Resource"), list):
                statement["Resource"] = [each for each in statement["Resource"] if not is_optional(each)]
            if "Action" in statement and all(action.startswith("ecs:") for action in actions(statement)):
                those = statement["Resource"]
                those = those if isinstance(those, list) else [those]
                statement["Resource"] = [cluster_of(each) or "*" for each in those]
                if "ecs:DescribeClusters" in actions(statement):  # names its clusters in a list
                    statement["Resource"].append("*")
                statement.pop("Condition", None)
    for resource in resources.values():
        if resource["Type"] in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
            document = resource["Properties"]["PolicyDocument"]
            document["Statement"] = [each for each in document["Statement"] if each["Effect"] == "Allow"]
    resources["Work"]["Properties"]["VisibilityTimeout"] = 1
    return template


def cluster_of(resource):
    """Returns the cluster for the ARN of a cluster, a service, a service deployment, a service revision or a task."""
    if isinstance(resource, dict):
        arn, *names = resource["Fn::Sub"] if isinstance(resource["Fn::Sub"], list) else [resource["Fn::Sub"]]
        found = re.match(r"(.+):(?:cluster|service|service-deployment|service-revision|task)/([^/]+)", arn)
        return found and {"Fn::Sub": [f"{found[1]}:cluster/{found[2]}", *(names or [{}])]}


def is_optional(resource):
    """Whether a resource exists only if a list parameter has more than one item. The demo gives each list one item."""
    return isinstance(resource, dict) and resource.get("Fn::If", [None])[-1] == {"Ref": "AWS::NoValue"}


def actions(statement):
    """Returns the actions of a statement, including those that depend on a parameter."""
    every = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
    return [each["Fn::If"][1] if isinstance(each, dict) else each for each in every]
