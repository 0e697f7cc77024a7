"""Probes: which log configurations does RegisterTaskDefinition accept?"""

from aws import Refused
from probe import no, not_answered, other, probe, yes
from probes.documents import awslogs, container, document, fargate, options_of

LOST = "accepted, but the new revision does not have it"


def without_role(bench, suffix, members):
    plain = bench.registered("without a log configuration", document(bench, suffix, **members))
    if not plain.accepted:
        return not_answered(f"ECS refuses the document also without a log configuration: {plain.message}")
    logging = bench.registered("with awslogs, without an execution role", document(bench, suffix, awslogs(bench), **members))
    if logging.accepted:
        return no("ECS accepts awslogs without an execution role")
    if "execution role" in logging.message.lower():
        return yes(f"ECS refuses it: {logging.message}")
    return other(f"ECS refuses it for another reason: {logging.message}")


@probe("awslogs-without-role-external", "Does ECS refuse awslogs without an execution role for the launch type EXTERNAL?")
def on_external(bench):
    """Registers a revision for EXTERNAL without a log configuration, and one with awslogs. Neither has an execution role."""
    return without_role(bench, "external", {"requiresCompatibilities": ["EXTERNAL"]})


@probe("awslogs-without-role-managed-instances",
       "Does ECS refuse awslogs without an execution role for the launch type MANAGED_INSTANCES?")
def on_managed_instances(bench):
    """Registers a revision for MANAGED_INSTANCES without a log configuration, and one with awslogs. Neither has an execution
    role."""
    size = {"networkMode": "awsvpc", "cpu": "256", "memory": "512"}
    return without_role(bench, "managed", {"requiresCompatibilities": ["MANAGED_INSTANCES"], **size})


@probe("awslogs-without-role-fargate", "Does ECS refuse awslogs without an execution role for the launch type FARGATE?")
def on_fargate(bench):
    """Registers a revision for FARGATE without a log configuration, and one with awslogs. Neither has an execution role."""
    size = {"networkMode": "awsvpc", "cpu": "256", "memory": "512"}
    return without_role(bench, "fargate", {"requiresCompatibilities": ["FARGATE"], **size})


@probe("stream-prefix-on-fargate", "Does ECS refuse awslogs without a stream prefix for the launch type FARGATE?", needs=["role"])
def stream_prefix(bench):
    """Registers a revision for FARGATE with an execution role, with awslogs and with no `awslogs-stream-prefix`."""
    role = bench.role()
    bare = fargate(bench, "prefix", awslogs(bench, **{"awslogs-stream-prefix": None}), executionRoleArn=role)
    registered = bench.registered("without a stream prefix", bare)
    # A new role is not known everywhere at once.
    for _ in range(10):
        if registered.accepted or "role is not valid" not in registered.message.lower():
            break
        bench.clock.sleep(3)
        registered = bench.registered("once more, because the role is new", bare)
    if registered.accepted:
        return no("ECS accepts it")
    said = yes if "awslogs-stream-prefix" in registered.message else other
    return said(f"ECS refuses it: {registered.message}")


SIZES = ["25m", "25M", "25mb", "25 m", "1g", "0", "-1", "much"]


@probe("buffer-size-syntax", "Does ECS check the syntax of `max-buffer-size`?")
def buffer_size_syntax(bench):
    """Registers a revision in mode non-blocking for each of several spellings of `max-buffer-size`, right and wrong ones."""
    accepted, refused = [], []
    for size in SIZES:
        buffer = {"mode": "non-blocking", "max-buffer-size": size}
        registered = bench.registered(f"max-buffer-size {size!r}", document(bench, "buffer", awslogs(bench, **buffer)))
        (accepted if registered.accepted else refused).append(repr(size))
    if not refused:
        return no("ECS accepts every spelling, also a word")
    said = yes if "'25m'" in accepted else other
    return said(f"accepted: {', '.join(accepted) or 'none'}; refused: {', '.join(refused)}")


@probe("buffer-size-with-blocking", "Does ECS refuse `max-buffer-size` together with the mode `blocking`?")
def buffer_size_with_blocking(bench):
    """Registers a revision with awslogs, the mode blocking and a `max-buffer-size`."""
    both = {"mode": "blocking", "max-buffer-size": "25m"}
    registered = bench.registered("blocking and a size", document(bench, "blocking", awslogs(bench, **both)))
    return no("ECS accepts it") if registered.accepted else yes(f"ECS refuses it: {registered.message}")


@probe("buffer-size-on-awsfirelens", "Does ECS accept `mode` and `max-buffer-size` for the driver awsfirelens?")
def buffer_size_on_awsfirelens(bench):
    """Registers a revision with a FireLens router and a container with the driver awsfirelens and these two options."""
    options = {"Name": "null", "mode": "non-blocking", "max-buffer-size": "25m"}
    routed = container(logConfiguration={"logDriver": "awsfirelens", "options": options})
    router = container("router", firelensConfiguration={"type": "fluentbit"})
    registered = bench.registered("both options", document(bench, "firelens", routed, router))
    if not registered.accepted:
        return no(f"ECS refuses it: {registered.message}")
    kept = options_of(registered.answer["taskDefinition"])
    bench.note("the options of the new revision", kept)
    return yes("ECS accepts and keeps both") if kept == options else other(LOST)


@probe("unknown-mode", "Does ECS refuse a `mode` that is neither `blocking` nor `non-blocking`?")
def unknown_mode(bench):
    """Registers a revision with awslogs and the mode `sometimes`."""
    registered = bench.registered("mode sometimes", document(bench, "mode", awslogs(bench, mode="sometimes")))
    return no("ECS accepts it") if registered.accepted else yes(f"ECS refuses it: {registered.message}")


@probe("defaulted-mode", "Does ECS ever show a `mode` that was not sent?")
def defaulted_mode(bench):
    """Registers a revision with awslogs and without `mode` and `max-buffer-size`. Compares the options in the answer of
    RegisterTaskDefinition, and in DescribeTaskDefinition, with the options that were sent."""
    sent = document(bench, "defaulted", awslogs(bench))
    registered = bench.registered("without a mode", sent)
    if not registered.accepted:
        return not_answered(f"ECS refuses the revision: {registered.message}")
    bench.until("describable", lambda: described(bench, registered.revision))
    answers = [registered.answer, bench.ecs("DescribeTaskDefinition", taskDefinition=registered.revision)]
    shown = [answer["taskDefinition"] for answer in answers]
    added = sorted({name for each in shown for name in options_of(each)} - set(options_of(sent)))
    bench.note("options that were not sent", added)
    if "mode" in added:
        return yes(f"the new revision has the mode {options_of(shown[-1]).get('mode')!r}")
    return other(f"no mode, but ECS added {', '.join(added)}") if added else no("the options are exactly those that were sent")


def described(bench, revision):
    """Returns the revision, or None while ECS cannot describe it."""
    try:
        return bench.ecs("DescribeTaskDefinition", taskDefinition=revision, include=["TAGS"])
    except Refused as refused:
        if "unable to describe" in refused.message.lower():
            return None
        raise
