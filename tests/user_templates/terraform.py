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


class Reference:
    """An expression that only Terraform evaluates."""

    def __init__(self, text):
        self.text = text


def alternatives(node):
    return [(UNKNOWN if isinstance(node, Reference) else node, "yes")]


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
    blocks = list(blocks_of(text))
    # Other files of the folder may define the log groups and the local values.
    beside = [block for other in sorted(path.parent.glob("*.tf")) if other != path for block in blocks_of(other.read_text())]
    scope = Scope(path.parent)
    for labels, attributes in beside + blocks:
        if labels == ["locals"]:
            scope.locals |= attributes
    resources, groups = {}, {}
    for labels, attributes in blocks + beside:
        if labels[:1] == ["resource"] and labels[1] in (TASK, GROUP):
            values = {name: scope.value(expression) for name, expression in attributes.items()}
            address = f"{labels[1]}.{labels[2]}"
            if labels[1] == GROUP:
                groups[address] = GROUP, values
            elif (labels, attributes) in blocks:
                resources[address] = TASK, values
    return located(resources | groups, lambda containers: containers)


def blocks_of(text):
    """Yields the labels and the attributes of each block of a file."""
    [body] = hcl2.parses_to_tree(text if text.endswith("\n") else text + "\n").children
    for block in trees(body, "block"):
        labels = [scalar(child) for child in block.children if isinstance(child, Tree) and child.data in ("identifier", "string")]
        [inner] = trees(block, "body")
        yield labels, {scalar(each.children[0]): each.children[-1] for each in trees(inner, "attribute")}


def located(resources, containers_of):
    groups = {address: values for address, (kind, values) in resources.items() if kind == GROUP}

    def group(node):
        if isinstance(node, Reference):
            found = re.match(r"(?:\$\{)?(aws_cloudwatch_log_group\.[\w-]+)(\[[^]]*\])?\.(name|id)\b", node.text)
            return [(found[1], True)] if found and found[1] in groups else []
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


class Scope:
    """The values of expressions in a folder. What is not literal is a `Reference`."""

    def __init__(self, folder):
        self.folder, self.locals, self.open = folder, {}, set()

    def value(self, tree):
        inner = [child for child in tree.children if isinstance(child, Tree) and child.data != "new_line_or_comment"]
        match tree.data:
            case "expr_term" if len(inner) == 1:
                return self.value(inner[0])
            case "string":
                return text_of(tree)
            case "int_lit":
                return int(scalar(tree))
            case "float_lit":
                return float(scalar(tree))
            case "literal_value":
                return {"true": True, "false": False, "null": None}[scalar(tree)]
            case "tuple":
                return [self.value(child) for child in inner]
            case "object":
                return dict(map(self.element, inner))
            case "function_call":
                return self.called(inner, tree)
            case "get_attr_expr_term":
                return self.local(raw(tree))
            case "heredoc_template" | "heredoc_template_trim":
                return of_json(raw(tree).split("\n", 1)[1].rstrip().rsplit("\n", 1)[0])
        return Reference(raw(tree))

    def local(self, text):
        name = text.removeprefix("local.")
        if name == text or name not in self.locals or name in self.open:
            return Reference(text)
        self.open.add(name)
        found = self.value(self.locals[name])
        self.open.remove(name)
        # Logweir follows local values to containers, and leaves texts to the plan.
        return found if isinstance(found, (dict, list)) else Reference(text)

    def element(self, tree):
        [key] = tree.children[0].children
        name = self.value(key)
        return name if isinstance(name, str) else raw(key), self.value(tree.children[-1])

    def called(self, inner, tree):
        name = scalar(inner[0])
        arguments = [child for part in inner[1:] for child in part.children
                     if isinstance(child, Tree) and child.data != "new_line_or_comment"]
        if name == "jsonencode" and len(arguments) == 1:
            return self.value(arguments[0])
        if name == "merge":
            parts = [self.value(argument) for argument in arguments]
            if all(isinstance(part, dict) for part in parts):
                return {key: each for part in parts for key, each in part.items()}
        if name in ("file", "templatefile") and arguments:
            path = raw(arguments[0]).strip('"').replace("${path.module}/", "")
            target = self.folder / path
            if "${" not in path and target.is_file():
                return of_json(target.read_text())
        return Reference(raw(tree))


def raw(tree):
    """Returns the text of an expression, without the spaces between its parts."""
    return "".join(str(token) for token in tree.scan_values(lambda token: isinstance(token, Token)))


def text_of(tree):
    dynamic = ("interpolation", "template_if_start", "template_for_start")
    if any(True for _ in tree.find_pred(lambda part: part.data in dynamic)):
        return Reference(raw(tree)[1:-1])
    return raw(tree)[1:-1].replace('\\"', '"').replace("$${", "${").replace("\\n", "\n")


def of_json(text):
    """Returns JSON with templates in its texts."""
    marked, at, is_text = "", 0, False
    while at < len(text):
        if text[at:at + 2] in ("${", "%{") and text[at - 1:at] != text[at]:
            end = text.find("}", at) + 1 or len(text)
            inner = "\ue000" + text[at:end].replace('"', "'")
            # A template in the place of a value has no quotes around it.
            marked += inner if is_text else f'"{inner}"'
            at = end
            continue
        if text[at] == "\\":
            marked += text[at]
            at += 1
        elif text[at] == '"':
            is_text = not is_text
        marked += text[at:at + 1]
        at += 1
    try:
        document = json.loads(marked)
    except json.JSONDecodeError:
        return Reference(text)

    def unmarked(node):
        if isinstance(node, str):
            return Reference(node.replace("\ue000", "")) if "\ue000" in node else node
        if isinstance(node, list):
            return [unmarked(each) for each in node]
        if isinstance(node, dict):
            return {name: unmarked(each) for name, each in node.items()}
        return node

    return unmarked(document)
