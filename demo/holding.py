"""The operator's tools: dead letters, doctor, the kill switch and the removal of the stack."""

import json
import time

import boto3

import account
import events
import stack as sam
from telling import deliver, must, run, show, step

# Doctor's checks of the roles, which fail here: the emulator's policy simulator denies permissions that the roles grant.
UNJUDGED = "role"


def finish_what_was_left(stack):
    """Sends the input of the deployed schedules: one invokes the backout function, the other uses the queue."""
    scheduled = boto3.client("events")
    [resume] = [
        target for rule in scheduled.list_rules()["Rules"] if "ScheduleExpression" in rule
        for target in account.targets(rule["Name"])
        if target["Arn"].endswith(stack["BackoutFunctionName"])
    ]
    resumed, _ = account.invoke(stack["BackoutFunctionName"], json.loads(resume["Input"]))
    must(resumed == {"resumed": 0, "reports": []}, f"{stack['BackoutFunctionName']} finds no interrupted work")
    before, looks = account.records(stack["JournalTable"]), looked(stack)
    account.send(stack["WorkQueue"], resume["Input"])
    account.until(lambda: looked(stack) > looks, "the function has counted unfinished records")
    account.until(lambda: account.waits(stack["WorkQueue"]) == 0, "the queue is empty")
    must(account.waits(stack["DeadLetterQueue"]) == 0, f"{stack['FunctionName']} receives the schedule's message from the queue")
    must(account.records(stack["JournalTable"]) == before, "it finds no interrupted work either")


def looked(stack):
    """Returns how often the function logged its count of unfinished records, which it does at each resume."""
    return sum('"Unfinished"' in line for line in account.log_lines(stack["LogGroup"]))


def hold(logweir, stack, source, pipeline):
    """Continues with the deployed stack and a new family."""
    queue, dead, log = stack["WorkQueue"], stack["DeadLetterQueue"], stack["LogGroup"]

    step("An unreadable message")
    account.send(queue, '{"detail-type": "AWS API Call via CloudTr')
    account.until(lambda: account.waits(dead) == 1, "the message is in the dead-letter queue")
    must(account.waits(queue) == 0, "the message was tried, and is now in the dead-letter queue")
    last = account.reports(log)[-1]
    must((last["outcome"], last["reason"]) == ("failed", "unreadable"), "the function's log names the reason")

    step("A missing permission: the stack's scope is other log groups")
    sam.deploy(TaskLogGroups="/other/*")
    account.create_task_role("/ecs/", "shop")
    registered = account.ecs("RegisterTaskDefinition", **source)["taskDefinition"]
    shop_1 = registered["taskDefinitionArn"]
    decided = len(account.reports(log))
    denied = deliver(stack, events.registered(source, registered, pipeline))
    must((denied["outcome"], denied["reason"]) == ("failed", "access-denied"), "the function reports: failed, access denied")
    account.until(lambda: account.waits(dead) == 2, "the event is in the dead-letter queue")
    must(len(account.reports(log)) == decided + 1, "the event was tried once, and sent to the dead-letter queue at once")
    must(account.revisions("shop") == [shop_1], "nothing was registered")

    step("Diagnose the problem")
    account.create_trail()
    said = run(logweir, "doctor", code=1, without=UNJUDGED)
    must("2 dead letters" in said and "access-denied" in said, "doctor names the dead letters and their reasons")

    step("Repair the stack, and redrive the dead letters")
    sam.deploy(TaskLogGroups="/ecs/*")
    run(logweir, "doctor", "--fix", "--yes", code=1, without=UNJUDGED)
    account.until(lambda: len(account.revisions("shop")) == 2, "shop:1 is corrected")
    must(True, "shop:1 has a corrected revision: its dead letter was handled")
    account.until(lambda: account.waits(queue) == 0, "the queue is empty")
    must(account.waits(dead) == 1, "the unreadable message was not redriven, because another try cannot read it either")
    [letter] = boto3.client("sqs").receive_message(QueueUrl=dead, VisibilityTimeout=0)["Messages"]
    must(letter["Body"].startswith('{"detail-type"'), "an operator can read it in the dead-letter queue")

    step("An invalid baseline, in a parameter")
    parameter = {"Name": "/platform/logweir/baseline", "Type": "String", "Overwrite": True}
    boto3.client("ssm").put_parameter(**parameter, Value="[[profile")
    sam.deploy(Baseline=f"ssm:{parameter['Name']}")
    document = source | {"cpu": "512"}
    registered = account.ecs("RegisterTaskDefinition", **document)["taskDefinition"]
    account.send(queue, events.registered(document, registered, pipeline))
    account.until(lambda: account.waits(dead) == 2, "the event is in the dead-letter queue")
    must(len(account.revisions("shop")) == 3, "the function corrects nothing without a valid baseline")
    said = run(logweir, "doctor", code=1, without=UNJUDGED)
    must("is not valid, so the function does not start" in said, "it says what is wrong with the baseline")

    step("Repair the baseline, and redrive the dead letters")
    boto3.client("ssm").put_parameter(**parameter, Value=sam.BASELINE.read_text())
    run(logweir, "doctor", "--fix", "--yes", code=1, without=UNJUDGED)
    account.until(lambda: len(account.revisions("shop")) == 4, "shop:3 is corrected")
    must(True, "shop:3 has a corrected revision: its dead letter was handled")
    account.until(lambda: account.waits(queue) == 0, "the queue is empty")
    must(account.waits(dead) == 1, "the unreadable message was not redriven")

    step("Turn the kill switch on")
    sam.deploy(Paused="true")
    decided = len(account.reports(log))
    document = source | {"cpu": "1024"}
    registered = account.ecs("RegisterTaskDefinition", **document)["taskDefinition"]
    account.send(queue, events.registered(document, registered, pipeline))
    [mapping] = boto3.client("lambda").list_event_source_mappings(FunctionName=stack["FunctionName"])["EventSourceMappings"]
    must(mapping["State"] == "Disabled", "the function does not read the queue")
    time.sleep(5)
    must(account.waits(queue) == 1 and len(account.reports(log)) == decided, "the event waits, and the function handles nothing")
    must(len(account.revisions("shop")) == 5, "nothing was registered")

    step("Turn the kill switch off")
    sam.deploy(Paused="false")
    account.until(lambda: len(account.revisions("shop")) == 6, "shop:5 is corrected")
    must(True, "the event was not lost: shop:5 has a corrected revision")
    account.until(lambda: account.waits(queue) == 0, "the queue is empty")
    show(f"{len(account.reports(log)) - decided} decision")

    step("Uninstall")
    table = stack["JournalTable"]
    kept = account.journal(table)
    sam.delete()
    must(not sam.described(), "the stack is gone")
    must(account.journal(table) == kept and len(kept) > 0, "the journal is unchanged")
    must(len(account.reports(log)) > decided, "the function's log still exists")
    must(len(account.revisions("shop")) == 6, "the corrected revisions still exist")
