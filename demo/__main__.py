"""The whole loop, in an emulated account: `make demo`.

Deploys template.yaml with the real binary, registers a task definition whose tasks would block on their logs, hands the
function the event that CloudTrail would send, and looks at what became of it. Every step asserts; the first thing that is
not as it must be ends the demo with a message and exit code 1.
"""

import difflib
import json
import os
import pathlib
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
    function, table, rule = stack["FunctionName"], stack["JournalTable"], stack["RuleName"]
    own_role = account.role_of(function)
    done(f"function {function}, allowed only what its own role allows")

    step("A pipeline registers a task definition that blocks on its logs")
    account.create_task_role("/", "ecsTaskExecutionRole")
    account.create_task_role("/ecs/", "web")
    source = account.ecs("RegisterTaskDefinition", **SOURCE)["taskDefinition"]
    before = described(source["taskDefinitionArn"])
    must(account.revisions("web") == [source["taskDefinitionArn"]], "web:1 is the family's only revision")

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
    said = run(logweir, "records", "--journal", f"dynamodb:{table}")
    must("web:1" in said, "it names web:1")
    must(account.journal_has(table, source["taskDefinitionArn"]), "the journal holds the record of web:1")

    step("The same event once more, and the event of the correction itself")
    again, _ = account.invoke(function, event)
    show(f"{again['message']}: {again['outcome']}, {again['reason']}")
    both = [source["taskDefinitionArn"], report["corrected"]]
    must(again["outcome"] in ("skipped", "remediated"), "it is taken for what it is: a duplicate")
    must(account.revisions("web") == both, "still exactly one corrected revision")
    echo = cloudtrail.registered(SOURCE, after["taskDefinition"], own_role)
    must(not account.matches(rule, echo), "the rule keeps Logweir's own registration from Logweir")
    run(logweir, "check", "ecs:web", code=0)
    must(account.revisions("web") == both, "web:2 is compliant: there is nothing left to correct")

    print("\nAll as it must be.")


# What the demo looks at.

def described(arn):
    return account.ecs("DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"])


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
    arguments += ("--endpoint-url", os.environ["AWS_ENDPOINT_URL"])
    print(f"    $ logweir {' '.join(arguments)}", flush=True)
    env = os.environ | {"LOGWEIR_BASELINE": "infra/baseline.toml"}
    ended = subprocess.run([logweir, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    show(*ended.stdout.splitlines())
    must(ended.returncode == code, f"exit code {code}")
    must(SECRET not in ended.stdout, "it shows no environment value")
    return ended.stdout


def show_report(report):
    show(
        f"{report['message']}: {report['outcome']}",
        f"source     {report['source']}",
        f"corrected  {report['corrected']}",
        f"rules      {' '.join(report['rules'])}",
        *(f"change     {each['container']}: {each['option']} {each['from'] or '(unset)'} → {each['to']}" for each in report["changes"]),
        *(f"log group  {each['name']}: {each['action']}, {each['retention_days']} days" for each in report["log_groups"]),
    )


def show_diff(old, new):
    lines = (json.dumps(each, indent=2).splitlines() for each in (old, new))
    show(*difflib.unified_diff(*lines, "web:1", "web:2", lineterm=""))


def show(*lines):
    for line in lines:
        print(f"    {line}".rstrip(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
