"""Probes: what do UpdateCluster, UpdateService and ListAccountSettings do with members that are not sent?"""

from probe import NOT_ANSWERABLE, Answer, no, not_answered, other, probe, yes
from probes.documents import fargate


@probe("update-cluster-merge", "Does UpdateCluster keep the members of `configuration` that are not sent?")
def update_cluster_merge(bench):
    """Creates a cluster that logs ECS Exec sessions to a log group. Sends parts of the configuration with UpdateCluster, and
    describes the cluster after each update. Sends the whole configuration before each part."""
    logging = {"cloudWatchLogGroupName": bench.log_group(), "cloudWatchEncryptionEnabled": False}
    whole = {"executeCommandConfiguration": {"logging": "OVERRIDE", "logConfiguration": logging}}
    cluster = bench.make.cluster("merge", configuration=whole)
    kept = {}
    for what, sent in [
        ("settings, without configuration", {"settings": [{"name": "containerInsights", "value": "disabled"}]}),
        ("an empty configuration", {"configuration": {}}),
        ("only managedStorageConfiguration", {"configuration": {"managedStorageConfiguration": {}}}),
        ("only logging DEFAULT", {"configuration": {"executeCommandConfiguration": {"logging": "DEFAULT"}}}),
    ]:
        bench.ecs("UpdateCluster", cluster=cluster, configuration=whole)
        updated = bench.tried(what, lambda: bench.ecs("UpdateCluster", cluster=cluster, **sent))
        exec_logging = configured(bench, cluster).get("executeCommandConfiguration", {}).get("logConfiguration")
        bench.note(f"the log group after {what}", exec_logging)
        kept[what] = "kept" if exec_logging else "lost"
        if not updated.accepted:
            kept[what] = "refused"
    text = "; ".join(f"{what}: {outcome}" for what, outcome in kept.items())
    outcomes = set(kept.values())
    return yes(text) if outcomes == {"kept"} else other(text)


def configured(bench, cluster):
    [found] = bench.ecs("DescribeClusters", clusters=[cluster], include=["CONFIGURATIONS"])["clusters"]
    return found.get("configuration", {})


@probe("platform-version", "Does UpdateService keep the platform version of a Fargate service when it is not sent?")
def platform_version(bench):
    """Creates a Fargate service without tasks with the platform version 1.4.0, in a subnet of the default VPC. Updates it to
    another revision, and reads its platform version."""
    subnets = bench.call("ec2", "DescribeSubnets", Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    if not subnets:
        return Answer(NOT_ANSWERABLE, "this Region has no default VPC, and the trial creates no network")
    revisions = [bench.registered("registered", fargate(bench, "platform")) for _ in range(2)]
    if not all(each.accepted for each in revisions):
        return not_answered("ECS refused the registration")
    network = {"awsvpcConfiguration": {"subnets": [subnets[0]["SubnetId"]]}}
    cluster = bench.cluster()
    service = bench.make.service(
        "platform", cluster, taskDefinition=revisions[0].revision,
        launchType="FARGATE", platformVersion="1.4.0", networkConfiguration=network)
    bench.ecs("UpdateService", cluster=cluster, service=service, taskDefinition=revisions[1].revision)
    [found] = bench.ecs("DescribeServices", cluster=cluster, services=[service])["services"]
    version = found.get("platformVersion")
    bench.note("after the update", version)
    return yes("it stays 1.4.0") if version == "1.4.0" else no(f"it becomes {version}")


@probe("default-log-driver-mode", "Does ListAccountSettings list `defaultLogDriverMode` if the account never set it?")
def default_log_driver_mode(bench):
    """Reads the setting with and without effective settings. The probe cannot know whether the account ever set it; the type
    of a listed setting tells."""
    effective, explicit = [
        bench.ecs("ListAccountSettings", name="defaultLogDriverMode", effectiveSettings=each)["settings"] for each in (True, False)
    ]
    bench.note("effective settings", effective)
    bench.note("settings that were set", explicit)
    if explicit:
        return other("the account, or this principal, has set it")
    if not effective:
        return no("the list of effective settings is empty")
    return yes(f"its value is {effective[0].get('value')!r}, its type is {effective[0].get('type')!r}")
