"""Probes: how soon after a registration do the reads show it?"""

from probe import no, not_answered, other, probe, yes
from probes.documents import document
from probes.registration import described

TIMES = 3


def at_once(lags, what):
    """Judges the lags of several registrations. A call and its answer take a part of a second."""
    if None in lags:
        return no(f"{what} did not show it within 30 s in {lags.count(None)} of {len(lags)} cases")
    text = f"{what} showed it after {', '.join(map(str, lags))} s"
    return yes(text) if max(lags) < 0.5 else no(text)


def registrations(bench, suffix, shown):
    """Registers revisions one after the other, and measures when each is shown."""
    lags = []
    for _ in range(TIMES):
        registered = bench.registered("registered", document(bench, suffix, tags=[{"key": "trial", "value": "yes"}]))
        if not registered.accepted:
            return None
        lags.append(bench.until("shown", lambda: shown(registered.revision)))
    return lags


def listed(bench, family, status="ACTIVE"):
    return bench.ecs("ListTaskDefinitions", familyPrefix=family, status=status, sort="DESC")["taskDefinitionArns"]


@probe("describe-after-register", "Does DescribeTaskDefinition show a new revision at once?")
def describe_after_register(bench):
    """Registers three revisions. Describes each by its ARN until ECS can describe it."""
    lags = registrations(bench, "describe", lambda revision: described(bench, revision))
    return at_once(lags, "DescribeTaskDefinition") if lags else not_answered("ECS refused the registration")


@probe("tags-after-register", "Does DescribeTaskDefinition show the tags of a new revision at once?")
def tags_after_register(bench):
    """Registers three revisions with a tag. Describes each until the answer has the tag."""
    lags = registrations(bench, "tagged", lambda revision: (described(bench, revision) or {}).get("tags"))
    return at_once(lags, "DescribeTaskDefinition") if lags else not_answered("ECS refused the registration")


@probe("list-after-register", "Does ListTaskDefinitions list a new revision at once?")
def list_after_register(bench):
    """Registers three revisions. Lists the ACTIVE revisions of the family until the new revision is in the list."""
    family = bench.make.name("listed")
    lags = registrations(bench, "listed", lambda revision: revision in listed(bench, family))
    return at_once(lags, "ListTaskDefinitions") if lags else not_answered("ECS refused the registration")


@probe("family-after-register", "Does the name of a family select a new revision at once?")
def family_after_register(bench):
    """Registers three revisions. Describes the family by its name until the answer is the new revision."""
    family = bench.make.name("named")

    def shown(revision):
        newest = described(bench, family)
        return newest and newest["taskDefinition"]["taskDefinitionArn"] == revision

    lags = registrations(bench, "named", shown)
    return at_once(lags, "DescribeTaskDefinition") if lags else not_answered("ECS refused the registration")


@probe("registered-by", "Is `registeredBy` the ARN that GetCallerIdentity returns?")
def registered_by(bench):
    """Registers a revision, and compares `registeredBy` in DescribeTaskDefinition with the caller's ARN."""
    registered = bench.registered("registered", document(bench, "registrar"))
    if not registered.accepted:
        return not_answered("ECS refused the registration")
    bench.until("describable", lambda: described(bench, registered.revision))
    definition = bench.ecs("DescribeTaskDefinition", taskDefinition=registered.revision)["taskDefinition"]
    bench.note("members that ECS adds", sorted(set(definition) - set(document(bench, "registrar"))))
    registrar, caller = definition.get("registeredBy"), bench.account.identity()["arn"]
    if registrar is None:
        return other("the new revision has no registeredBy")
    if registrar == caller:
        return yes("both are equal")
    return no(f"registeredBy has the form {form(registrar)}, the caller's ARN has the form {form(caller)}")


def form(arn):
    """Returns the parts of an ARN that say what kind of principal it names."""
    parts = arn.split(":")
    return f"{parts[2]} {parts[5].split('/')[0]}" if len(parts) > 5 else "of no ARN"


@probe("families-order", "In which order does ListTaskDefinitionFamilies list the families?")
def families_order(bench):
    """Registers one revision in each of three families, in an order that is not that of their names. Lists the families with
    the prefix of this trial."""
    suffixes = ["order-c", "order-a", "order-b"]
    if not all(bench.registered(suffix, document(bench, suffix)).accepted for suffix in suffixes):
        return not_answered("ECS refused the registration")
    names = [bench.make.name(suffix) for suffix in suffixes]
    families = []

    def all_listed():
        families[:] = bench.ecs("ListTaskDefinitionFamilies", familyPrefix=bench.make.name("order"), status="ACTIVE")["families"]
        return set(names) <= set(families)

    if bench.until("all three listed", all_listed) is None:
        return not_answered("the list did not name all three families")
    families = [family for family in families if family in names]
    bench.note("listed", families)
    orders = {"by name": sorted(names), "in the order of their registration": names, "the newest first": names[::-1]}
    return other(next((order for order, expected in orders.items() if families == expected), "in no order that the probe knows"))
