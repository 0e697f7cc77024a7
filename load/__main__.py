"""A load test with a thousand events at once, in an emulated account whose ECS throttles like the real one: `make load`.

The events: 700 compliant revisions, 100 revisions to correct whose event arrives twice, 50 unreadable messages and 50 events
of other accounts. All of them wait in the queue before the function starts to read it. The test prints figures, or ends at
the first failed check with exit code 1. docs/reliability.md has the results.
"""

import collections
import json
import pathlib
import random
import sys
import time

import boto3
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "demo"), str(ROOT / "infra")]
import account  # noqa: E402
import baseline_digest  # noqa: E402
import events  # noqa: E402
import stack as sam  # noqa: E402

from throttling import Throttling  # noqa: E402

COMPLIANT, BLOCKING, MALFORMED, FOREIGN = 700, 100, 50, 50
PER_SECOND = 1.0  # the registration rate limit, and the refill rate of ECS's token bucket
BURST = 16  # the registrations that the limit allows at once after a pause
BASELINE = "/load/baseline"
PIPELINE = "arn:aws:iam::000000000000:role/pipeline"
OTHERS = "444455556666"
PATIENCE = 900  # seconds


def main():
    with Throttling("RegisterTaskDefinition", "DeregisterTaskDefinition", burst=20, per_second=PER_SECOND) as ecs:
        stack = deploy(ecs.url)
        messages = fill(stack["WorkQueue"])
        print(f"{len(messages)} messages wait in the queue", flush=True)
        sam.deploy(Paused="false")
        begun = time.time()
        drained = until_drained(stack, begun)
    found = counted(stack, ecs, begun, drained)
    print(json.dumps(found, indent=2))
    judge(stack, ecs, found, messages)
    print("\nNothing was lost, nothing was corrected twice.")


def deploy(endpoint):
    text = pathlib.Path("infra/baseline.toml").read_text()
    assert text.count("registers-per-second = 0.2") == 1
    text = text.replace("registers-per-second = 0.2", f"registers-per-second = {PER_SECOND}")
    boto3.client("ssm").put_parameter(Name=BASELINE, Value=text, Type="String")
    sam.build()
    emulated = sam.BUILT / "emulated.yaml"
    template = yaml.safe_load(emulated.read_text())
    template["Resources"]["Work"]["Properties"]["VisibilityTimeout"] = 20
    emulated.write_text(yaml.safe_dump(template, sort_keys=False))
    sam.lead_through(endpoint, sam.BUILT / "RemediatorFunction" / "bootstrap")
    digest = baseline_digest.of(text)
    return sam.deploy(Mode="register", Paused="true", Baseline=f"ssm:{BASELINE}", ConfirmedBaseline=digest)


def fill(queue):
    account.create_task_role("/", "ecsTaskExecutionRole")
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="/ecs/all")
    logs.put_retention_policy(logGroupName="/ecs/all", retentionInDays=30)
    messages = [registered(f"fine-{n}", "non-blocking") for n in range(COMPLIANT)]
    messages += 2 * [registered(f"blocks-{n}", "blocking") for n in range(BLOCKING)]
    messages += [f'{{"message {n}": cannot be parsed' for n in range(MALFORMED)]
    messages += [json.dumps(elsewhere(registered(f"elsewhere-{n}", "blocking"))) for n in range(FOREIGN)]
    random.Random(5).shuffle(messages)
    for message in messages:
        account.send(queue, message)
    return messages


def registered(family, mode):
    options = {"awslogs-group": "/ecs/all", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app", "mode": mode}
    document = {
        "family": family, "executionRoleArn": "arn:aws:iam::000000000000:role/ecsTaskExecutionRole",
        "containerDefinitions": [{
            "name": "app", "image": "nginx", "memory": 512, "essential": True,
            "logConfiguration": {"logDriver": "awslogs", "options": options | {"max-buffer-size": "25m"}},
        }],
    }
    described = account.ecs("RegisterTaskDefinition", **document)["taskDefinition"]
    return json.dumps(events.registered(document, described, PIPELINE))


def elsewhere(message):
    return json.loads(message.replace("000000000000", OTHERS))


def until_drained(stack, begun):
    """Waits until the queue is empty, and returns the time."""
    while account.waits(stack["WorkQueue"]):
        if time.time() - begun > PATIENCE:
            sys.exit(f"error: after {PATIENCE} s, {account.waits(stack['WorkQueue'])} messages still wait in the queue")
        time.sleep(0.5)
    return time.time()


def counted(stack, ecs, begun, drained):
    reports = account.reports(stack["LogGroup"])
    reasons = collections.Counter(each["reason"] or each["outcome"] for each in reports)
    let_through = [at for name, at in ecs.let_through if name == "RegisterTaskDefinition"]
    ages = sorted(each["event_age_ms"] for each in reports if each["outcome"] == "remediated")
    return {
        "events": COMPLIANT + 2 * BLOCKING + MALFORMED + FOREIGN,
        "seconds": round(drained - begun, 1),
        "decisions": dict(reasons.most_common()),
        "registrations": len(let_through),
        "of them in the first second": sum(at < let_through[0] + 1 for at in let_through),
        "registrations a second after the burst": round((len(let_through) - BURST) / (let_through[-1] - let_through[BURST - 1]), 3),
        "most in any 10 s": most_in(10, let_through),
        "throttled by ECS": len(ecs.refused),
        "slowest decision, ms": max(each["duration_ms"] for each in reports),
        "calls to AWS for a correction": sorted({each["aws_calls"] for each in reports if each["outcome"] == "remediated"}),
        "last correction after, s": round(ages[-1] / 1000, 1),
        "dead letters": account.waits(stack["DeadLetterQueue"]),
    }


def most_in(seconds, times):
    return max(sum(at <= other < at + seconds for other in times) for at in times)


def judge(stack, ecs, found, messages):
    def must(holds, what):
        if not holds:
            sys.exit(f"error: check failed: {what}")

    for n in range(BLOCKING):
        must(len(account.revisions(f"blocks-{n}")) == 2, f"blocks-{n} has one corrected revision")
        must(account.revisions(f"blocks-{n}", "INACTIVE") == [], f"no revision of blocks-{n} was deregistered")
    for family in [f"fine-{n}" for n in range(COMPLIANT)] + [f"elsewhere-{n}" for n in range(FOREIGN)]:
        must(len(account.revisions(family)) == 1, f"{family} is unchanged")
    must(sorted(dead_letters(stack)) == sorted(each for each in messages if "cannot be parsed" in each),
         "the dead letters are exactly the unreadable messages")
    failed = [each for each in account.reports(stack["LogGroup"]) if each["outcome"] == "failed"]
    must({each["reason"] for each in failed} == {"unreadable"}, "nothing else failed")
    must(found["registrations"] == BLOCKING, "ECS received one registration for each revision to correct")
    times = [at for name, at in ecs.let_through if name == "RegisterTaskDefinition"]
    for seconds in 1, 5, 10, 30, 60:
        must(most_in(seconds, times) <= PER_SECOND * seconds + BURST + 1, f"no {seconds} s had more registrations than the rate limit allows")
    must(found["registrations a second after the burst"] >= 0.9 * PER_SECOND, "the backlog drains at the rate limit")


def dead_letters(stack):
    sqs, bodies = boto3.client("sqs"), []
    while True:
        asked = {"QueueUrl": stack["DeadLetterQueue"], "MaxNumberOfMessages": 10, "VisibilityTimeout": 600}
        messages = sqs.receive_message(**asked).get("Messages", [])
        if not messages:
            return bodies
        bodies += [each["Body"] for each in messages]


if __name__ == "__main__":
    main()
