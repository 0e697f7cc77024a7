"""Derives from a template, with other parsers than Logweir's, what `logweir check` has to find in it.

    target/venv-lint/bin/python tests/user_templates/truth.py LOGWEIR FOLDER...

CloudFormation is read by cfn-lint's decoder, Terraform by python-hcl2, and plans and states by Python's JSON. From these,
the program states a few rules of `docs/rules.md` again, with the built-in baseline and without AWS. It then runs Logweir on
each file of the folders, and prints where the two disagree. The truth is a set of claims; a claim is a rule, the resource
and the container in which the rule finds its fault.
"""

import dataclasses
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import cloudformation
import judge
import terraform
from definition import claims

# The rules that this program states again. It does not judge Logweir's other findings.
RULES = {
    "missing-log-driver", "blocking-delivery", "unsized-buffer", "unnamed-log-group", "foreign-region",
    "unbounded-retention", "missing-execution-role",
}
REGION = "eu-west-1"
SUFFIXES = {".yaml", ".yml", ".json", ".template", ".golden", ".tf"}


@dataclasses.dataclass
class Truth:
    """What has to be found in one file."""

    findings: dict = dataclasses.field(default_factory=dict)  # claim: how it is decided
    unknown: set = dataclasses.field(default_factory=set)  # (resource, container or None) with a value of a function
    hidden: set = dataclasses.field(default_factory=set)  # the resources about which Logweir has to say that it lacks a value
    optional: set = dataclasses.field(default_factory=set)  # claims about which both answers are right
    resources: int = 0

    def hide(self, place):
        """Adds a place whose value a rule needs and the file does not show."""
        self.unknown.add(place)
        self.hidden.add(place[0])


def truth(path, region):
    """Returns the truth about a file, or `None` if the file has no resource that can be judged."""
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    if path.suffix == ".tf":
        definitions = terraform.of_text(path, text)
    elif '"format_version"' in text[:4096] and "terraform_version" in text:
        definitions = terraform.of_plan(text)
    else:
        definitions = cloudformation.definitions(path)
    if definitions is None:
        return None
    found = Truth(resources=len({definition.resource for definition in definitions}))
    for definition in definitions:
        claims(definition, region, found)
    return found


def disagreements(path, judged, region):
    """Returns a line for each disagreement between Logweir and the truth about a file, and the number of agreed claims."""
    expected = truth(path, region)
    if expected is None:
        return [f"Logweir judges what no other parser reads: {judged.findings}"] * bool(judged.findings), 0
    if judged.error:
        return [f"Logweir does not read it: {judged.error}"] * bool(expected.resources), 0
    lines = []
    found = {claim: decided for claim, decided in judged.claims().items() if claim[0] in RULES}
    for claim, decided in sorted(expected.findings.items(), key=str):
        if claim not in found and claim not in expected.optional:
            lines.append(f"false negative: {claim} ({decided})")
        elif claim in found and found[claim] != decided and claim not in expected.optional:
            lines.append(f"decided {found[claim]} instead of {decided}: {claim}")
    for claim in sorted(found.keys() - expected.findings.keys() - expected.optional, key=str):
        lines.append(f"false positive: {claim}")
    named = {resource for resource, _ in judged.unknown_places()}
    lines += [f"not said to be unknown: a value of {resource}" for resource in sorted(expected.hidden - named)]
    for resource, why in judged.unknown_places():
        # The truth table reads no modules. Logweir says of the well-known ones that they hide the containers.
        if str(resource).startswith("module."):
            continue
        if not any(resource in (None, of) or of is None for of, _ in expected.unknown):
            lines.append(f"unknown without a function: {resource}: {why}")
    return lines, len(found.keys() & expected.findings.keys())


def files(folder):
    if folder.is_file():
        return [folder]
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in SUFFIXES)


def main(logweir, *folders):
    total = agreed = wrong = 0
    for folder in folders:
        for path, judged in judge.check_all(logweir, files(pathlib.Path(folder)), REGION).items():
            lines, right = disagreements(path, judged, REGION)
            total, agreed, wrong = total + 1, agreed + right, wrong + len(lines)
            for line in lines:
                print(f"{path}: {line}")
    print(f"{total} files, {agreed} findings agree, {wrong} disagreements")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) > 2 else __doc__)
