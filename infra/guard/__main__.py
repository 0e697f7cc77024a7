"""template.yaml by the rules of others: `guard CHECKOV JUDGES`, with checkov's program and the folder of npm's packages.

Both judges look at the stack by its defaults and with everything given (infra/samples.toml). What they find has to stand in
exceptions.toml with its reason, and what stands there has to be found: an excuse that nobody needs is an error as well.
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
    """What checkov's own rules find; none is fetched."""
    run = subprocess.run(
        [checkov, "--skip-download", "--framework", "cloudformation", "--output", "json", "--file", template],
        capture_output=True, text=True, check=False, env=os.environ | {"LOG_LEVEL": "ERROR"},
    )
    report = json.loads(run.stdout)
    if report["summary"]["parsing_errors"] or not report["summary"]["passed"]:
        sys.exit(f"checkov could not read {template}: {run.stderr}")
    return {
        (each["check_id"], each["resource"].split(".")[-1]): each["check_name"] for each in report["results"]["failed_checks"]
    }


def by_control_tower(judges, template):
    """What AWS Control Tower's proactive controls find, which AWS publishes as rules of cfn-guard."""
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
    # 19: it found something.
    if run.returncode not in (0, 19):
        sys.exit(f"cfn-guard failed: {run.stderr}")
    [report] = json.loads(run.stdout)
    if not report["compliant"]:
        sys.exit(f"cfn-guard judged nothing of {template}")
    found = {}
    for each in report["not_compliant"]:
        text = json.dumps(each)
        control, name = re.search(r"\[(CT\.[^]]+)]: (.*?)\\n", text).groups()
        for resource in set(re.findall(r"/Resources/(\w+)/", text)):
            found[control, resource] = name
    return found


def excused(when):
    """The exceptions that hold for a sample, with the reason of each."""
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
            print(f"{when}: {resource}: {rule} is excused in exceptions.toml, and is not found", file=sys.stderr)
        print(f"{when}: {len(found)} findings, {len(found.keys() & reasons.keys())} of them excused with a reason")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
