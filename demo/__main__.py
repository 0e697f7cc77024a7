"""The demo, in an emulated account: `make demo`.

Deploys template.yaml with the real binary, registers a task definition whose tasks would block on their logs, sends the event
that CloudTrail would send to the queue, and checks the correction. Then it backs the correction out with the command in the
report, and repeats both by hand. Afterwards it updates services, corrects a cluster, names the person of a session, moves a
family to FireLens and back, breaks things and repairs them, turns the kill switch on and off, and deletes the stack. Every step
has checks. The first failed check ends the demo with a message and exit code 1. The output is one line for each chapter;
VERBOSE=1 shows everything.
"""

import json
import pathlib
import re
import sys

import account
import clusters
import events
import firelens
import holding
import services
import stack as sam
import withdrawn
from session_history import SessionHistory
from telling import as_printed, change_line, deliver, handled, highlight, must, run, show, show_diff, step, story, verdict

HERE = pathlib.Path(__file__).parent
TEXT = (HERE / "task-definition.json").read_text()
SOURCE = json.loads(TEXT)
PIPELINE = "arn:aws:iam::000000000000:role/pipeline"

# The members that ECS adds to a revision.
COMPUTED = {
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities",
    "registeredAt", "registeredBy", "deregisteredAt", "deleteRequestedAt",
}


def awslogs(stream_prefix):
    """Returns the log configuration that the shipped baseline requires."""
    return {"logDriver": "awslogs", "options": {
        "awslogs-group": "/ecs/web",
        "awslogs-region": "eu-west-1",
        "awslogs-stream-prefix": stream_prefix,
        "mode": "non-blocking",
        "max-buffer-size": "25m",
    }}


def main(logweir, history):
    step("Build and deploy the stack, in mode register")
    sam.build()
    sam.lead_through(history.url, sam.BUILT / "RemediatorFunction" / "bootstrap")
    stack = sam.deploy(Mode="register", Clusters="prod")
    function, backout = stack["FunctionName"], stack["BackoutFunctionName"]
    table, rules = stack["JournalTable"], stack["RuleNames"].split(",")
    journal = "--journal", f"dynamodb:{table}"
    own_roles = [account.role_of(each) for each in (function, backout)]
    must(len(set(own_roles)) == 2, f"functions {function} and {backout} have separate roles")

    step("A pipeline registers a task definition that blocks on its logs")
    account.create_task_role("/", "ecsTaskExecutionRole")
    account.create_task_role("/ecs/", "web")
    source = account.ecs("RegisterTaskDefinition", **SOURCE)["taskDefinition"]
    web_1 = source["taskDefinitionArn"]
    account.create_service("prod", "web", web_1)
    before, text_before = described(web_1), text_of(web_1)
    must(account.revisions("web") == [web_1], "web:1 is the family's only revision")

    step("Check the revision, without changing anything")
    # The function publishes its baseline at its first start, and it has not started yet.
    said = run(logweir, "check", "ecs:web", "--diff", "--baseline", str(sam.BASELINE), code=1)
    faults = "blocking-delivery", "missing-log-driver", "missing-log-group"
    must(all(fault in said for fault in faults), f"the findings include {', '.join(faults)}")
    highlight(*(line for line in said.splitlines() if f"[{faults[0]}]" in line))
    must(len(account.revisions("web")) == 1 and account.retention("/ecs/web") is None, "nothing was changed")

    step("The function receives CloudTrail's event")
    event = events.registered(SOURCE, source, PIPELINE)
    report = deliver(stack, event)
    must(report["schema"] == "logweir.report/1" and report["outcome"] == "remediated", "the function reports: remediated")
    highlight(f"corrected  {report['corrected']}", f"change     {change_line(report['changes'][0])}", f"undo       {report['backout']}")

    step("The corrected revision")
    after = described(report["corrected"])
    show_diff(log_configurations(before), log_configurations(after))
    wanted = {"app": awslogs("app"), "metrics": awslogs("metrics")}
    must(log_configurations(after) == wanted, "both containers log without blocking")
    must(everything_else(after) == everything_else(before), "everything else is unchanged: environment, tags, unknown members")
    must(account.retention("/ecs/web") == 30, "log group /ecs/web exists, with a retention of 30 days")

    step("The record of the correction")
    said = run(logweir, "records", *journal)
    must("web:1" in said, "the list has web:1")
    must(account.journal_has(table, web_1), "the journal holds the record of web:1")

    step("The same event again, and the event of the correction itself")
    again, _ = handled(stack, event)
    show(verdict(again))
    both = [web_1, report["corrected"]]
    must(again["outcome"] in ("skipped", "remediated"), "the function recognizes a duplicate")
    must(account.revisions("web") == both, "still exactly one corrected revision")
    echoes = [events.registered(SOURCE, after["taskDefinition"], role) for role in own_roles]
    must(not any(account.matching(rules, echo) for echo in echoes), "the rule excludes Logweir's own registrations")
    run(logweir, "check", "ecs:web", code=0)
    must(account.revisions("web") == both, "web:2 is compliant: there is nothing left to correct")

    step("The schedules that finish interrupted work")
    holding.finish_what_was_left(stack)

    step("Show what a backout would do, without changing anything")
    recorded = account.journal(table)
    said = run(logweir, "backout", "web:1", "--dry-run", *journal)
    must("web:2 would be deregistered" in said, "the output names web:2")
    must(account.revisions("web") == both and account.journal(table) == recorded, "nothing was changed or recorded")

    step("Back out the correction, with the command in the report")
    must(f"--function {backout} " in report["backout"], f"the command invokes {backout}")
    back = as_printed(logweir, report["backout"])
    must(back["outcome"] == "backed-out", "the function reports: backed out")
    is_as_before(web_1, text_before, gone=[report["corrected"]])
    must(account.retention("/ecs/web") == 30, "log group /ecs/web is kept, because it may hold log data")
    kept = {"name": "/ecs/web", "action": "kept", "retention_days": None}
    must(back["log_groups"] == [kept], "the report names it")

    step("The same command again, and the same event")
    recorded = account.journal(table)
    twice = as_printed(logweir, report["backout"])
    must((twice["outcome"], twice["reason"]) == ("backed-out", "duplicate"), "the function reports: backed out before")
    again, _ = handled(stack, event)
    show(verdict(again))
    must((again["outcome"], again["reason"]) == ("skipped", "backed-out-before"), "a backed-out correction is not repeated")
    is_as_before(web_1, text_before, gone=[report["corrected"]])
    must(account.journal(table) == recorded, "there is nothing new to record")

    step("An operator overrides the backout, and corrects web:1 by hand")
    # The target includes the number: the emulator resolves the family alone to web:2, but AWS to the newest ACTIVE revision.
    said = run(logweir, "apply", "--dry-run", "ecs:web:1", *journal, code=1)
    must("--force" in said, "the output names the flag that overrides the backout")
    is_as_before(web_1, text_before, gone=[report["corrected"]])
    said = run(logweir, "apply", "--force", "--yes", "ecs:web:1", *journal)
    [_, web_3] = account.revisions("web")
    after = described(web_3)
    must(log_configurations(after) == wanted, "both containers of web:3 log without blocking")
    must(everything_else(after) == everything_else(before), "everything else is unchanged")

    step("Back out that correction, with the printed command")
    [undo] = re.findall("^ +undo +(.+)$", said, re.MULTILINE)
    back = as_printed(logweir, undo)
    must(back["outcome"] == "backed-out", "logweir reports: backed out")
    is_as_before(web_1, text_before, gone=[report["corrected"], web_3])

    services.follow(logweir, stack, json.loads(TEXT.replace("web", "api")), PIPELINE)
    withdrawn.retire(stack, json.loads(TEXT.replace("web", "cart")), PIPELINE)
    clusters.log_sessions(logweir, PIPELINE, history)
    firelens.migrate(logweir, stack, json.loads(TEXT.replace("web", "desk")), PIPELINE)
    holding.hold(logweir, stack, json.loads(TEXT.replace("web", "shop")), PIPELINE)


# The state that the demo compares.

def described(arn):
    return json.loads(text_of(arn))


def text_of(arn):
    return account.ecs_text("DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"])


def is_as_before(source, text, gone):
    must(account.revisions("web") == [source], "web:1 is the family's only ACTIVE revision")
    must(text_of(source) == text, "its text is unchanged, byte for byte")
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


if __name__ == "__main__":
    with SessionHistory() as history, story():
        main(*sys.argv[1:], history)
