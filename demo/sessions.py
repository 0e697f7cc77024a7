"""The sessions of ECS Exec: Logweir names the person of a session, and finds a session without a transcript."""

import time

import boto3

import account
import events
from telling import SECRET, deliver, must, run, step

ALICE, BOB = "alice", "bob"


def watch(logweir, stack, group, history):
    """Continues with the deployed stack and the cluster `prod`, whose sessions go to the log group."""
    queue = stack["WorkQueue"]
    inbox = account.subscribe(stack["Topic"])

    step("A person opens a session in a container, and Logweir names the person and the place of the transcript")
    # The event is old, so that the time for the transcript is over in the next chapter.
    unlogged = events.executed("prod", ALICE, f"/bin/sh -c 'PGPASSWORD={SECRET} psql'", minutes_ago=40)
    report = deliver(stack, unlogged, returns=True)
    must((report["outcome"], report["reason"]) == ("reported", "session-opened"), "the function reports: session opened")
    [opened] = account.received(inbox)
    must(f"Person: `{ALICE}` (proven, by permission-set)" in opened, f"one notification names {ALICE}")
    must(f"Transcript: `{group}`" in opened, f"the notification says that the transcript goes to {group}")
    must(SECRET not in opened, "the notification contains no argument of the command")
    must(account.waits(queue, "Delayed") == 1, "the event returns to the function in 15 minutes")

    step("The session ends without a transcript, and Logweir reports this once")
    history.add(unlogged, minutes=10)
    # The same event replaces the delayed message, for which the demo would have to wait.
    boto3.client("sqs").purge_queue(QueueUrl=queue)
    report = deliver(stack, unlogged)
    must((report["outcome"], report["reason"]) == ("reported", "session-unlogged"), "the function reports: session unlogged")
    [missing] = account.received(inbox)
    must(ALICE in missing and "no log stream of the session" in missing, f"one notification names {ALICE} and the reason")
    must(deliver(stack, unlogged)["reason"] == "duplicate", "the function recognizes a duplicate")
    must(account.received(inbox) == [], "there is no further notification")

    step("An operator asks who opened the sessions of the last hour, and which of them have a transcript")
    logged = events.executed("prod", BOB, "/bin/sh", minutes_ago=30)
    history.add(logged, minutes=10)
    put_transcript(group, session(logged))
    said = run(logweir, "exec", "sessions", "--since", "1h", "--endpoint-url", history.url, code=1)
    must(verdict(said, ALICE) == "unlogged", f"the session of {ALICE} is unlogged")
    must(verdict(said, BOB) == "logged", f"the session of {BOB} is logged")
    must(f"unlogged: {session(unlogged)}" in said, "the output names the session without a transcript")


def session(event):
    return event["detail"]["responseElements"]["session"]["sessionId"]


def verdict(said, person):
    """Returns the verdict in the row of a person."""
    [row] = [line.split() for line in said.splitlines() if person in line]
    return row[0]


def put_transcript(group, name):
    """Writes a log stream with the name of a session, as ECS does after the session."""
    logs = boto3.client("logs")
    logs.create_log_stream(logGroupName=group, logStreamName=name)
    event = {"timestamp": int(time.time() * 1000), "message": "Script started"}
    logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=[event])
