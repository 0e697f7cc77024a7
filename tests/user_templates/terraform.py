"""Task definitions and log groups of Terraform: of `*.tf` files by python-hcl2, of plans and states by Python's JSON."""

import json
import re

import hcl2
from definition import ABSENT, UNKNOWN, Definition
from lark import Token, Tree

TASK, GROUP = "aws_ecs_task_definition", "aws_cloudwatch_log_group"
MEMBERS = {
    "executionRoleArn": "execution_role_arn", "requiresCompatibilities": "requires_compatibilities",
    "containerDefinitions": "container_definitions",
}


def alternatives(node):
    return [(node, "yes")]


def of_plan(text):
    """Returns the task definitions of the JSON form of a plan or a state."""
    document = json.loads(text)
    resources = {}
    if "resource_changes" in document:
        for each in document["resource_changes"]:
            change = each["change"]
            if each.get("mode") == "managed" and change["after"] is not None:
                unknown = change.get("after_unknown") or {}
                resources[each["address"]] = each["type"], change["after"] | {
                    name: UNKNOWN for name, value in unknown.items() if value is True}
    else:
        of_module(document["values"]["root_module"], resources)
    return located(resources, decode)


def of_module(module, resources):
    for each in module.get("resources", []):
        if each.get("mode") == "managed":
            resources[each["address"]] = each["type"], each["values"]
    for child in module.get("child_modules", []):
        of_module(child, resources)


def decode(value):
    try:
        return json.loads(value) if isinstance(value, str) else UNKNOWN
    except json.JSONDecodeError:
        return UNKNOWN


def of_text(path, text):
    """Returns the task definitions of a `*.tf` file."""
    [body] = hcl2.parses_to_tree(text if text.endswith("\n") else text + "\n").children
    resources = {}
    for block in trees(body, "block"):
        labels = [scalar(child) for child in block.children if isinstance(child, Tree) and child.data in ("identifier", "string")]
        if labels[:1] == ["resource"] and len(labels) == 3:
            [inner] = trees(block, "body")
            values = {}
            for attribute in trees(inner, "attribute"):
                name, expression = attribute.children[0], attribute.children[-1]
                values[scalar(name)] = value(expression, path.parent)
            resources[f"{labels[1]}.{labels[2]}"] = labels[1], values
    return located(resources, lambda containers: containers)


def located(resources, containers_of):
    groups = {address: values for address, (kind, values) in resources.items() if kind == GROUP}

    def group(node):
        if not isinstance(node, str):
            return []
        return [(address, True) for address, values in groups.items() if values.get("name") == node]

    retentions = {address: [(values.get("retention_in_days") if values.get("retention_in_days") is not None else ABSENT, "yes")]
                  for address, values in groups.items()}
    found = []
    for address, (kind, values) in resources.items():
        if kind == TASK:
            node = values | {"container_definitions": containers_of(values.get("container_definitions", UNKNOWN))}
            # The provider takes an absent and an empty role for no role.
            found.append(Definition(
                resource=address, node={name: each for name, each in node.items() if each is not None},
                alternatives=alternatives, spelled=lambda member: MEMBERS.get(member, member), group=group, retentions=retentions,
            ))
    return found


def trees(tree, kind):
    return [child for child in tree.children if isinstance(child, Tree) and child.data == kind]


def scalar(tree):
    return "".join(str(token) for token in tree.scan_values(lambda token: isinstance(token, Token))).strip('"')


def value(tree, folder):
    """Returns the value of an expression if it is literal, else `UNKNOWN`."""
    if not isinstance(tree, Tree):
        return UNKNOWN
    inner = [child for child in tree.children if isinstance(child, Tree) and child.data != "new_line_or_comment"]
    match tree.data:
        case "expr_term":
            return value(inner[0], folder) if len(inner) == 1 else UNKNOWN
        case "string":
            return text_of(tree)
        case "int_lit":
            return int(scalar(tree))
        case "float_lit":
            return float(scalar(tree))
        case "literal_value":
            return {"true": True, "false": False, "null": None}[scalar(tree)]
        case "tuple":
            return [value(child, folder) for child in inner]
        case "object":
            return dict(element(child, folder) for child in inner)
        case "function_call":
            return called(inner, folder)
        case "heredoc_template" | "heredoc_template_trim":
            body = scalar_of(tree).split("\n", 1)[1].rstrip().rsplit("\n", 1)[0]
            return of_json(body)
    return UNKNOWN


def element(tree, folder):
    key, expression = tree.children[0], tree.children[-1]
    if isinstance(key, Tree) and key.data == "object_elem_key":
        [key] = key.children
    names = list(key.find_data("identifier")) if isinstance(key, Tree) else []
    name = value(key, folder)
    return (scalar(names[0]) if name is UNKNOWN and names else name if isinstance(name, str) else scalar(key)), value(expression, folder)


def text_of(tree):
    if any(True for _ in tree.find_pred(lambda part: part.data in ("interpolation", "template_if_start", "template_for_start"))):
        return UNKNOWN
    return scalar_of(tree)[1:-1].replace('\\"', '"').replace("$${", "${").replace("\\n", "\n")


def scalar_of(tree):
    return "".join(str(token) for token in tree.scan_values(lambda token: isinstance(token, Token)))


def called(inner, folder):
    name = scalar(inner[0])
    arguments = [child for part in inner[1:] for child in part.children
                 if isinstance(child, Tree) and child.data != "new_line_or_comment"]
    if name == "jsonencode" and len(arguments) == 1:
        return value(arguments[0], folder)
    if name in ("file", "templatefile") and arguments:
        path = scalar_of(arguments[0]).strip('"').replace("${path.module}/", "").replace("${path.root}/", "")
        target = folder / path
        if "${" not in path and target.is_file():
            return of_json(target.read_text())
    return UNKNOWN


def of_json(text):
    """Returns JSON with templates in its texts. A text with a template is unknown."""
    marked = re.sub(r"(?<!\$)\$\{[^}]*\}|(?<!%)%\{[^}]*\}", "\ue000", text)
    try:
        document = json.loads(marked)
    except json.JSONDecodeError:
        return UNKNOWN

    def unmarked(node):
        if isinstance(node, str):
            return UNKNOWN if "\ue000" in node else node
        if isinstance(node, list):
            return [unmarked(each) for each in node]
        if isinstance(node, dict):
            return {name: unmarked(each) for name, each in node.items()}
        return node

    return unmarked(document)
