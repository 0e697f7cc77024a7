"""Resolves template.yaml as CloudFormation does, for a sample account, with the default parameters or with given parameters.

The result is JSON without intrinsic functions, for tools that do not support intrinsic functions.
"""

import json
import pathlib
import re
import tomllib

import sam

SAMPLES = pathlib.Path(__file__).with_name("samples.toml")
NOTHING = object()


class Unknown(Exception):
    """The template has a part that this module does not support. Extend the module to resolve the template."""


class Stack:
    """A stack of the sample account."""

    def __init__(self, parameters=None, template=None, place=None):
        samples = tomllib.loads(SAMPLES.read_text())
        self.place = samples["place"] | (place or {})
        self.template = template or sam.translated()
        known = self.template.get("Parameters", {})
        if strange := (parameters or {}).keys() - known.keys():
            raise Unknown(f"template.yaml has no parameter {', '.join(sorted(strange))}")
        given = {name: each["Default"] for name, each in known.items() if "Default" in each} | (parameters or {})
        self.given = {name: value.split(",") if "List" in known[name]["Type"] else value for name, value in given.items()}
        self.conditions = {}
        self.resources = {
            name: self.filled(resource) for name, resource in self.template["Resources"].items()
            if self.holds(resource.get("Condition"))
        }

    def filled(self, value):
        """Returns the value without intrinsic functions, and without the parts that a condition excludes."""
        match value:
            case {"Ref": name, **rest} if not rest:
                return self.ref(name)
            case {"Fn::GetAtt": path, **rest} if not rest:
                return self.attribute(*(path.split(".") if isinstance(path, str) else path))
            case {"Fn::Sub": [text, names], **rest} if not rest:
                return self.substituted(text, self.filled(names))
            case {"Fn::Sub": text, **rest} if not rest:
                return self.substituted(text, {})
            case {"Fn::Join": [between, parts], **rest} if not rest:
                return self.joined(between, self.filled(parts))
            case {"Fn::Split": [at, text], **rest} if not rest:
                return self.filled(text).split(at)
            case {"Fn::Select": [index, parts], **rest} if not rest:
                return self.filled(parts)[int(index)]
            case {"Fn::If": [condition, then, otherwise], **rest} if not rest:
                return self.filled(then if self.holds(condition) else otherwise)
            case dict():
                if intrinsic := next((key for key in value if key.startswith("Fn::")), None):
                    raise Unknown(intrinsic)
                filled = {key: self.filled(each) for key, each in value.items()}
                return {key: each for key, each in filled.items() if each is not NOTHING}
            case list():
                return [each for each in map(self.filled, value) if each is not NOTHING]
            case _:
                return value

    def holds(self, condition):
        """Returns whether a condition holds. The condition is a name or an expression."""
        match condition:
            case None:
                return True
            case str():
                if condition not in self.conditions:
                    self.conditions[condition] = self.holds(self.template["Conditions"][condition])
                return self.conditions[condition]
            case {"Condition": name}:
                return self.holds(name)
            case {"Fn::Equals": [one, other]}:
                return str(self.filled(one)) == str(self.filled(other))
            case {"Fn::Not": [one]}:
                return not self.holds(one)
            case {"Fn::And": all_of}:
                return all(map(self.holds, all_of))
            case {"Fn::Or": one_of}:
                return any(map(self.holds, one_of))
        raise Unknown(json.dumps(condition))

    def joined(self, between, parts):
        return between.join(map(str, parts))

    def substituted(self, text, names):
        def one(found):
            name = found[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in names:
                return str(names[name])
            return str(self.attribute(*name.split(".", 1)) if "." in name else self.ref(name))

        return re.sub(r"\$\{([^}]+)}", one, text)

    def ref(self, name):
        pseudo = {
            "AWS::AccountId": self.place["account"], "AWS::Region": self.place["region"],
            "AWS::Partition": self.place["partition"], "AWS::StackName": self.place["stack"],
            "AWS::URLSuffix": "amazonaws.com.cn" if self.place["partition"] == "aws-cn" else "amazonaws.com",
            "AWS::StackId": self.arn("cloudformation", f"stack/{self.place['stack']}/8f2c"),
            "AWS::NoValue": NOTHING,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.given:
            return self.given[name]
        match self.type_of(name):
            case "AWS::SQS::Queue":
                return f"https://sqs.{self.place['region']}.amazonaws.com/{self.place['account']}/{self.name_of(name)}"
            case "AWS::SNS::Topic":
                return self.attribute(name, "TopicArn")
            case "AWS::Lambda::EventSourceMapping":
                return "91eaeb7e-c976-1234-9451-8709db01f137"
            case _:
                return self.name_of(name)

    def attribute(self, name, attribute):
        own = self.name_of(name)
        match self.type_of(name), attribute:
            case "AWS::IAM::Role", "Arn":
                path = self.template["Resources"][name]["Properties"].get("Path", "/")
                return f"arn:{self.place['partition']}:iam::{self.place['account']}:role{self.filled(path)}{own}"
            case "AWS::Lambda::Function", "Arn":
                return self.arn("lambda", f"function:{own}")
            case "AWS::DynamoDB::Table", "Arn":
                return self.arn("dynamodb", f"table/{own}")
            case "AWS::Logs::LogGroup", "Arn":
                return self.arn("logs", f"log-group:{own}:*")
            case "AWS::SQS::Queue", "Arn":
                return self.arn("sqs", own)
            case "AWS::SQS::Queue", "QueueName":
                return own
            case "AWS::SQS::Queue", "QueueUrl":
                return self.ref(name)
            case "AWS::SNS::Topic", "TopicArn":
                return self.arn("sns", own)
            case "AWS::SNS::Topic", "TopicName":
                return own
            case "AWS::Events::Rule", "Arn":
                return self.arn("events", f"rule/{own}")
            case "AWS::Events::EventBus", "Arn":
                return self.arn("events", f"event-bus/{own}")
            case "AWS::Events::Archive", "Arn":
                return self.arn("events", f"archive/{own}")
            case "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm", "Arn":
                return self.arn("cloudwatch", f"alarm:{own}")
        raise Unknown(f"{name}.{attribute}, of {self.type_of(name)}")

    def arn(self, service, resource):
        return f"arn:{self.place['partition']}:{service}:{self.place['region']}:{self.place['account']}:{resource}"

    def type_of(self, name):
        if name not in self.template["Resources"]:
            raise Unknown(f"template.yaml has no resource {name}")
        return self.template["Resources"][name]["Type"]

    def name_of(self, name):
        """Returns the resource's name in the template, or a generated name like CloudFormation's."""
        for key in "FunctionName", "QueueName", "TableName", "TopicName", "LogGroupName", "RoleName", "Name":
            given = self.template["Resources"][name].get("Properties", {}).get(key)
            if given is not None and (given := self.filled(given)) is not NOTHING:
                return given
        return f"{self.place['stack']}-{name}"

    def policy(self, role):
        """Returns all permissions of a role, as one policy document."""
        properties = self.resources[role]["Properties"]
        statements = [
            statement for policy in properties["Policies"] for statement in policy["PolicyDocument"]["Statement"]
        ]
        return {"Version": "2012-10-17", "Statement": statements}


class Judged(Stack):
    """The template for tools that check templates. These tools resolve references between resources themselves."""

    def ref(self, name):
        return {"Ref": name} if name in self.template["Resources"] else super().ref(name)

    def attribute(self, name, attribute):
        return {"Fn::GetAtt": [name, attribute]}

    def substituted(self, text, names):
        refers = any(name.split(".")[0] in self.template["Resources"] for name in re.findall(r"\$\{([^}]+)}", text))
        return {"Fn::Sub": text} if refers else super().substituted(text, names)

    def joined(self, between, parts):
        return {"Fn::Join": [between, parts]} if any(isinstance(each, dict) for each in parts) else super().joined(between, parts)

    def document(self):
        return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": self.resources}


def given():
    """Returns the sample in which every parameter is narrowed and every option is used."""
    return tomllib.loads(SAMPLES.read_text())["given"]
