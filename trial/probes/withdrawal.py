"""Probes: what becomes of a revision that is deregistered or deleted?"""

from probe import no, not_answered, other, probe, yes
from probes.documents import document
from probes.registration import described
from probes.visibility import listed


def withdrawn(bench, suffix):
    """Registers and deregisters a revision. Returns its ARN, or None."""
    registered = bench.registered("registered", document(bench, suffix))
    if not registered.accepted or bench.until("describable", lambda: described(bench, registered.revision)) is None:
        return None
    bench.ecs("DeregisterTaskDefinition", taskDefinition=registered.revision)
    return registered.revision


@probe("describe-inactive", "Does DescribeTaskDefinition show an INACTIVE revision that no task and no service uses?")
def describe_inactive(bench):
    """Registers and deregisters a revision, and describes it until its status is not ACTIVE."""
    revision = withdrawn(bench, "inactive")
    if not revision:
        return not_answered("ECS did not register and describe the revision")
    answers = []

    def not_active():
        answers.append(described(bench, revision))
        return not answers[-1] or answers[-1]["taskDefinition"]["status"] != "ACTIVE"

    if bench.until("not ACTIVE", not_active) is None:
        return other("ECS describes it as ACTIVE")
    if not answers[-1]:
        return no("ECS is unable to describe it")
    definition = answers[-1]["taskDefinition"]
    bench.note("status", definition["status"])
    bench.note("members", sorted(definition))
    return yes(f"its status is {definition['status']}")


@probe("deregister-twice", "How does ECS answer a second DeregisterTaskDefinition?")
def deregister_twice(bench):
    """Registers a revision and deregisters it two times."""
    revision = withdrawn(bench, "twice")
    if not revision:
        return not_answered("ECS did not register and describe the revision")
    again = bench.tried("the second time", lambda: bench.ecs("DeregisterTaskDefinition", taskDefinition=revision))
    return other("ECS accepts it" if again.accepted else f"ECS refuses it: {again.message}")


@probe("list-after-deregister", "Does ListTaskDefinitions drop a deregistered revision at once?")
def list_after_deregister(bench):
    """Registers two revisions and deregisters the newer one. Lists the ACTIVE revisions until it is gone, and the INACTIVE
    revisions until it is there."""
    family = bench.make.name("dropped")
    bench.registered("registered", document(bench, "dropped"))
    revision = withdrawn(bench, "dropped")
    if not revision:
        return not_answered("ECS did not register and describe the revision")
    lags = [
        bench.until("not listed as ACTIVE", lambda: revision not in listed(bench, family)),
        bench.until("listed as INACTIVE", lambda: revision in listed(bench, family, "INACTIVE")),
    ]
    if None in lags:
        return no("a list was still late after 30 s")
    text = f"not listed as ACTIVE after {lags[0]} s, then listed as INACTIVE after {lags[1]} s"
    return yes(text) if max(lags) < 0.5 else no(text)


@probe("deploy-inactive", "How does UpdateService answer for an INACTIVE revision?")
def deploy_inactive(bench):
    """Creates a service without tasks. Deregisters another revision of its family, and updates the service to that revision
    until ECS refuses it, for at most 60 seconds. Each accepted update is reverted."""
    good = bench.registered("registered", document(bench, "deployed"))
    if not good.accepted:
        return not_answered("ECS refused the registration")
    cluster = bench.cluster()
    service = bench.make.service("deployed", cluster, taskDefinition=good.revision, launchType="EC2")
    revision = withdrawn(bench, "deployed")
    if not revision:
        return not_answered("ECS did not register and describe the revision")
    last = []

    def refused():
        last[:] = [bench.tried("updated", lambda: update(bench, cluster, service, revision))]
        if last[0].accepted:
            update(bench, cluster, service, good.revision)
        return not last[0].accepted

    passed = bench.until("refused", refused, seconds=60, pause=10)
    if passed is None:
        return other("ECS still accepts it after 60 s")
    return other(f"after {passed} s, ECS refuses it: {last[0].message}")


def update(bench, cluster, service, revision):
    return bench.ecs("UpdateService", cluster=cluster, service=service, taskDefinition=revision)


@probe("describe-deleted", "Does DescribeTaskDefinition show a deleted revision?")
def describe_deleted(bench):
    """Registers, deregisters and deletes a revision, and describes it."""
    revision = withdrawn(bench, "deleted")
    if not revision:
        return not_answered("ECS did not register and describe the revision")
    failures = bench.make.delete(revision)
    if failures:
        bench.note("failures", failures)
        return not_answered("ECS did not delete it")
    answer = bench.tried("described", lambda: bench.ecs("DescribeTaskDefinition", taskDefinition=revision))
    if not answer.accepted:
        return no(f"ECS refuses it: {answer.message}")
    return yes(f"its status is {answer.answer['taskDefinition']['status']}")
