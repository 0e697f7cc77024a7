"""Checks template.yaml with third-party rules: `guard CHECKOV JUDGES`. CHECKOV is the program of checkov, and JUDGES is the
folder with the npm packages of cfn-guard.

Both tools check the stack twice: with the default parameters, and with every parameter given (infra/samples.toml). Each
finding of a tool needs an exception with a reason in exceptions.toml. An exception without a finding is also an error.
"""

import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import sample  # noqa: E402

EXCEPTIONS = HERE / "exceptions.toml"
FOLDER = HERE.parent.parent / "target/guard"
SAMPLES = {"defaults": {}, "given": sample.given()}


def by_checkov(checkov, template):
    """Returns the findings of checkov's built-in rules, without a download of other rules."""
    run = subprocess.run(
        [checkov, "--skip-download", "--framework", "cloudformation", "--output", "json", "--file", template],
        capture_output=True, text=True, check=False, env=os.environ | {"LOG_LEVEL": "ERROR"},
    )
    report = json.loads(run.stdout)
    if report["summary"]["parsing_errors"] or not report["summary"]["passed"]:
        sys.exit(f"error: checkov cannot read {template}: {run.stderr}")
    return {
        (each["check_id"], each["resource"].split(".")[-1]): each["check_name"] for each in report["results"]["failed_checks"]
    }


def by_control_tower(judges, template):
    """Returns the findings of AWS Control Tower's proactive controls, which AWS publishes as rules for cfn-guard."""
    package = judges / "node_modules/@cdklabs/cdk-validator-cfnguard"
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    system = {"Linux": "ubuntu", "Darwin": "macos"}[platform.system()]
    run = subprocess.run(
        [
            package / "bin" / system / machine / "cfn-guard", "validate", "--structured", "--output-format", "json",
            "--show-summary", "none", "--rules", package / "rules/control-tower/cfn-guard", "--data", template,
        ],
        capture_output=True, text=True, check=False,
    )
    # cfn-guard exits with code 19 if there are findings.
    if run.returncode not in (0, 19):
        sys.exit(f"error: cfn-guard failed: {run.stderr}")
    [report] = json.loads(run.stdout)
    if not report["compliant"]:
        sys.exit(f"error: cfn-guard applied no rule to {template}")
    found = {}
    for each in report["not_compliant"]:
        text = json.dumps(each)
        control, name = re.search(r"\[(CT\.[^]]+)]: (.*?)\\n", text).groups()
        for resource in set(re.findall(r"/Resources/(\w+)/", text)):
            found[control, resource] = name
    return found


def excused(when):
    """Returns the reason of each exception for a sample, by rule and resource."""
    return {
        (each["rule"], resource): each["reason"]
        for each in tomllib.loads(EXCEPTIONS.read_text())["exception"]
        if when in each.get("when", SAMPLES)
        for resource in each["resources"]
    }


def main(checkov, judges):
    FOLDER.mkdir(parents=True, exist_ok=True)
    wrong = False
    for when, parameters in SAMPLES.items():
        template = FOLDER / f"{when}.json"
        template.write_text(json.dumps(sample.Judged(parameters).document(), indent=1))
        found = by_checkov(checkov, template) | by_control_tower(pathlib.Path(judges), template)
        reasons = excused(when)
        for rule, resource in sorted(found.keys() - reasons.keys()):
            wrong = True
            print(f"{when}: {resource}: {rule}: {found[rule, resource]}", file=sys.stderr)
        for rule, resource in sorted(reasons.keys() - found.keys()):
            wrong = True
            print(f"{when}: {resource}: {rule} has an exception in exceptions.toml but no finding; remove it", file=sys.stderr)
        print(f"{when}: {len(found)} findings, {len(found.keys() & reasons.keys())} of them with an exception")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
