"""Which calls to AWS the sources can make, and which permissions they need: infra/policies/operations.toml."""

import pathlib
import re
import tomllib

import botocore.session
from botocore import xform_name

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "infra/policies/operations.toml"
SOURCES = ROOT / "src/aws"

ROLES = {"remediator": "RemediatorRole", "backout": "BackoutRole"}

# The crates whose name is not the service's in botocore.
NAMES = {"cloudwatchlogs": "logs"}

SIGNED = re.compile(r"\bCall\s*\{\s*name\s*(?::\s*([^,]+?)\s*)?,\s*service\s*(?::\s*([^,]+?)\s*)?,")
CONSTANT = re.compile(r'\bconst\s+(\w+)\s*:\s*&(?:\'static )?str\s*=\s*"([^"]+)"')


class Unreadable(Exception):
    """A call that cannot be read off the sources."""


class Row:
    """One call, or what AWS does beside the calls. `needs` are the permissions, each with its reason."""

    def __init__(self, service, name, by, why, needs=None, also=None):
        self.service, self.name, self.by, self.why = service, name, by, why
        self.needs = {each: why for each in ([f"{service}:{name}"] if needs is None else needs)} | (also or {})


def calls():
    """The table's rows of calls."""
    table = tomllib.loads(TABLE.read_text())
    return [
        Row(service, name, **row) for service, rows in table.items() if service != "beyond" for name, row in rows.items()
    ]


def beyond():
    """The table's rows of what AWS does in a role's name."""
    rows = tomllib.loads(TABLE.read_text())["beyond"].items()
    return [Row(None, permission, needs=[permission], **row) for permission, row in rows]


def needed(by):
    """The permissions that somebody needs."""
    return {permission for row in [*calls(), *beyond()] if by in row.by for permission in row.needs}


def in_the_sources():
    """The calls that `src/aws` can make, as pairs of a service and an operation."""
    sdk = of_the_sdk()
    found = set()
    for path in sorted(SOURCES.rglob("*.rs")):
        text = re.sub(r"//.*", "", path.read_text())
        found |= {sdk[name] for name in re.findall(r"\.\s*(\w+)\(\)", text) if name in sdk}
        found |= set(signed(text, path))
    return found


def of_the_sdk():
    """Of each crate aws-sdk-…, how its clients name the operations. None of them takes an argument."""
    crates = re.findall(r"(?m)^aws-sdk-(\w+) = ", (ROOT / "Cargo.toml").read_text())
    loader = botocore.session.get_session().get_component("data_loader")
    names = {}
    for service in (NAMES.get(crate, crate) for crate in crates):
        for operation in loader.load_service_model(service, "service-2")["operations"]:
            names[xform_name(operation)] = (service, operation)
    return names


def signed(text, path):
    """The calls that are signed by hand: `Call { name: …, service: …, … }`, each a literal or a constant of the file."""
    constants = dict(CONSTANT.findall(text))
    begun = len(re.findall(r"(?<!struct )\bCall\s*(?:<[^>]*>)?\s*\{", text))
    read = SIGNED.findall(text)
    if len(read) != begun:
        raise Unreadable(f"{path}: a Call does not begin with its name and its service")
    for name, service in read:
        literals = [each.strip('"') if each.startswith('"') else constants.get(each) for each in (name, service)]
        if None in literals:
            raise Unreadable(f"{path}: name and service of a Call are to be literals or constants of the file")
        yield literals[1], literals[0]


def documented():
    """The table as docs/permissions.md has it."""
    rows = {}
    for row in [*calls(), *beyond()]:
        for permission, why in row.needs.items():
            who, whys = rows.setdefault(permission, (set(), []))
            who.update(row.by)
            whys.append(why)
    lines = []
    for permission, (who, whys) in sorted(rows.items()):
        marks = " | ".join("✓" if each in who else "" for each in ("remediator", "backout", "operator"))
        lines.append(f"| `{permission}` | {marks} | {'; '.join(whys)} |")
    return "\n".join(lines)


DOCUMENT = """# Every permission, and why

What each function's role may do, and what whoever runs the command line needs for all of its verbs.
[`operations.toml`](../infra/policies/operations.toml) is where this comes from: `make bless` writes it, and a test holds it
against the calls that the sources can make and against the roles in [`template.yaml`](../template.yaml), so that none is
missing and none is spare. What each is narrowed to stands in the policies themselves, filled in for an account that does not
exist: by the template's defaults ([remediator](../infra/policies/remediator.json),
[backout](../infra/policies/backout.json)), and with every parameter narrowed and every option taken
([remediator](../infra/policies/remediator.given.json), [backout](../infra/policies/backout.given.json)).
[`requests.md`](../infra/policies/requests.md) lists requests with the answer that IAM has to give; a simulator judges them.

| permission | remediator | backout | command line | why |
|---|:-:|:-:|:-:|---|
{table}
"""


def document():
    return DOCUMENT.format(table=documented())
