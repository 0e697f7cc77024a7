"""Probes: what does CloudTrail record about a registration? The planted secrets are invented words."""

import datetime
import json

from aws import Refused
from probe import no, not_answered, other, probe, yes
from probes.documents import container, document

PLACES = {
    "environment": "PLANTED-IN-ENVIRONMENT",
    "command": "PLANTED-IN-COMMAND",
    "dockerLabels": "PLANTED-IN-LABEL",
    "log options": "PLANTED-IN-LOG-OPTION",
    "tags": "PLANTED-IN-TAG",
}
PAUSE = 15  # seconds; LookupEvents may be called twice a second
PAGES = 5


def planted(bench, suffix, **members):
    options = {"splunk-url": "https://splunk.example:8088", "splunk-token": PLACES["log options"]}
    app = container(
        environment=[{"name": "PASSWORD", "value": PLACES["environment"]}], command=["run", PLACES["command"]],
        dockerLabels={"password": PLACES["dockerLabels"]}, logConfiguration={"logDriver": "splunk", "options": options})
    return document(bench, suffix, app, tags=[{"key": "password", "value": PLACES["tags"]}], **members)


def plant(bench):
    """Registers a revision with invented secrets, and tries to register one that ECS refuses. Runs once, before all probes."""
    def register():
        begun = int(datetime.datetime.now(datetime.timezone.utc).timestamp()) - 60
        outcomes = {}
        for suffix, members in {"planted": {}, "refused": {"networkMode": "impossible"}}.items():
            try:
                bench.make.revision(planted(bench, suffix, **members))
                outcomes[suffix] = "accepted"
            except Refused as refused:
                outcomes[suffix] = f"{refused.code}: {refused.message}"
        return {"begun": begun, "at": bench.clock.now(), **outcomes}
    return bench.once("planted", register)


def record_of(bench, suffix):
    """Waits for the record of a registration. All probes together wait for at most the time that the caller allows."""
    plantings = plant(bench)
    family, found = bench.make.name(suffix), []
    bench.note("the registration", plantings[suffix])

    def recorded():
        left = max(0, round(plantings["at"] + bench.trail_seconds - bench.clock.now()))
        bench.say(f"waiting for CloudTrail's record, for at most {left // 60} min {left % 60} s")
        requests = ((each, each.get("requestParameters") or {}) for each in records(bench, plantings["begun"]))
        found[:] = [record for record, request in requests if request.get("family") == family]
        return found

    left = max(0, round(plantings["at"] + bench.trail_seconds - bench.clock.now()))
    return found[0] if bench.until("in the event history", recorded, seconds=left, pause=PAUSE) is not None else None


def records(bench, begun):
    """Returns the records of registrations since the plantings. Other principals' records are in here too: never note them."""
    body = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "RegisterTaskDefinition"}], "StartTime": begun}
    for _ in range(PAGES):
        answer = bench.call("cloudtrail", "LookupEvents", **body)
        yield from (json.loads(each["CloudTrailEvent"]) for each in answer["Events"])
        if not answer.get("NextToken"):
            return
        body |= {"NextToken": answer["NextToken"]}


LATE = "CloudTrail's event history did not show the record in time; run the probe again with a longer --trail-minutes"


@probe("trail-record", "Does CloudTrail's record of a registration contain the ARN of the new revision?",
       early=plant, needs=["trail"])
def trail_record(bench):
    """Registers a revision with invented secrets. Waits for its record in CloudTrail's event history, and shows the record."""
    record = record_of(bench, "planted")
    if not record:
        return not_answered(LATE)
    bench.note("record", record)
    definition = (record.get("responseElements") or {}).get("taskDefinition") or {}
    bench.note("types in the response", {name: type(value).__name__ for name, value in definition.items()})
    if definition.get("taskDefinitionArn"):
        return yes("responseElements.taskDefinition.taskDefinitionArn, as in the answer of the API")
    return no("responseElements has no taskDefinition.taskDefinitionArn")


@probe("trail-redaction", "Which values of a task definition does CloudTrail redact, and in which form?",
       early=plant, needs=["trail"])
def trail_redaction(bench):
    """Registers a revision with invented secrets in its environment, command, Docker labels, log options and tags. Looks for
    each of them in the request and in the response of the record."""
    record = record_of(bench, "planted")
    if not record:
        return not_answered(LATE)
    clear = []
    for half in "requestParameters", "responseElements":
        text = json.dumps(record.get(half))
        shown = [place for place, secret in PLACES.items() if secret in text]
        bench.note(f"in clear in {half}", shown)
        bench.note(f"environment in {half}", environments(record.get(half)))
        clear += [f"{half}: {', '.join(shown) or 'none'}"]
    return other("in clear in " + "; in ".join(clear))


def environments(part):
    """Returns the value of each member `environment`, at any depth."""
    if isinstance(part, dict):
        own = [value for key, value in part.items() if key == "environment"]
        return own + [each for value in part.values() for each in environments(value)]
    return [each for value in part for each in environments(value)] if isinstance(part, list) else []


@probe("trail-of-a-refusal", "Does CloudTrail record a registration that ECS refuses?", early=plant, needs=["trail"])
def trail_of_a_refusal(bench):
    """Tries to register a revision with an impossible network mode. Waits for its record, and shows the record."""
    if plant(bench)["refused"] == "accepted":
        return not_answered("this endpoint accepts the impossible network mode")
    record = record_of(bench, "refused")
    if not record:
        return not_answered(LATE)
    bench.note("record", record)
    return yes(f"errorCode is {record.get('errorCode')!r}, responseElements is {type(record.get('responseElements')).__name__}")
