"""Removal of the trial's resources: only what the journal names, and only names with the prefix of its run."""

from aws import Refused, Unanswered
from making import LABEL

# A service must go before its cluster, and a revision can be deleted only after its services.
ORDER = ["service", "cluster", "registration", "role", "log-group"]
GONE = {
    "ClusterNotFoundException", "ServiceNotFoundException", "ServiceNotActiveException",
    "ResourceNotFoundException", "NoSuchEntity", "NoSuchEntityException",
}
PASSING = {"ClusterContainsServicesException", "ClusterContainsTasksException", "UpdateInProgressException",
           "ConcurrentModification", "OperationAbortedException", "ServiceUnavailableException"}
PATIENCE = 60  # seconds, for a refusal that passes and for a resource whose creation had no answer
DELETED_AT_ONCE = 10  # DeleteTaskDefinitions accepts at most ten revisions


class Remains:
    """Something that was not removed, the reason, and the commands that remove it."""

    def __init__(self, what, why, commands):
        self.what, self.why, self.commands = what, why, commands


class Removal:
    def __init__(self, account, journal, say):
        self.account, self.journal, self.say = account, journal, say
        self.remains, self.deregistered, self.interrupted = [], [], False

    def run(self):
        """Removes everything, and returns what remains. The first interruption does not stop the removal, the second does."""
        for entry in sorted(self.journal.open(), key=lambda entry: ORDER.index(entry.kind)):
            self._kept_on(self._remove, entry)
        for start in range(0, len(self.deregistered), DELETED_AT_ONCE):
            self._kept_on(self._delete, self.deregistered[start:start + DELETED_AT_ONCE])
        for family in sorted({entry.name for entry in self.journal.entries if entry.kind == "registration"}):
            self._kept_on(self._report_revisions_of_others, family)
        if not self.remains:
            self.journal.end()
        return self.remains

    def _kept_on(self, act, on):
        try:
            act(on)
        except KeyboardInterrupt:
            if self.interrupted:
                raise
            self.interrupted = True
            self.say("the removal continues; a second interruption stops it")
            act(on)

    def _remove(self, entry):
        if not self.journal.owns(entry):
            self.remains.append(Remains(repr(entry), "its name does not have the prefix of this trial", []))
            return
        self.say(f"removing {entry}")
        try:
            getattr(self, "_remove_" + entry.kind.replace("-", "_"))(entry)
            if entry.kind != "registration":
                self.journal.change(entry, "removed")
        except Exception as error:  # after any error, everything else must be removed
            why = f"{error.code}: {error.message}" if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
            self.remains.append(Remains(repr(entry), why, self.commands(entry)))

    def _remove_service(self, entry):
        body = {"cluster": entry.detail["cluster"], "service": entry.name, "force": True}
        self._call_until_gone(entry, "ecs", "DeleteService", body)

    def _remove_cluster(self, entry):
        self._call_until_gone(entry, "ecs", "DeleteCluster", {"cluster": entry.name})

    def _remove_role(self, entry):
        self._call_until_gone(entry, "iam", "DeleteRole", {"RoleName": entry.name})

    def _remove_log_group(self, entry):
        self._call_until_gone(entry, "logs", "DeleteLogGroup", {"logGroupName": entry.name})

    def _call_until_gone(self, entry, service, operation, body):
        """Deletes a resource. The deletion of a resource whose creation had no answer is repeated until the resource
        appears, or for PATIENCE seconds."""
        end = self.account.clock.now() + PATIENCE
        while True:
            try:
                self.account.call(service, operation, body)
                return
            except Refused as refused:
                again = refused.code in PASSING or refused.code in GONE and entry.state == "intended"
                if not again or self.account.clock.now() > end:
                    if refused.code in GONE:
                        return
                    raise
            self.account.clock.sleep(5)

    def _remove_registration(self, entry):
        revision = entry.detail.get("revision") or self._find(entry)
        if not revision:
            self.journal.change(entry, "removed")
            return
        entry.detail["revision"] = revision
        status = self._status(revision, entry.name)
        if status == "DELETE_IN_PROGRESS":
            self.journal.change(entry, "removed")
            return
        if status == "ACTIVE":
            self.account.call("ecs", "DeregisterTaskDefinition", {"taskDefinition": revision})
        if entry not in self.deregistered:
            self.deregistered.append(entry)

    def _find(self, entry):
        """Looks for the revision of a registration that had no answer, by its label and among the revisions that the
        journal does not know. A copy by another principal has a higher number than the revision itself."""
        known = {other.detail.get("revision") for other in self.journal.entries}
        end = self.account.clock.now() + PATIENCE
        while True:
            for revision in sorted(set(self._revisions(entry.name)) - known, key=number):
                described = self.account.call("ecs", "DescribeTaskDefinition", {"taskDefinition": revision})
                labels = described["taskDefinition"]["containerDefinitions"][0].get("dockerLabels", {})
                if labels.get(LABEL) == entry.detail["mark"]:
                    return revision
            if self.account.clock.now() > end:
                return None
            self.account.clock.sleep(5)

    def _revisions(self, family, status="ACTIVE"):
        body = {"familyPrefix": family, "status": status}
        arns = self.account.call("ecs", "ListTaskDefinitions", body)["taskDefinitionArns"]
        return [arn for arn in arns if f":task-definition/{family}:" in arn]  # the emulators treat the family as a prefix

    def _status(self, revision, family):
        """Returns the status of a revision. A read may lag behind the registration; a deleted revision may not be describable."""
        end = self.account.clock.now() + PATIENCE
        while True:
            try:
                answer = self.account.call("ecs", "DescribeTaskDefinition", {"taskDefinition": revision})
                return answer["taskDefinition"]["status"]
            except Refused:
                if self.account.clock.now() > end:
                    for status in "ACTIVE", "INACTIVE":
                        if revision in self._revisions(family, status):
                            return status
                    return "DELETE_IN_PROGRESS"
            self.account.clock.sleep(5)

    def _delete(self, entries):
        revisions = {entry.detail["revision"]: entry for entry in entries if entry.state != "removed"}
        if not revisions:
            return
        self.say(f"deleting {len(revisions)} deregistered revisions")
        try:
            answer = self.account.call("ecs", "DeleteTaskDefinitions", {"taskDefinitions": list(revisions)})
            failed = {each.get("arn"): each.get("reason", "") for each in answer.get("failures", [])}
        except (Refused, Unanswered) as error:
            failed = dict.fromkeys(revisions, str(error))
        for revision, entry in revisions.items():
            if revision in failed:
                self.remains.append(Remains(repr(entry), failed[revision], self.commands(entry)))
            else:
                self.journal.change(entry, "removed")

    def _report_revisions_of_others(self, family):
        try:
            known = {entry.detail.get("revision") for entry in self.journal.entries}
            for revision in sorted(set(self._revisions(family)) - known, key=number):
                why = "another principal registered it, so the trial does not remove it"
                self.remains.append(Remains(revision, why, self._commands_of_revision(revision)))
        except (Refused, Unanswered):
            pass  # each revision of the trial itself was removed or is reported already

    def commands(self, entry):
        """Returns the commands of the AWS CLI that remove this resource."""
        if entry.kind == "registration":
            revision = entry.detail.get("revision")
            listed = f"aws ecs list-task-definitions --family-prefix {entry.name} --region {self.account.region}"
            return self._commands_of_revision(revision) if revision else [listed]
        command = {
            "service": f"ecs delete-service --cluster {entry.detail.get('cluster')} --service {entry.name} --force",
            "cluster": f"ecs delete-cluster --cluster {entry.name}",
            "role": f"iam delete-role --role-name {entry.name}",
            "log-group": f"logs delete-log-group --log-group-name {entry.name}",
        }[entry.kind]
        return [f"aws {command} --region {self.account.region}"]

    def _commands_of_revision(self, revision):
        name = revision.rpartition("/")[2]
        return [
            f"aws ecs deregister-task-definition --task-definition {name} --region {self.account.region}",
            f"aws ecs delete-task-definitions --task-definitions {name} --region {self.account.region}",
        ]


def number(revision):
    return int(revision.rpartition(":")[2])
