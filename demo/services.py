"""Services follow: what the stack does in mode rollout."""

import re

import account
import events
import stack as sam
from telling import as_printed, deliver, handled, must, run, show, step, verdict

CLUSTER = "prod"


def follow(logweir, stack, source, pipeline):
    """Goes on with the stack as it is, with a family that it has not seen."""
    function, backout = stack["FunctionName"], stack["BackoutFunctionName"]
    table, rules = stack["JournalTable"], stack["RuleNames"].split(",")
    journal = "--journal", f"dynamodb:{table}"
    own_role = account.role_of(function)

    def told(event):
        return deliver(stack, event)

    step("From now on services follow: the same stack, in mode rollout")
    sam.deploy(Mode="rollout")
    must(account.mode_of(function) == "rollout", f"{function} was told so")

    step("A pipeline registers a task definition that blocks on its logs, and makes two services of it")
    account.create_task_role("/ecs/", "api")
    api_1 = register(source)
    made = {name: account.create_service(CLUSTER, name, api_1) for name in ("api", "worker")}
    created = {name: events.asked("CreateService", *made[name], pipeline) for name in made}
    runs(api=api_1, worker=api_1)

    step("ECS says that the first one's deployment is under way")
    theirs = account.newest_deployment(CLUSTER, "api")["id"]
    under_way = events.deployment(made["api"][1], theirs, "IN_PROGRESS")
    report = told(under_way)
    must((report["outcome"], report["reason"]) == ("skipped", "deployment-under-way"), "no deployment is disturbed")
    must(account.revisions("api") == [api_1], "nothing was registered")

    step("ECS says that it has completed")
    before = account.service(CLUSTER, "api")
    completed = events.deployment(made["api"][1], theirs, "COMPLETED")
    first = told(completed)
    must(first["outcome"] == "remediated", "the function says: remediated")
    must(lines(first) == {"prod/api": "updated"}, "and that prod/api follows")
    api_2 = first["corrected"]
    must(account.revisions("api") == [api_1, api_2], "the corrected revision is registered")
    runs(api=api_2, worker=api_1)
    must(settings(account.service(CLUSTER, "api")) == settings(before), "all else of prod/api is as it was")

    step("CloudTrail's event of the other one: one service of a family goes at a time")
    report = told(created["worker"])
    must((report["outcome"], report["reason"]) == ("skipped", "in-flight"), "the function says: another one is on its way")
    must(lines(report).keys() == {"prod/worker"}, "prod/worker waits")
    runs(api=api_2, worker=api_1)

    step("ECS says that Logweir's deployment has completed: the next one follows")
    ours = events.deployment(made["api"][1], account.newest_deployment(CLUSTER, "api")["id"], "COMPLETED")
    report = told(ours)
    must(report["outcome"] == "rolled-out", "the function says: rolled out")
    must(lines(report) == {"prod/api": "rolled-out", "prod/worker": "updated"}, "prod/api is there, prod/worker follows")
    runs(api=api_2, worker=api_2)
    next_one = events.deployment(made["worker"][1], account.newest_deployment(CLUSTER, "worker")["id"], "COMPLETED")
    report = told(next_one)
    must(report["outcome"] == "rolled-out", "the function says: rolled out")
    must(lines(report) == {"prod/worker": "rolled-out"}, "prod/worker is there as well")

    step("All these events once more, in another order, and that of what Logweir itself asked for")
    recorded, worlds = account.journal(table), services()
    for event in (next_one, created["api"], ours, completed, created["worker"], under_way):
        again, _ = handled(stack, event)
        show(f"{event['detail']['eventName']}: {verdict(again)}")
    must(account.journal(table) == recorded, "there is nothing new to record")
    must(services() == worlds and account.revisions("api") == [api_1, api_2], "nothing was changed")
    asked = {"cluster": CLUSTER, "service": "api", "taskDefinition": api_2}
    echo = events.asked("UpdateService", asked, account.service(CLUSTER, "api"), own_role)
    must(not account.matching(rules, echo), "the rules keep Logweir's own calls from Logweir")

    step("A pipeline deploys its next revision to one of them, mended at its source")
    mended = account.ecs("DescribeTaskDefinition", taskDefinition=api_2)["taskDefinition"]["containerDefinitions"]
    api_3 = register(source | {"containerDefinitions": mended})
    deployed = events.asked("UpdateService", *account.update_service(CLUSTER, "worker", api_3), pipeline)
    must(told(deployed)["outcome"] == "compliant", "there is nothing to correct")
    late = told(created["worker"])
    must(late["outcome"] == "skipped" and lines(late) == {"prod/worker": "left-alone"}, "a late event changes nothing")
    runs(api=api_2, worker=api_3)

    step("Take it back, by the command that stands in the report")
    must(f"--function {backout} " in first["backout"], f"it has {backout} do it")
    back = as_printed(logweir, first["backout"])
    must(back["outcome"] == "backed-out", "the function says: backed out")
    must(lines(back)["prod/api"] == "pointed-back", "prod/api was pointed back")
    runs(api=api_1, worker=api_3)
    must(account.revisions("api") == [api_1, api_3], "api:1 and the pipeline's own are the ACTIVE revisions")
    must(account.revisions("api", "INACTIVE") == [api_2], "Logweir's is INACTIVE")

    step("The events that began it, once more")
    recorded = account.journal(table)
    for event in completed, created["api"]:
        report = told(event)
        must((report["outcome"], report["reason"]) == ("skipped", "suppressed"), "what was taken back does not follow again")
    runs(api=api_1, worker=api_3)
    must(account.journal(table) == recorded, "there is nothing new to record")

    step("The fault comes back, and somebody has a service follow by hand")
    api_4 = register(source)
    account.update_service(CLUSTER, "api", api_4)
    said = run(logweir, "apply", "--dry-run", "--mode", "rollout", "ecs:api:4", *journal, code=1)
    must("prod/api" in said and "prod/worker" not in said, "it names the service that would follow")
    runs(api=api_4, worker=api_3)
    said = run(logweir, "apply", "--mode", "rollout", "--yes", "ecs:api:4", *journal)
    [*_, api_5] = account.revisions("api")
    must("rolled-out" in said, "it waits until prod/api is there")
    runs(api=api_5, worker=api_3)

    step("And back again, by the command that this printed")
    [undo] = set(re.findall("^ +undo +(.+)$", said, re.MULTILINE))
    back = as_printed(logweir, undo)
    must(back["outcome"] == "backed-out", "it says: backed out")
    runs(api=api_4, worker=api_3)
    must(account.revisions("api", "INACTIVE") == [api_2, api_5], "both of Logweir's are INACTIVE")


def register(source):
    return account.ecs("RegisterTaskDefinition", **source)["taskDefinition"]["taskDefinitionArn"]


def runs(**expected):
    """Asserts what each service runs."""
    found = {name: account.service(CLUSTER, name)["taskDefinition"] for name in expected}
    short = {name: arn.rpartition("/")[2] for name, arn in expected.items()}
    must(found == expected, ", ".join(f"prod/{name} runs {revision}" for name, revision in short.items()))


def services():
    return [account.service(CLUSTER, name) for name in ("api", "worker")]


def lines(report):
    return {each["service"]: each["action"] for each in report["services"]}


def settings(service):
    """What of a service does not say what it runs, and since when."""
    return {key: value for key, value in service.items() if key not in ("taskDefinition", "deployments", "events")}
