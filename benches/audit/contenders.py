"""The programs that audit the account: their commands, and how to read their verdicts.

A verdict is a pair: whether the revision has a fault by the explicit mode, and by the mode that takes effect. A revision that
the program does not name has no verdict.
"""

import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PYTHON = ROOT / "target/venv-bench/bin/python"
CUSTODIAN = ROOT / "target/venv-custodian/bin/custodian"
PROWLER = ROOT / "target/venv-prowler/bin/prowler"
CHECKS = ["ecs_task_definitions_logging_block_mode", "ecs_task_definitions_logging_enabled"]

# Judges the explicit mode of both drivers of the account. The findings also say which mode takes effect.
BASELINE = """version = 1
[logging]
correct-drivers = ["awslogs", "splunk"]
"""


# An account whose limits AWS has raised. Without this option, Logweir stays below AWS's usual limits.
UNLIMITED = ["--rate", "10000"]


class Logweir:
    """`logweir audit`. The cache is in the home folder, so a run in a new folder has none."""

    def __init__(self, binary, *options, baseline=BASELINE):
        self.binary, self.options, self.baseline = binary, list(options), baseline

    def command(self, folder):
        baseline = pathlib.Path(folder) / "baseline.toml"
        baseline.parent.mkdir(parents=True, exist_ok=True)
        baseline.write_text(self.baseline)
        return [self.binary, "audit", "--baseline", baseline, "--format", "json", *self.options]

    @staticmethod
    def revisions(output):
        return json.loads(output)["revisions"]

    @staticmethod
    def verdicts(folder, output):
        verdicts = {}
        for revision in Logweir.revisions(output):
            if revision["compliant"] is not None or revision["findings"]:
                verdicts[revision["arn"]] = delivery(revision["findings"])
        return verdicts


def delivery(findings):
    """Returns whether the findings say that logs are lost or that a container can block."""
    explicit = effective = False
    for finding in findings:
        if finding["rule"] == "missing-log-driver":
            explicit = effective = True
        elif finding["rule"] == "blocking-delivery":
            explicit = True
            effective = effective or finding["effective"] == "blocking"
    return explicit, effective


class Script:
    """The script with boto3."""

    def __init__(self, threads):
        self.threads = threads

    def command(self, folder):
        return [PYTHON, HERE / "script.py", self.threads]

    @staticmethod
    def verdicts(folder, output):
        lines = [json.loads(line) for line in output.splitlines()]
        return {line["arn"]: (line["explicit"], line["effective"]) for line in lines}


class Custodian:
    """Cloud Custodian with policies that ask both questions. It names only what it finds, but says if it fails."""

    program = CUSTODIAN

    def command(self, folder):
        return [CUSTODIAN, "run", "--region", "eu-west-1", "--output-dir", folder, "--cache", "memory", HERE / "custodian.yml"]

    @staticmethod
    def verdicts(folder, output):
        def named(policy):
            resources = pathlib.Path(folder) / policy / "resources.json"
            return {each["taskDefinitionArn"] for each in json.loads(resources.read_text())} if resources.exists() else set()

        return Found(named("explicit"), named("effective"))


class Found(dict):
    """The verdicts of a program that names only the revisions with a fault."""

    def __init__(self, explicit, effective):
        super().__init__({arn: (arn in explicit, arn in effective) for arn in explicit | effective})

    def get(self, arn, default=None):
        return super().get(arn, (False, False))


class Prowler:
    """Prowler with its two checks of logging. It has one verdict, so that verdict counts for both questions."""

    program = PROWLER

    def __init__(self, *more_checks):
        self.checks = [*CHECKS, *more_checks]

    def command(self, folder):
        output = ["--output-formats", "json-ocsf", "--output-directory", folder, "--output-filename", "prowler"]
        return [PROWLER, "aws", "--region", "eu-west-1", "--check", *self.checks, *output, "--ignore-exit-code-3", "--no-banner", "--no-color"]

    @staticmethod
    def findings(folder):
        return json.loads((pathlib.Path(folder) / "prowler.ocsf.json").read_text())

    @staticmethod
    def verdicts(folder, output):
        verdicts = {}
        for finding in Prowler.findings(folder):
            arn = finding["resources"][0]["uid"]
            failed = verdicts.get(arn, (False, False))[0] or finding["status_code"] == "FAIL"
            verdicts[arn] = (failed, failed)
        return verdicts


def accuracy(account, verdicts):
    """Returns the share of right verdicts by each question, the revisions without a verdict, and the alarms that nobody needs:
    faults in revisions that are neither the newest of their family nor run."""
    asked = account.running() | account.next()
    arns = {account.arn(*revision): revision for revision in asked}
    shares = []
    for index, by in enumerate(("explicit", "effective")):
        right = sum((found := verdicts.get(arn)) is not None and found[index] == account.is_faulty(*revision, by) for arn, revision in arns.items())
        shares.append(right / len(arns))
    lost = sum(verdicts.get(arn) is None for arn in arns)
    stale = sum(explicit or effective for arn, (explicit, effective) in verdicts.items() if arn not in arns)
    return shares, lost, stale
