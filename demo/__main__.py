"""The whole loop, in an emulated account: `make demo`.

Deploys template.yaml with the real binary, registers a task definition whose tasks would block on their logs, hands the
function the event that CloudTrail would send, and looks at what became of it; then takes it back by the command that the
report names, and does both once more by hand. Every step asserts; the first thing that is not as it must be ends the demo
with a message and exit code 1.
"""

import difflib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import account
import cloudtrail

HERE = pathlib.Path(__file__).parent
SOURCE = json.loads((HERE / "task-definition.json").read_text())
SECRET = "correct-horse"  # an environment value of it
PIPELINE = "arn:aws:iam::000000000000:role/pipeline"

# What ECS adds to a revision by itself.
COMPUTED = {
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities",
    "registeredAt", "registeredBy", "deregisteredAt", "deleteRequestedAt",
}


def awslogs(stream_prefix):
    """What the shipped baseline wants of each container."""
    return {"logDriver": "awslogs", "options": {
        "awslogs-group": "/ecs/web",
        "awslogs-region": "eu-west-1",
        "awslogs-stream-prefix": stream_prefix,
        "mode": "non-blocking",
        "max-buffer-size": "25m",
    }}


def main(package, logweir):
    step("Deploy the stack, in mode register")
    stack = account.deploy(pathlib.Path(package), Mode="register")
    function, backout = stack["FunctionName"], stack["BackoutFunctionName"]
    table, rule = stack["JournalTable"], stack["RuleName"]
    journal = "--journal", f"dynamodb:{table}"
    own_roles = [account.role_of(each) for each in (function, backout)]
    must(len(set(own_roles)) == 2, f"functions {function} and {backout}, each allowed only what its own role allows")

    step("A pipeline registers a task definition that blocks on its logs")
    account.create_task_role("/", "ecsTaskExecutionRole")
    account.create_task_role("/ecs/", "web")
    source = account.ecs("RegisterTaskDefinition", **SOURCE)["taskDefinition"]
    web_1 = source["taskDefinitionArn"]
    account.run_a_service("prod", "web", web_1)
    before, text_before = described(web_1), text_of(web_1)
    must(account.revisions("web") == [web_1], "web:1 is the family's only revision")

    step("Look first: nothing is changed by this")
    said = run(logweir, "check", "ecs:web", "--diff", code=1)
    faults = "blocking-delivery", "missing-log-driver", "missing-log-group"
    must(all(fault in said for fault in faults), f"it names {', '.join(faults)}")
    must(len(account.revisions("web")) == 1 and account.retention("/ecs/web") is None, "nothing was changed")

    step("CloudTrail's event reaches the function")
    event = cloudtrail.registered(SOURCE, source, PIPELINE)
    must(account.matches(rule, event), "the deployed rule lets it through")
    report, log = account.invoke(function, event)
    show_report(report)
    must(report["schema"] == "logweir.report/1" and report["outcome"] == "remediated", "the function says: remediated")
    must(SECRET not in json.dumps(report) + log, "no environment value in its answer or its log")

    step("What changed")
    after = described(report["corrected"])
    show_diff(log_configurations(before), log_configurations(after))
    wanted = {"app": awslogs("app"), "metrics": awslogs("metrics")}
    must(log_configurations(after) == wanted, "both containers log without blocking")
    must(everything_else(after) == everything_else(before), "all else is as it was: environment, tags, unknown members")
    must(account.retention("/ecs/web") == 30, "log group /ecs/web exists and keeps 30 days")

    step("What was recorded")
    said = run(logweir, "records", *journal)
    must("web:1" in said, "it names web:1")
    must(account.journal_has(table, web_1), "the journal holds the record of web:1")

    step("The same event once more, and the event of the correction itself")
    again, _ = account.invoke(function, event)
    show(f"{again['message']}: {again['outcome']}, {again['reason']}")
    both = [web_1, report["corrected"]]
    must(again["outcome"] in ("skipped", "remediated"), "it is taken for what it is: a duplicate")
    must(account.revisions("web") == both, "still exactly one corrected revision")
    echoes = [cloudtrail.registered(SOURCE, after["taskDefinition"], role) for role in own_roles]
    must(not any(account.matches(rule, echo) for echo in echoes), "the rule keeps Logweir's own registrations from Logweir")
    run(logweir, "check", "ecs:web", code=0)
    must(account.revisions("web") == both, "web:2 is compliant: there is nothing left to correct")

    step("The schedules, which finish what a worker has left")
    for each in function, backout:
        resumed, _ = account.invoke(each, account.scheduled(each))
        must(resumed == {"resumed": 0, "reports": []}, f"{each} finds that nothing was left")

    step("Look at what would be taken back: nothing is changed by this")
    recorded = account.journal(table)
    said = run(logweir, "replay", "--backout", "web:1", "--dry-run", *journal)
    must("web:2 would be deregistered" in said, "it names web:2")
    must(account.revisions("web") == both and account.journal(table) == recorded, "nothing was changed, nor recorded")

    step("Take it back, by the command that stands in the report")
    must(f"--function {backout} " in report["backout"], f"it has {backout} do it")
    back = as_printed(logweir, report["backout"])
    must(back["outcome"] == "backed-out", "the function says: backed out")
    is_as_before(web_1, text_before, gone=[report["corrected"]])
    must(account.retention("/ecs/web") == 30, "log group /ecs/web stays, as it may hold log data by now")
    kept = {"name": "/ecs/web", "action": "kept", "retention_days": None}
    must(back["log_groups"] == [kept], "the report names it")

    step("The same command once more, and the same event")
    recorded = account.journal(table)
    twice = as_printed(logweir, report["backout"])
    must((twice["outcome"], twice["reason"]) == ("backed-out", "duplicate"), "it says that it was taken back before")
    again, _ = account.invoke(function, event)
    show(f"{again['message']}: {again['outcome']}, {again['reason']}")
    must((again["outcome"], again["reason"]) == ("skipped", "suppressed"), "what was taken back is not corrected again")
    is_as_before(web_1, text_before, gone=[report["corrected"]])
    must(account.journal(table) == recorded, "there is nothing new to record")

    step("Somebody decides otherwise, and corrects it by hand")
    # With its number: to the emulator the family alone is web:2 still, where AWS takes the newest ACTIVE revision.
    said = run(logweir, "apply", "--dry-run", "ecs:web:1", *journal, code=1)
    must("--again" in said, "it says what it takes, as web:1 was taken back")
    is_as_before(web_1, text_before, gone=[report["corrected"]])
    said = run(logweir, "apply", "--again", "--yes", "ecs:web:1", *journal)
    [_, web_3] = account.revisions("web")
    after = described(web_3)
    must(log_configurations(after) == wanted, "both containers of web:3 log without blocking")
    must(everything_else(after) == everything_else(before), "all else is as it was")

    step("And back again, by the command that this printed")
    [undo] = re.findall("^ +undo +(.+)$", said, re.MULTILINE)
    back = as_printed(logweir, undo)
    must(back["outcome"] == "backed-out", "it says: backed out")
    is_as_before(web_1, text_before, gone=[report["corrected"], web_3])

    print("\nAll as it must be.")


# What the demo looks at.

def described(arn):
    return json.loads(text_of(arn))


def text_of(arn):
    return account.ecs_text("DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"])


def is_as_before(source, text, gone):
    must(account.revisions("web") == [source], "web:1 is the family's only ACTIVE revision")
    must(text_of(source) == text, "its text is what it was, byte for byte")
    must(account.revisions("web", "INACTIVE") == gone, "nothing else was registered")


def log_configurations(answer):
    return {each["name"]: each.get("logConfiguration") for each in answer["taskDefinition"]["containerDefinitions"]}


def everything_else(answer):
    document = {key: value for key, value in answer["taskDefinition"].items() if key not in COMPUTED}
    document["containerDefinitions"] = [
        {key: value for key, value in container.items() if key != "logConfiguration"}
        for container in document["containerDefinitions"]
    ]
    return document, [tag for tag in answer["tags"] if not tag["key"].startswith("logweir:")]


# How it tells its story.

def step(title):
    step.number = getattr(step, "number", 0) + 1
    print(f"\n{step.number}. {title}", flush=True)


def done(what):
    print(f"  ✓ {what}", flush=True)


def must(holds, what):
    if not holds:
        sys.exit(f"  ✗ not so: {what}")
    done(what)


def run(logweir, *arguments, code=0):
    """Runs the command line as an operator would, and shows what it says."""
    print(f"    $ logweir {shlex.join(arguments)}", flush=True)
    ended = ran(logweir, arguments)
    show(*ended.stdout.splitlines())
    must_have_ended(ended, code)
    return ended.stdout


def as_printed(logweir, command):
    """Runs a command that Logweir itself has printed, and returns its report."""
    print(f"    $ LOGWEIR_FORMAT=json {command}", flush=True)
    program, *arguments = shlex.split(command)
    must(program == "logweir", "it can be pasted as it is")
    ended = ran(logweir, arguments, LOGWEIR_FORMAT="json")
    if ended.returncode == 0:
        show_report(json.loads(ended.stdout))
    else:
        show(*ended.stdout.splitlines())
    must_have_ended(ended, 0)
    return json.loads(ended.stdout)


def ran(logweir, arguments, **more):
    """The endpoint is in the environment, as all else is that says whose account this is."""
    env = os.environ | {"LOGWEIR_BASELINE": "infra/baseline.toml"} | more
    return subprocess.run([logweir, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def must_have_ended(ended, code):
    must(ended.returncode == code, f"exit code {code}")
    must(SECRET not in ended.stdout, "it shows no environment value")


def show_report(report):
    reason = f", {report['reason']}" if report["reason"] else ""
    show(
        f"{report['message']}: {report['outcome']}{reason}",
        f"source     {report['source']}",
        f"corrected  {report['corrected']}",
        *(f"rules      {' '.join(rules)}" for rules in [report["rules"]] if rules),
        *(f"change     {change_line(each)}" for each in report["changes"]),
        *(f"log group  {log_group_line(each)}" for each in report["log_groups"]),
        *(f"note       {each}" for each in report.get("notes", [])),
        *(f"undo       {each}" for each in [report["backout"]] if each),
    )


def change_line(change):
    return f"{change['container']}: {change['option']} {change['from'] or '(unset)'} → {change['to'] or '(unset)'}"


def log_group_line(group):
    days = f", {group['retention_days']} days" if group["retention_days"] else ""
    return f"{group['name']}: {group['action']}{days}"


def show_diff(old, new):
    lines = (json.dumps(each, indent=2).splitlines() for each in (old, new))
    show(*difflib.unified_diff(*lines, "web:1", "web:2", lineterm=""))


def show(*lines):
    for line in lines:
        print(f"    {line}".rstrip(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
