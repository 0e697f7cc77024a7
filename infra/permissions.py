"""Finds the calls to AWS that the sources can make, and reads the permissions for these calls from
infra/policies/operations.toml."""

import functools
import pathlib
import re
import tomllib

import botocore.session
from botocore import xform_name

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "infra/policies/operations.toml"
SOURCES = ROOT / "src/aws"

ROLES = {"remediator": "RemediatorRole", "backout": "BackoutRole"}

# The depths of `logweir runbook`, the smallest one first.
DEPTHS = ["ecs", "network", "identity", "images", "trail"]

# The SDK crates whose name differs from botocore's name of the service.
NAMES = {"cloudwatchlogs": "logs"}

# The services whose name in IAM and in signatures differs from botocore's name.
MODEL_NAMES = {"elasticloadbalancing": "elbv2"}

# Matches the next string, character or comment of a Rust source.
TOKEN = re.compile(r'''r(#+)".*?"\1|"(?P<literal>(?:[^"\\]|\\.)*)"|'(?:[^'\\]|\\.[^']*)'|//[^\n]*''', re.S)
MODELS = botocore.session.get_session().get_component("data_loader")


class Row:
    """One call of Logweir, or one action that AWS itself performs with a role. `needs` maps each permission to its reason."""

    def __init__(self, service, name, by, why, needs=None, also=None, option=None, depth=None):
        self.service, self.name, self.by, self.why, self.option = service, name, by, why, option
        self.depth = depth
        self.needs = {each: why for each in ([f"{service}:{name}"] if needs is None else needs)} | (also or {})


def calls():
    """Returns the rows of operations.toml for the calls of Logweir."""
    table = tomllib.loads(TABLE.read_text())
    return [
        Row(service, name, **row) for service, rows in table.items() if service != "beyond" for name, row in rows.items()
    ]


def beyond():
    """Returns the rows of operations.toml for the actions that AWS itself performs with a role."""
    rows = tomllib.loads(TABLE.read_text())["beyond"].items()
    return [Row(None, permission, needs=[permission], **row) for permission, row in rows]


def needed(by, given):
    """Returns the permissions that a role or the operator needs. `given` names the set parameters of template.yaml."""
    rows = [row for row in [*calls(), *beyond()] if by in row.by and row.option in (None, *given)]
    return {permission for row in rows for permission in row.needs}


def in_the_sources():
    """Returns the calls that `src/aws` can make, as pairs of a service and an operation."""
    texts = {path: sources(path) for path in sorted(SOURCES.rglob("*.rs"))}
    crates = re.findall(r"(?m)^aws-sdk-(\w+) = ", (ROOT / "Cargo.toml").read_text())
    return found(texts, [NAMES.get(crate, crate) for crate in crates])


def sources(path):
    """Returns the text of a source file without its tests."""
    return path.read_text().split("#[cfg(test)]")[0]


def found(texts, of_sdks):
    """Returns the calls in the source texts, as pairs of a service and an operation.

    The client of an SDK has a method without arguments for each operation. The source file of a call without an SDK contains
    the names of the operation and of the service as literals. If no literal names the service, the pair has `?` as the
    service.
    """
    literals = {file: {each["literal"] for each in TOKEN.finditer(text)} - {None} for file, text in texts.items()}
    texts = {file: TOKEN.sub("", text) for file, text in texts.items()}
    methods = {xform_name(each): (service, each) for service in of_sdks for each in operations(service)}
    known = {*MODELS.list_available_services("service-2"), *MODEL_NAMES}
    calls = {methods[name] for text in texts.values() for name in re.findall(r"\.\s*(\w+)\(\)", text) if name in methods}
    services = {each for names in literals.values() for each in names & known}
    for names in literals.values():
        calls |= {(service, name) for service in names & known for name in names & operations(service)}
    named = {name for _, name in calls}
    everywhere = set().union(*literals.values()) - named
    return calls | {("?", name) for service in {*services, *of_sdks} for name in everywhere & operations(service)}


@functools.cache
def operations(service):
    """Returns the names of all operations of a service."""
    return set(MODELS.load_service_model(MODEL_NAMES.get(service, service), "service-2")["operations"])


def of_depth(depth):
    """Returns the actions that a run of `logweir runbook` with this depth needs beyond the smaller depths."""
    return sorted(f"{row.service}:{row.name}" for row in calls() if row.depth == depth)


def runbook_policy(depth):
    """Returns the read-only policy for a run of `logweir runbook` with this depth, one statement for each depth."""
    depths = DEPTHS[: DEPTHS.index(depth) + 1]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": f"Runbook{each.capitalize()}", "Effect": "Allow", "Action": of_depth(each), "Resource": "*"}
            for each in depths
        ],
    }


def runbook_table():
    """Returns the table of the depths in docs/permissions.md."""
    row = "| [`{0}`](../infra/policies/runbook/{0}.json) | {1} |"
    return "\n".join(row.format(depth, ", ".join(f"`{action}`" for action in of_depth(depth))) for depth in DEPTHS)


def documented():
    """Returns the rows of the table in docs/permissions.md."""
    rows = {}
    for row in [*calls(), *beyond()]:
        for permission, why in row.needs.items():
            who, whys = rows.setdefault(permission, (set(), []))
            who.update(row.by)
            whys.append(f"{why} (the roles have this permission if `{row.option}` is set)" if row.option else why)
    lines = []
    for permission, (who, whys) in sorted(rows.items()):
        marks = " | ".join("✓" if each in who else "" for each in ("remediator", "backout", "operator"))
        lines.append(f"| `{permission}` | {marks} | {'; '.join(whys)} |")
    return "\n".join(lines)


DOCUMENT = """# Every permission, and why

This page lists the permissions of each function's role, and the permissions that an operator needs for all verbs of the
command line. `make bless` generates this page from [`operations.toml`](../infra/policies/operations.toml). A test compares
`operations.toml` with the calls that the sources can make and with the roles in [`template.yaml`](../template.yaml), so no
permission is missing or superfluous. Four policy files show the resources and conditions of each permission, for a sample
account. Two of the files use the template's defaults ([remediator](../infra/policies/remediator.json),
[backout](../infra/policies/backout.json)). In the other two, every parameter is narrowed and every option is used
([remediator](../infra/policies/remediator.given.json), [backout](../infra/policies/backout.given.json)).
[`requests.md`](../infra/policies/requests.md) lists requests with the required answer of IAM, and a simulator checks these
answers.

| permission | remediator | backout | command line | why |
|---|:-:|:-:|:-:|---|
{table}

## The runbook, by depth

`logweir runbook` reads an account up to a depth. The policy of a depth contains the actions of the smaller depths too. All
actions read, and none of them reads the value of a parameter or of a secret. A run without one of the actions marks the
rules that need it as `not-checked`, and names the action.

| depth and its policy | the actions beyond the smaller depths |
|---|---|
{runbook}

## The role for audits of other accounts

`logweir audit --accounts` and `logweir records --accounts` assume a role in each account other than the caller's. The
template [`audit-role.yaml`](../infra/organization/audit-role.yaml) creates this role, which only reads. Its trust policy
names the account of the auditor and requires an [external ID](glossary.md#external-id):

```json
{{
  "Effect": "Allow",
  "Principal": {{"AWS": "arn:aws:iam::111122223333:root"}},
  "Action": "sts:AssumeRole",
  "Condition": {{"StringEquals": {{"sts:ExternalId": "7c2e91a0"}}}}
}}
```

The caller needs `sts:AssumeRole` on these roles alone, such as `arn:aws:iam::*:role/LogweirAudit`. Without an external ID,
every principal of the auditor's account with this permission may use the role, also on behalf of others.
"""


def document():
    """Returns the text of docs/permissions.md."""
    return DOCUMENT.format(table=documented(), runbook=runbook_table())
