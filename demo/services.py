"""Mode rollout: the stack updates services to corrected revisions."""

import re

import account
import events
import stack as sam
from telling import as_printed, deliver, handled, must, run, show, step, verdict

CLUSTER = "prod"


def follow(logweir, stack, source, pipeline):
    """Continues with the deployed stack and a new family."""
    function, backout = stack["FunctionName"], stack["BackoutFunctionName"]
    table, rules = stack["JournalTable"], stack["RuleNames"].split(",")
    journal = "--journal", f"dynamodb:{table}"
    own_role = account.role_of(function)

    def told(event):
        return deliver(stack, event)

    step("Deploy the same stack in mode rollout, which also updates services")
    sam.deploy(Mode="rollout")
    must(account.mode_of(function) == "rollout", f"{function} has the mode rollout")

    step("A pipeline registers a task definition that blocks on its logs, and creates two services with it")
    account.create_task_role("/ecs/", "api")
    api_1 = register(source)
    made = {name: account.create_service(CLUSTER, name, api_1) for name in ("api", "worker")}
    created = {name: events.asked("CreateService", *made[name], pipeline) for name in made}
    runs(api=api_1, worker=api_1)

    step("ECS reports that the first service's deployment is under way")
    pipelines = account.newest_deployment(CLUSTER, "api")["id"]
    under_way = events.deployment(made["api"][1], pipelines, "IN_PROGRESS")
    report = told(under_way)
    must((report["outcome"], report["reason"]) == ("skipped", "deployment-under-way"), "the function waits for the deployment")
    must(account.revisions("api") == [api_1], "nothing was registered")

    step("ECS reports that the deployment has completed")
    before = account.service(CLUSTER, "api")
    completed = events.deployment(made["api"][1], pipelines, "COMPLETED")
    first = told(completed)
    must(first["outcome"] == "remediated", "the function reports: remediated")
    must(lines(first) == {"prod/api": "updated"}, "the function reports: prod/api updated")
    api_2 = first["corrected"]
    must(account.revisions("api") == [api_1, api_2], "the corrected revision is registered")
    runs(api=api_2, worker=api_1)
    must(settings(account.service(CLUSTER, "api")) == settings(before), "everything else of prod/api is unchanged")

    step("CloudTrail's event of the second service: Logweir updates one service of a family at a time")
    report = told(created["worker"])
    must((report["outcome"], report["reason"]) == ("skipped", "in-flight"), "the function reports: another rollout is in flight")
    must(lines(report).keys() == {"prod/worker"}, "prod/worker waits")
    runs(api=api_2, worker=api_1)

    step("ECS reports that Logweir's deployment has completed: the second service is next")
    own = events.deployment(made["api"][1], account.newest_deployment(CLUSTER, "api")["id"], "COMPLETED")
    report = told(own)
    must(report["outcome"] == "rolled-out", "the function reports: rolled out")
    must(lines(report) == {"prod/api": "rolled-out", "prod/worker": "updated"}, "prod/api is rolled out, prod/worker is updated")
    runs(api=api_2, worker=api_2)
    next_one = events.deployment(made["worker"][1], account.newest_deployment(CLUSTER, "worker")["id"], "COMPLETED")
    report = told(next_one)
    must(report["outcome"] == "rolled-out", "the function reports: rolled out")
    must(lines(report) == {"prod/worker": "rolled-out"}, "prod/worker is rolled out")

    step("All these events again, in another order, and the event of Logweir's own update")
    recorded, worlds = account.journal(table), services()
    for event in (next_one, created["api"], own, completed, created["worker"], under_way):
        again, _ = handled(stack, event)
        show(f"{event['detail']['eventName']}: {verdict(again)}")
    must(account.journal(table) == recorded, "there is nothing new to record")
    must(services() == worlds and account.revisions("api") == [api_1, api_2], "nothing was changed")
    asked = {"cluster": CLUSTER, "service": "api", "taskDefinition": api_2}
    echo = events.asked("UpdateService", asked, account.service(CLUSTER, "api"), own_role)
    must(not account.matching(rules, echo), "the rules exclude Logweir's own calls")

    step("A pipeline fixes the fault, and deploys its next revision to the second service")
    fixed = account.ecs("DescribeTaskDefinition", taskDefinition=api_2)["taskDefinition"]["containerDefinitions"]
    api_3 = register(source | {"containerDefinitions": fixed})
    deployed = events.asked("UpdateService", *account.update_service(CLUSTER, "worker", api_3), pipeline)
    must(told(deployed)["outcome"] == "compliant", "there is nothing to correct")
    late = told(created["worker"])
    must(late["outcome"] == "skipped" and lines(late) == {"prod/worker": "not-changed"}, "a late event changes nothing")
    runs(api=api_2, worker=api_3)

    step("Back out the rollout, with the command in the report")
    must(f"--function {backout} " in first["backout"], f"the command invokes {backout}")
    back = as_printed(logweir, first["backout"])
    must(back["outcome"] == "backed-out", "the function reports: backed out")
    must(lines(back)["prod/api"] == "backed-out", "prod/api was rolled back")
    runs(api=api_1, worker=api_3)
    must(account.revisions("api") == [api_1, api_3], "the pipeline's revisions api:1 and api:3 are ACTIVE")
    must(account.revisions("api", "INACTIVE") == [api_2], "the corrected revision api:2 is INACTIVE")

    step("The events that started the rollout, again")
    recorded = account.journal(table)
    for event in completed, created["api"]:
        report = told(event)
        must((report["outcome"], report["reason"]) == ("skipped", "backed-out-before"), "a backed-out rollout is not repeated")
    runs(api=api_1, worker=api_3)
    must(account.journal(table) == recorded, "there is nothing new to record")

    step("The fault returns, and an operator rolls the correction out by hand")
    api_4 = register(source)
    account.update_service(CLUSTER, "api", api_4)
    said = run(logweir, "apply", "--dry-run", "--mode", "rollout", "ecs:api:4", *journal, code=1)
    must("prod/api" in said and "prod/worker" not in said, "the output names only the service that would be updated")
    runs(api=api_4, worker=api_3)
    said = run(logweir, "apply", "--mode", "rollout", "--yes", "ecs:api:4", *journal)
    [*_, api_5] = account.revisions("api")
    must("rolled-out" in said, "the command waits until prod/api is rolled out")
    runs(api=api_5, worker=api_3)

    step("Back out that rollout, with the printed command")
    [undo] = set(re.findall("^ +undo +(.+)$", said, re.MULTILINE))
    back = as_printed(logweir, undo)
    must(back["outcome"] == "backed-out", "logweir reports: backed out")
    runs(api=api_4, worker=api_3)
    must(account.revisions("api", "INACTIVE") == [api_2, api_5], "both corrected revisions are INACTIVE")


def register(source):
    return account.ecs("RegisterTaskDefinition", **source)["taskDefinition"]["taskDefinitionArn"]


def runs(**expected):
    """Checks which revision each service runs."""
    found = {name: account.service(CLUSTER, name)["taskDefinition"] for name in expected}
    short = {name: arn.rpartition("/")[2] for name, arn in expected.items()}
    must(found == expected, ", ".join(f"prod/{name} runs {revision}" for name, revision in short.items()))


def services():
    return [account.service(CLUSTER, name) for name in ("api", "worker")]


def lines(report):
    return {each["service"]: each["action"] for each in report["services"]}


def settings(service):
    """Returns the members of a service that an update of its revision must not change."""
    return {key: value for key, value in service.items() if key not in ("taskDefinition", "deployments", "events")}
