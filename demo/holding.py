"""What an operator has in hand when something goes wrong, and when it is to stop."""

import json
import pathlib
import time

import boto3

import account
import events
import stack as sam
from telling import deliver, must, run, show, step

# What doctor says of the roles, as the emulator's simulator denies what they grant.
UNJUDGED = "role"


def finish_what_was_left(stack):
    """The deployed schedules, one of which goes through the queue."""
    scheduled = boto3.client("events")
    [resume] = [
        target for rule in scheduled.list_rules()["Rules"] if "ScheduleExpression" in rule
        for target in account.targets(rule["Name"])
        if target["Arn"].endswith(stack["BackoutFunctionName"])
    ]
    resumed, _ = account.invoke(stack["BackoutFunctionName"], json.loads(resume["Input"]))
    must(resumed == {"resumed": 0, "reports": []}, f"{stack['BackoutFunctionName']} finds that nothing was left")
    before, looks = account.journal(stack["JournalTable"]), looked(stack)
    account.send(stack["WorkQueue"], resume["Input"])
    account.until(lambda: looked(stack) > looks, "the function has looked what is unfinished")
    account.until(lambda: account.waits(stack["WorkQueue"]) == 0, "the queue is empty")
    must(account.waits(stack["DeadLetterQueue"]) == 0, f"{stack['FunctionName']} takes the same from the queue")
    must(account.journal(stack["JournalTable"]) == before, "and finds that nothing was left")


def looked(stack):
    """How often the function has said how much is unfinished, which it does at each resume."""
    return sum('"Unfinished"' in line for line in account.log_lines(stack["LogGroup"]))


def hold(logweir, stack, source, pipeline):
    """Goes on with the stack as it is, with a family that it has not seen."""
    queue, dead, log = stack["WorkQueue"], stack["DeadLetterQueue"], stack["LogGroup"]

    step("A message that nobody can read")
    account.send(queue, '{"detail-type": "AWS API Call via CloudTr')
    account.until(lambda: account.waits(dead) == 1, "it is in the dead-letter queue")
    must(account.waits(queue) == 0, "it was tried, and waits in the dead-letter queue")
    last = account.reports(log)[-1]
    must((last["outcome"], last["reason"]) == ("failed", "unreadable"), "the function's log says why")

    step("An event that the function may not act on: the stack is for other log groups")
    sam.deploy(TaskLogGroups="/other/*")
    account.create_task_role("/ecs/", "shop")
    registered = account.ecs("RegisterTaskDefinition", **source)["taskDefinition"]
    shop_1 = registered["taskDefinitionArn"]
    decided = len(account.reports(log))
    denied = deliver(stack, events.registered(source, registered, pipeline))
    must((denied["outcome"], denied["reason"]) == ("failed", "access-denied"), "the function says: failed, access denied")
    account.until(lambda: account.waits(dead) == 2, "it is in the dead-letter queue as well")
    must(len(account.reports(log)) == decided + 1, "it was tried once, and put aside at once")
    must(account.revisions("shop") == [shop_1], "nothing was registered")

    step("What is wrong?")
    account.create_trail()
    said = run(logweir, "doctor", code=1, without=UNJUDGED)
    must("2 dead letters" in said and "access-denied" in said, "it names the dead letters, and why they are there")

    step("The stack is mended, and what waits is sent in again")
    sam.deploy(TaskLogGroups="/ecs/*")
    run(logweir, "doctor", "--fix", "--yes", code=1, without=UNJUDGED)
    account.until(lambda: len(account.revisions("shop")) == 2, "shop:1 is corrected")
    must(True, "shop:1 has a corrected revision: its dead letter ended well")
    account.until(lambda: account.waits(queue) == 0, "the queue is empty")
    must(account.waits(dead) == 1, "what nobody can read was left where it is, as no try can read it")
    [letter] = boto3.client("sqs").receive_message(QueueUrl=dead, VisibilityTimeout=0)["Messages"]
    must(letter["Body"].startswith('{"detail-type"'), "and can be read there")

    step("A baseline that makes no sense, where the stack has it in a parameter")
    parameter = {"Name": "/platform/logweir/baseline", "Type": "String", "Overwrite": True}
    boto3.client("ssm").put_parameter(**parameter, Value="[[profile")
    sam.deploy(Baseline=f"ssm:{parameter['Name']}")
    document = source | {"cpu": "512"}
    registered = account.ecs("RegisterTaskDefinition", **document)["taskDefinition"]
    account.send(queue, events.registered(document, registered, pipeline))
    account.until(lambda: account.waits(dead) == 2, "its event is in the dead-letter queue")
    must(len(account.revisions("shop")) == 3, "a function that does not know what is good does nothing")
    said = run(logweir, "doctor", code=1, without=UNJUDGED)
    must("makes no sense" in said, "it says what is wrong with the baseline")

    step("The baseline is mended, and what waits is sent in again")
    boto3.client("ssm").put_parameter(**parameter, Value=pathlib.Path("infra/baseline.toml").read_text())
    run(logweir, "doctor", "--fix", "--yes", code=1, without=UNJUDGED)
    account.until(lambda: len(account.revisions("shop")) == 4, "shop:3 is corrected")
    must(True, "shop:3 has a corrected revision: its dead letter ended well")
    account.until(lambda: account.waits(queue) == 0, "the queue is empty")
    must(account.waits(dead) == 1, "and what nobody can read is left alone")

    step("The kill switch is on")
    sam.deploy(Paused="true")
    decided = len(account.reports(log))
    document = source | {"cpu": "1024"}
    registered = account.ecs("RegisterTaskDefinition", **document)["taskDefinition"]
    account.send(queue, events.registered(document, registered, pipeline))
    [mapping] = boto3.client("lambda").list_event_source_mappings(FunctionName=stack["FunctionName"])["EventSourceMappings"]
    must(mapping["State"] == "Disabled", "the function does not read the queue")
    time.sleep(5)
    must(account.waits(queue) == 1 and len(account.reports(log)) == decided, "an event waits, and nothing is handled")
    must(len(account.revisions("shop")) == 5, "nothing was registered")

    step("The kill switch is off")
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
    must(account.journal(table) == kept and len(kept) > 0, "the journal is as it was")
    must(len(account.reports(log)) > decided, "and so is the function's log")
    must(len(account.revisions("shop")) == 6, "what was corrected stays so")
