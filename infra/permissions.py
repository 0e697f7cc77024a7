"""Which calls to AWS the sources can make, and which permissions they need: infra/policies/operations.toml."""

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

# The crates whose name is not the service's in botocore.
NAMES = {"cloudwatchlogs": "logs"}

# Strings, characters and comments, whichever begins first.
TOKEN = re.compile(r'''r(#+)".*?"\1|"(?P<literal>(?:[^"\\]|\\.)*)"|'(?:[^'\\]|\\.[^']*)'|//[^\n]*''', re.S)
MODELS = botocore.session.get_session().get_component("data_loader")


class Row:
    """One call, or what AWS does beside the calls. `needs` are the permissions, each with its reason."""

    def __init__(self, service, name, by, why, needs=None, also=None, option=None):
        self.service, self.name, self.by, self.why, self.option = service, name, by, why, option
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


def needed(by, given):
    """The permissions that somebody needs, with these parameters given."""
    rows = [row for row in [*calls(), *beyond()] if by in row.by and row.option in (None, *given)]
    return {permission for row in rows for permission in row.needs}


def in_the_sources():
    """The calls that `src/aws` can make, as pairs of a service and an operation."""
    texts = {path: sources(path) for path in sorted(SOURCES.rglob("*.rs"))}
    crates = re.findall(r"(?m)^aws-sdk-(\w+) = ", (ROOT / "Cargo.toml").read_text())
    return found(texts, [NAMES.get(crate, crate) for crate in crates])


def sources(path):
    """A file without its tests."""
    return path.read_text().split("#[cfg(test)]")[0]


def found(texts, of_sdks):
    """The calls in these texts.

    An SDK's client has a method for each operation, which takes no argument. What is signed by hand names operation and
    service in one file, each as a literal; an operation whose service is not there has `?` in its place.
    """
    literals = {file: {each["literal"] for each in TOKEN.finditer(text)} - {None} for file, text in texts.items()}
    texts = {file: TOKEN.sub("", text) for file, text in texts.items()}
    methods = {xform_name(each): (service, each) for service in of_sdks for each in operations(service)}
    known = set(MODELS.list_available_services("service-2"))
    calls = {methods[name] for text in texts.values() for name in re.findall(r"\.\s*(\w+)\(\)", text) if name in methods}
    services = {each for names in literals.values() for each in names & known}
    for names in literals.values():
        calls |= {(service, name) for service in names & known for name in names & operations(service)}
    named = {name for _, name in calls}
    everywhere = set().union(*literals.values()) - named
    return calls | {("?", name) for service in {*services, *of_sdks} for name in everywhere & operations(service)}


@functools.cache
def operations(service):
    return set(MODELS.load_service_model(service, "service-2")["operations"])


def documented():
    """The table as docs/permissions.md has it."""
    rows = {}
    for row in [*calls(), *beyond()]:
        for permission, why in row.needs.items():
            who, whys = rows.setdefault(permission, (set(), []))
            who.update(row.by)
            whys.append(f"{why} (the roles have it with `{row.option}`)" if row.option else why)
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
