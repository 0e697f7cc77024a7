"""The function that the benchmark compares with Logweir: the same function in idiomatic Python with boto3, and its event loop.

It has the same start (baseline, clients, connections opened before the first poll), the same calls and the same answer. It
has only the four of Logweir's rules that the compared events need.
"""

import concurrent.futures
import hashlib
import http.client
import json
import os
import pathlib
import re
import time
import tomllib
from datetime import datetime, timezone

import boto3
from botocore.config import Config

REGION = os.environ["AWS_REGION"]
BASELINE = pathlib.Path(os.environ["LOGWEIR_BASELINE"]).read_bytes()
DIGEST = f"sha256:{hashlib.sha256(BASELINE).hexdigest()}"
LOGGING, LOG_GROUP = (tomllib.loads(BASELINE.decode())[table] for table in ("logging", "log-group"))
UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
SETTING_HOLDS_SECONDS = 15 * 60

config = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
ecs = boto3.client("ecs", config=config)
logs = boto3.client("logs", config=config)
default_mode = read_at = None


def warm():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        pool.submit(read_default_mode)
        pool.submit(logs.describe_log_groups, limit=1)


def read_default_mode():
    """Returns the effect of an absent mode in this account."""
    global default_mode, read_at
    if read_at is None or time.monotonic() - read_at > SETTING_HOLDS_SECONDS:
        settings = ecs.list_account_settings(name="defaultLogDriverMode", effectiveSettings=True)["settings"]
        default_mode = settings[0]["value"] if settings else "non-blocking"
        read_at = time.monotonic()
    return default_mode


def handle(event, account):
    started = time.monotonic()
    detail = event["detail"]
    arn = detail["responseElements"]["taskDefinition"]["taskDefinitionArn"]
    if arn.split(":")[3:5] != [REGION, account] or event["account"] != account:
        raise ValueError("the event is from another account or Region")

    definition = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])["taskDefinition"]
    effective = read_default_mode()
    containers = [each for each in definition["containerDefinitions"] if is_awslogs(each)]
    groups = look({each["logConfiguration"]["options"]["awslogs-group"] for each in containers})
    rules, changes, group_changes = set(), [], {}
    for container in containers:
        check(container, definition, groups, effective, rules, changes, group_changes)

    outcome = "observed" if rules else "compliant"
    identity = detail["userIdentity"]
    event_time = datetime.fromisoformat(detail["eventTime"])
    report = {
        "message": f"remediation {outcome}",
        "schema": "logweir.report/1",
        "event": "remediation.summary",
        "outcome": outcome,
        "reason": None,
        "mode": os.environ["LOGWEIR_MODE"],
        "trigger": "event",
        "record": arn.partition("/")[2],
        "source": arn,
        "corrected": None,
        "family": definition["family"],
        "account": account,
        "region": REGION,
        "baseline_digest": DIGEST,
        "actor": identity["arn"],
        "actor_type": identity["type"],
        "user_agent": detail["userAgent"],
        "source_ip": detail["sourceIPAddress"],
        "cloudtrail_event_id": detail["eventID"],
        "rules": sorted(rules),
        "changes": changes,
        "log_groups": list(group_changes.values()),
        "services": [],
        "aws_calls": 2,
        "duration_ms": int((time.monotonic() - started) * 1000),
        "event_age_ms": int((datetime.now(timezone.utc) - event_time).total_seconds() * 1000),
        "backout": None,
    }
    timestamp = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    print(json.dumps({"timestamp": timestamp, "level": "INFO", **report}), flush=True)
    return report


def is_awslogs(container):
    log = container.get("logConfiguration") or {}
    return log.get("logDriver") == "awslogs" and log["options"].get("awslogs-region") in (None, REGION)


def look(names):
    """Reads the log groups with these names, in one call."""
    found = logs.describe_log_groups(logGroupIdentifiers=sorted(names))["logGroups"]
    return {group["logGroupName"]: group for group in found}


def check(container, definition, groups, effective, rules, changes, group_changes):
    options = container["logConfiguration"]["options"]
    wanted = {}
    mode = options.get("mode")
    if LOGGING["absent-mode"] == "effective":
        mode = mode or effective
    if mode != LOGGING["delivery"]:
        rules.add("blocking-delivery")
        wanted["mode"] = LOGGING["delivery"]
    floor, share = size(LOGGING["min-buffer-size"]), share_of(container, definition)
    buffer = size(options.get("max-buffer-size"))
    if buffer is None or buffer < floor or buffer > max(share, floor):
        rules.add("unsized-buffer")
        sized = int(max(min(size(LOGGING["max-buffer-size"]), share), floor))
        wanted |= {"mode": "non-blocking", "max-buffer-size": f"{sized >> 20}m"}
    for option, to in wanted.items():
        if (old := options.get(option)) != to:
            changes.append({"container": container["name"], "option": option, "from": old, "to": to})

    name, days = options["awslogs-group"], LOG_GROUP["retention-days"]
    group = groups.get(name)
    if group is None:
        rules.add("missing-log-group")
        group_changes[name] = {"name": name, "action": "create", "retention_days": days}
    elif group.get("retentionInDays", 0) < days:
        rules.add("unbounded-retention")


def share_of(container, definition):
    memory = container.get("memory") or definition.get("memory")
    return int(memory) * (1 << 20) * LOGGING["max-buffer-share"] if memory else float("inf")


def size(text):
    matched = re.fullmatch(r"(\d+)([bkmg]?)", text or "")
    return int(matched[1]) * UNITS[matched[2]] if matched else None


def main():
    warm()
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", "/2018-06-01/runtime/invocation/next")
        invocation = api.getresponse()
        event = json.load(invocation)
        request = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
        account = invocation.headers["Lambda-Runtime-Invoked-Function-Arn"].split(":")[4]
        try:
            path, answer = "response", handle(event, account)
        except Exception as error:
            path, answer = "error", {"errorType": type(error).__name__, "errorMessage": str(error)}
        body = json.dumps(answer).encode()
        api.request("POST", f"/2018-06-01/runtime/invocation/{request}/{path}", body)
        api.getresponse().read()


main()
