"""Runs `logweir check` on a file, and gives its answer in the form of the truth."""

import dataclasses
import json
import os
import pathlib
import re
import subprocess

# Nothing of the caller's AWS configuration: a Region there would change the findings.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOGWEIR_"))} | {
    "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclasses.dataclass
class Judged:
    """What Logweir finds in a file: a target for each resource."""

    targets: list

    @property
    def error(self):
        return next((target["error"] for target in self.targets if target["error"]), None)

    @property
    def findings(self):
        """Returns each finding with its resource. A finding whose value is not known is none."""
        return [finding | {"resource": (target.get("resource") or {}).get("id"), "target": target}
                for target in self.targets for finding in target["findings"] if finding.get("decided", "yes") != "unknown"]

    def claims(self):
        """Returns the findings as claims of the truth, each with the way in which it is decided."""
        claims = {}
        for finding in self.findings:
            key = claim(finding)
            decided = finding.get("decided", "yes")
            claims[key] = "yes" if "yes" in (claims.get(key), decided) else decided
        return claims

    def unknown_places(self):
        """Returns the resource and the reason of each value that Logweir calls unknown."""
        for target in self.targets:
            resource = (target.get("resource") or {}).get("id")
            for each in target.get("unknown", []):
                yield resource, f"{each.get('rule')} {each['pointer']}: {each['why']}"
            for finding in target["findings"]:
                if finding.get("decided") == "unknown":
                    yield resource, f"{finding['rule']} {finding['pointer']}: {finding['message']}"


def line(finding):
    """Returns a finding, or an unknown value, with the line of its place as a member of its own."""
    return finding | {"line": (finding.get("place") or {}).get("line"), "decided": finding.get("decided", "yes")}


def claim(finding):
    rule, resource = finding["rule"], finding["resource"]
    if rule == "missing-execution-role":
        return rule, resource, None
    if rule == "unbounded-retention":
        # The finding belongs to the task definition whose container uses the group, and has its place in the group.
        pointer = finding["pointer"].replace("/resource/aws_cloudwatch_log_group/", "/logGroups/aws_cloudwatch_log_group.")
        group = re.search(r"/(?:^Resources|logGroups)/(aws_cloudwatch_log_group\.[\w-]+|[^/]+)|^/Resources/([^/]+)", pointer)
        return rule, group[1] or group[2] if group else resource, None
    index = re.search(r"(?i)container_?definitions/(?:Fn::If/[12]/)?(\d+)", finding["pointer"] or "")
    container = finding["container"]
    # Logweir may name a container after the function that gives its name.
    if index and "${" in (container or "${"):
        container = f"#{index[1]}"
    if rule == "unnamed-log-group":
        option = re.search(r"awslogs-[a-z-]+", finding["pointer"])
        return (rule, resource, container, option[0]) if option else (rule, resource, container)
    return rule, resource, container


def run(logweir, *arguments, **options):
    return subprocess.run([logweir, *map(str, arguments)], capture_output=True, env=ENVIRONMENT, **options)


def check(logweir, path, region=None, arguments=()):
    return check_all(logweir, [path], region, arguments)[path]


def check_all(logweir, paths, region=None, arguments=()):
    """Checks files in one run. Returns what Logweir finds in each of them."""
    extra = ["--region", region] if region else []
    ended = run(logweir, "check", *paths, "--format", "json", *extra, *arguments)
    try:
        targets = json.loads(ended.stdout)["targets"]
    except json.JSONDecodeError:
        raise RuntimeError(ended.stderr.decode()) from None
    found = {path: Judged([]) for path in paths}
    for target in targets:
        path = pathlib.Path(target["file"])
        # Terraform's `file()` names another file of the folder.
        of = path if path in found else next(each for each in paths if path.is_relative_to(each.parent))
        found[of].targets.append(target)
    return found
