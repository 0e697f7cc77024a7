"""The logging of ECS Exec: a cluster without it is corrected by its event, its sessions are watched, and the correction is
backed out."""

import account
import events
import sessions
import stack as sam
from telling import as_printed, deliver, must, step

GROUP = "/ecs/exec/prod"


def log_sessions(logweir, pipeline, history):
    """Continues with the deployed stack and the cluster `prod`."""
    step("A pipeline switches the session logs of a cluster off, and Logweir switches them on")
    stack = sam.deploy(Exec="correct", ExecSessions="true")
    before = {"executeCommandConfiguration": {"logging": "NONE", "kmsKeyId": "alias/exec"}}
    request = {"cluster": "prod", "configuration": before}
    cluster = account.ecs("UpdateCluster", **request)["cluster"]
    report = deliver(stack, events.configured(request, cluster, pipeline))
    must(report["outcome"] == "remediated", "the function reports: remediated")
    wanted = {"logging": "OVERRIDE", "kmsKeyId": "alias/exec", "logConfiguration": {"cloudWatchLogGroupName": GROUP}}
    must(configuration() == {"executeCommandConfiguration": wanted}, "sessions go to a log group, and the key is unchanged")
    must(account.retention(GROUP) == 90, f"log group {GROUP} has a retention of 90 days")

    sessions.watch(logweir, stack, GROUP, history)

    step("Back out the correction of the cluster, with the command in the report")
    back = as_printed(logweir, report["backout"])
    must(back["outcome"] == "backed-out", "the function reports: backed out")
    must(configuration() == before, "the cluster has its former configuration")
    must(account.retention(GROUP) == 90, "the log group is kept, because it may hold log data")


def configuration():
    """Returns the configuration of the cluster `prod`."""
    [cluster] = account.ecs("DescribeClusters", clusters=["prod"], include=["CONFIGURATIONS"])["clusters"]
    return cluster["configuration"]
