"""Task definitions and log groups of a CloudFormation template, as cfn-lint's decoder reads it."""

import itertools
import json
import logging
import re

import cfnlint.decode
from definition import ABSENT, OWN_REGION, UNKNOWN, Definition

MOST = 6

logging.disable(logging.CRITICAL)

# The transforms that neither change nor add a task definition.
HARMLESS = {"AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::CodeDeployBlueGreen", "AWS::SecretsManager-2020-07-23",
            "AWS::SecretsManager-2024-09-16"}


def definitions(path):
    """Returns the task definitions of a template, or `None` if the file is no template that the decoder reads."""
    template, _ = cfnlint.decode.decode(str(path))
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        return None
    resources = {name: each for name, each in template["Resources"].items() if isinstance(each, dict)}
    transforms = template.get("Transform", [])
    transforms = transforms if isinstance(transforms, list) else [transforms]
    is_partial = any(name not in HARMLESS for name in transforms if not isinstance(name, dict) or name.get("Name") not in HARMLESS)
    is_partial |= any(name.startswith("Fn::") for name in template["Resources"])
    found = []
    for name, each in resources.items():
        if each.get("Type") == "AWS::ECS::TaskDefinition":
            for assumed in assumptions(each):
                reader = Reader(template.get("Parameters") or {}, resources, assumed)
                found.append(Definition(
                    resource=name, node=each.get("Properties") or {}, alternatives=reader.alternatives,
                    spelled=lambda member: member[:1].upper() + member[1:], group=reader.group,
                    retentions=reader.retentions(), is_partial=is_partial,
                ))
    return found


def assumptions(resource):
    """Returns each combination of the conditions that decide about the values of a resource. Its own condition is true."""
    names = sorted({condition for condition in conditions(resource.get("Properties")) if isinstance(condition, str)})[:MOST]
    for values in itertools.product([True, False], repeat=len(names)):
        assumed = dict(zip(names, values))
        if assumed.get(resource.get("Condition"), True):
            yield assumed


def conditions(node):
    if isinstance(node, dict):
        if isinstance(node.get("Fn::If"), list) and node["Fn::If"]:
            yield node["Fn::If"][0]
        node = list(node.values())
    for each in node if isinstance(node, list) else []:
        yield from conditions(each)


class Reader:
    def __init__(self, parameters, resources, assumed):
        self.parameters, self.assumed = parameters, assumed
        self.groups = {name: each.get("Properties") or {} for name, each in resources.items()
                       if each.get("Type") == "AWS::Logs::LogGroup"}

    def alternatives(self, node):
        """Returns each value that a node can have, with `yes`, or `by-default` if a parameter's default gives it."""
        if isinstance(node, dict) and len(node) == 1:
            [(function, argument)] = node.items()
            if function == "Ref":
                return [self.reference(argument)]
            if function == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
                branches = {True: argument[1:2], False: argument[2:]}.get(self.assumed.get(argument[0]), argument[1:])
                return [each for branch in branches for each in self.alternatives(branch)]
            if function == "Fn::Sub" and isinstance(argument, str):
                return [self.substituted(argument)]
            if function.startswith("Fn::") or function == "Condition":
                return [(UNKNOWN, "yes")]
        if isinstance(node, dict) and "Fn::Transform" in node:
            return [(UNKNOWN, "yes")]
        if isinstance(node, str) and "{{resolve:" in node:
            return [(UNKNOWN, "yes")]
        return [(node, "yes")]

    def reference(self, name):
        if name == "AWS::NoValue":
            return ABSENT, "yes"
        if name == "AWS::Region":
            return OWN_REGION, "yes"
        parameter = self.parameters.get(name) if isinstance(name, str) else None
        if not isinstance(parameter, dict) or "Default" not in parameter:
            return UNKNOWN, "yes"
        # The default of such a parameter is the name of a value in the Parameter Store, and not the value.
        if str(parameter.get("Type")).startswith("AWS::SSM::"):
            return UNKNOWN, "yes"
        return parameter["Default"], "by-default"

    def substituted(self, text):
        """Returns the text of `Fn::Sub`, if its variables are parameters with defaults."""
        if text == "${AWS::Region}":
            return OWN_REGION, "yes"
        names = re.findall(r"\$\{([^!}]+)\}", text)
        values = {name: self.reference(name) for name in names}
        if any(not isinstance(value, (str, int)) for value, _ in values.values()):
            return UNKNOWN, "yes"
        text = re.sub(r"\$\{([^!}]+)\}", lambda found: str(values[found[1]][0]), text)
        return text.replace("${!", "${"), "by-default" if names else "yes"

    def group(self, node):
        """Returns pairs of a log group of the template and whether the reference to it is beyond doubt."""
        if isinstance(node, dict) and "Fn::If" in node and isinstance(node["Fn::If"], list):
            return [(name, False) for branch in node["Fn::If"][1:] for name, _ in self.group(branch)]
        if isinstance(node, dict) and node.get("Ref") in self.groups:
            return [(node["Ref"], True)]
        if isinstance(node, dict) and isinstance(sub := node.get("Fn::Sub"), str) and sub.strip("${}") in self.groups:
            return [(sub.strip("${}"), False)]
        wanted = json.dumps(node, default=str)
        named = [name for name, each in self.groups.items() if json.dumps(each.get("LogGroupName"), default=str) == wanted]
        return [(name, isinstance(node, str)) for name in named]

    def retentions(self):
        return {name: self.alternatives(each["RetentionInDays"]) if "RetentionInDays" in each else [(ABSENT, "yes")]
                for name, each in self.groups.items()}
