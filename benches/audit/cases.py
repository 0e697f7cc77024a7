"""One account with a family for each case, judged case by case by every program.

    python3 benches/audit --only cases

AWS Config and Steampipe need an account on AWS or a database, so the benchmark applies their documented logic instead:
`config` is the rule `ecs-task-definition-log-configuration` (AWS Config developer guide; Security Hub ECS.9), and `steampipe` is
the query `ecs_task_definition_logging_enabled` (turbot/steampipe-mod-aws-compliance, conformance_pack/ecs.pp).
"""

import dataclasses
import json
import pathlib
import tempfile

import contenders
import measure
from account import ACCOUNT, REGION, SIZED, Account, awslogs, splunk
from report import Part

FINE = "fine"


@dataclasses.dataclass
class Case:
    """What the family has, and what the truth is: what an operator has to know about it."""

    name: str
    truth: str
    newest: object
    older: object = None  # the same as `newest`, unless given
    runs: str = ""  # "newest", "older", or "older task": what runs the revision
    group: str = "kept"  # the log group: "kept" for 30 days, "for ever", "missing", or "no key"
    secret: bool = False
    # The programs judge the cases of each account in one run.
    account: str = "non-blocking"  # the account's default mode; "denied": an account that denies DescribeTaskDefinition


def good(group):
    return [awslogs(group, **SIZED)]


def blocking(group):
    return [awslogs(group, mode="blocking")]


FIRELENS = {"logDriver": "awsfirelens", "options": {"Name": "firehose", "region": "eu-west-1", "delivery_stream": "logs"}}

CASES = [
    Case("awslogs, `non-blocking` and a buffer of 25m", FINE, good),
    Case("awslogs, `blocking`", "blocks", blocking),
    Case("awslogs, no mode; the account's default is non-blocking", "fine now; depends on the account setting", lambda group: [awslogs(group)]),
    Case("awslogs, no mode; the account's default is blocking", "blocks", lambda group: [awslogs(group)], account="blocking"),
    Case("no log driver", "no logs", lambda group: [None]),
    Case("two containers, the second without log driver", "no logs of one", lambda group: [awslogs(group, **SIZED), None]),
    Case("two containers, the second `blocking`", "blocks", lambda group: [awslogs(group, **SIZED), awslogs(group, mode="blocking")]),
    Case("FireLens; its router logs with awslogs, `non-blocking`", FINE, lambda group: [FIRELENS, awslogs(group, **SIZED)]),
    Case("splunk, no mode; the account's default is non-blocking", FINE, lambda group: [splunk(group)]),
    Case("splunk, `blocking`", "blocks", lambda group: [splunk(group, mode="blocking")]),
    Case("awslogs, the mode misspelled as `nonblocking`", "does not start", lambda group: [awslogs(group, mode="nonblocking")]),
    Case("awslogs, `non-blocking` and a buffer of 200k", "loses lines", lambda group: [awslogs(group, mode="non-blocking", **{"max-buffer-size": "200k"})]),
    Case("the log group does not exist", "does not start on Fargate", good, group="missing"),
    Case("the log group keeps its events for ever", "costs grow", good, group="for ever"),
    Case("a service runs an older `blocking` revision; the newest is fine", "blocks now", good, blocking, runs="older"),
    Case("a task without service runs an older `blocking` revision", "blocks now", good, blocking, runs="older task"),
    Case("an older `blocking` revision that nothing runs; the newest is fine", FINE, good, blocking, runs="newest"),
    Case("DescribeTaskDefinition is denied for the family", "unknown", blocking, account="denied"),
    Case("an access key in an environment variable", "a leaked secret", good, secret=True),
    Case("the log group has no KMS key", "a policy of some organizations", good, group="no key"),
]


class Cases(Account):
    """The account of this name, with a family for each of its cases. Each family has two ACTIVE revisions."""

    def __init__(self, name):
        self.cases = [case for case in CASES if case.account == name]
        super().__init__(len(self.cases), 0, 2, "blocking" if name == "blocking" else "non-blocking")
        [cluster] = self.clusters
        for family, case in enumerate(self.cases):
            if case.runs in ("newest", "older"):
                self.services[cluster][f"service-{family:04}"] = (family, [2 if case.runs == "newest" else 1], 2)
            elif case.runs == "older task":
                self.alone.append((cluster, family, 1))

    def logging(self, family, revision):
        case = self.cases[family]
        return (case.older if revision == 1 and case.older else case.newest)(self.log_group(family))

    def document(self, family, revision):
        document = super().document(family, revision)
        if self.cases[family].secret:
            document["taskDefinition"]["containerDefinitions"][0]["environment"] += [
                {"name": "AWS_ACCESS_KEY_ID", "value": "AKIA" + "Z3MSJY7Q" * 2},
                {"name": "AWS_SECRET_ACCESS_KEY", "value": "qT8v" + "Zk3mXw9RbN5c" * 3},
            ]
        return document

    def group(self, family):
        case, group = self.cases[family], super().group(family) | {"retentionInDays": 365, "kmsKeyId": KEY}
        for kind, member in (("for ever", "retentionInDays"), ("no key", "kmsKeyId")):
            if case.group == kind:
                del group[member]
        return None if case.group == "missing" else group

    def denies(self, family):
        return self.cases[family].account == "denied"


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
MORE_CHECKS = ["cloudwatch_log_group_retention_policy_specific_days_enabled", "cloudwatch_log_group_kms_encryption_enabled",
               "ecs_task_definitions_no_environment_secrets"]
EFFECTIVE = 'version = 1\n[logging]\nabsent-mode = "effective"\n'


def programs(binary):
    """Returns the programs with the settings that find the most cases."""
    return {
        "logweir": contenders.Logweir(binary, baseline="version = 1\n"),
        "effective": contenders.Logweir(binary, baseline=EFFECTIVE),
        "prowler": contenders.Prowler(*MORE_CHECKS),
        "custodian": contenders.Custodian(),
    }


def judged(binary):
    """Runs each program over each account, and returns the verdicts."""
    answers = {}
    for name in dict.fromkeys(case.account for case in CASES):
        account = Cases(name)
        with tempfile.TemporaryDirectory() as folder, measure.server(cases=name) as url:
            found = {}
            for program, contender in programs(binary).items():
                place = pathlib.Path(folder) / program
                if getattr(contender, "program", binary).exists():
                    sample = measure.run(contender.command(place), url, place)
                    found[program] = READ[program](place, sample.output)
        for family, case in enumerate(account.cases):
            columns = [ANSWER[program](account, family, found[program]) if program in found else "not installed" for program in READ]
            answers[case.name] = [*columns, config(account, family), steampipe(account, family)]
    return Part(HEAD, [(case.name, case.truth, *answers[case.name]) for case in CASES], texts=True)


def config(account, family):
    """The rule of AWS Config: the newest ACTIVE revision fails if a container has no log configuration."""
    containers = account.document(family, account.newest(family))["taskDefinition"]["containerDefinitions"]
    return "FAIL" if any("logConfiguration" not in container for container in containers) else "PASS"


def steampipe(account, family):
    """The query of Steampipe: each ACTIVE revision passes if any of its containers has a log configuration."""
    def alarms(revision):
        containers = account.document(family, revision)["taskDefinition"]["containerDefinitions"]
        return not any("logConfiguration" in container for container in containers)

    return "not measured" if account.denies(family) else verdict([number for number in account.numbers(family) if alarms(number)])


def verdict(failed):
    """Returns the verdict on a family with these revisions that fail. Each family has two."""
    return "PASS" if not failed else "FAIL" if 2 in failed else "FAIL (older)"


def by_prowler(account, family, findings):
    """Returns the checks that fail for the family or its log group. Prowler has no row for what it could not read."""
    arns = {account.arn(family, number): number for number in account.numbers(family)}
    group = f":log-group:{account.log_group(family)}"
    rows = [row for row in findings if row["resources"][0]["uid"] in arns or row["resources"][0]["uid"].removesuffix(":*").endswith(group)]
    failed = {}
    for row in (row for row in rows if row["status_code"] == "FAIL"):
        failed.setdefault(row["metadata"]["event_code"], []).append(arns.get(row["resources"][0]["uid"], 2))
    if not any(row["resources"][0]["uid"] in arns for row in rows):
        return "no row"
    short = {check: check.removeprefix("ecs_task_definitions_").removeprefix("cloudwatch_") for check in failed}
    return "; ".join(f"{verdict(numbers)} `{short[check]}`" for check, numbers in failed.items()) or "PASS"


def by_custodian(account, family, resources):
    if resources is None:
        return "the policy ends with an error"
    failed = [number for number in account.numbers(family) if account.arn(family, number) in resources]
    return verdict(failed)


def custodian(place, _):
    """Returns the revisions that the policy about the mode in effect names, or `None` if the policy failed."""
    resources = place / "effective/resources.json"
    return {each["taskDefinitionArn"] for each in json.loads(resources.read_text())} if resources.exists() else None


def by_logweir(account, family, revisions):
    """Returns the rules that `logweir audit` names for the family, with the scope of each revision with a finding."""
    answers = []
    for revision in revisions:
        if revision["family"] == account.name(family):
            rules = sorted({finding["rule"] for finding in revision["findings"] if not finding["exempt"]})
            scopes = ", ".join(revision["scopes"])
            answers += [f"FAIL ({scopes}) {', '.join(f'`{rule}`' for rule in rules)}"] if rules else []
            answers += ["not read"] if revision["error"] else []
    return "; ".join(dict.fromkeys(answers)) or "PASS"


READ = {
    "logweir": lambda _, output: contenders.Logweir.revisions(output),
    "effective": lambda _, output: contenders.Logweir.revisions(output),
    "prowler": lambda place, _: contenders.Prowler.findings(place),
    "custodian": custodian,
}
ANSWER = {"logweir": by_logweir, "effective": by_logweir, "prowler": by_prowler, "custodian": by_custodian}
HEAD = ["case", "the truth", "`logweir audit`", '`logweir audit`, `absent-mode = "effective"`', "Prowler", "Cloud Custodian",
        "AWS Config (ECS.9)", "Steampipe"]
