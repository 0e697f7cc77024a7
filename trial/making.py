"""Creation of the trial's resources. The journal names each resource before the call that creates it."""

import json

from aws import Refused

# The most that one trial creates. `registration` counts the calls, because ECS refuses some of them.
LIMITS = {"registration": 60, "log-group": 6, "cluster": 2, "service": 2, "role": 1}
LABEL = "logweir-trial"
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
]}


class TooMany(Exception):
    """The trial tried to create more than it announced."""


class Maker:
    def __init__(self, account, journal):
        self.account, self.journal, self.run = account, journal, journal.run
        self.made = dict.fromkeys(LIMITS, 0)

    def name(self, suffix):
        name = f"{self.run}-{suffix}"
        assert self.journal.belongs(name), name
        return name

    def log_group(self, suffix):
        name = self.name(suffix)
        self._create("log-group", name, "logs", "CreateLogGroup", {"logGroupName": name})
        return name

    def cluster(self, suffix, **members):
        name = self.name(suffix)
        self._create("cluster", name, "ecs", "CreateCluster", {"clusterName": name, **members})
        return name

    def service(self, suffix, cluster, **members):
        """Creates a service that runs no task."""
        name = self.name(suffix)
        body = {"cluster": cluster, "serviceName": name, "desiredCount": 0, **members}
        self._create("service", name, "ecs", "CreateService", body, cluster=cluster)
        return name

    def role(self, suffix):
        """Creates an execution role without permissions. Returns its ARN."""
        name = self.name(suffix)
        body = {"RoleName": name, "AssumeRolePolicyDocument": json.dumps(TRUST)}
        return self._create("role", name, "iam", "CreateRole", body)["Role"]["Arn"]

    def revision(self, document, rewrite=str):
        """Registers a document in a family of this run. `rewrite` may change the JSON text that is sent. A label marks the
        registration, so that it can be recognized after a lost answer."""
        family = document["family"]
        assert self.journal.belongs(family), family
        mark = f"{self.run}-{self.made['registration'] + 1}"
        first, *rest = document["containerDefinitions"]
        first = first | {"dockerLabels": first.get("dockerLabels", {}) | {LABEL: mark}}
        text = rewrite(json.dumps(document | {"containerDefinitions": [first, *rest]}))

        def named(answer):
            return {"revision": answer["taskDefinition"]["taskDefinitionArn"]}

        return self._create("registration", family, "ecs", "RegisterTaskDefinition", text, named, mark=mark)

    def delete(self, revision):
        """Deletes a deregistered revision of this run. Returns the failures."""
        [entry] = [entry for entry in self.journal.entries if entry.detail.get("revision") == revision]
        failures = self.account.call("ecs", "DeleteTaskDefinitions", {"taskDefinitions": [revision]}).get("failures", [])
        if not failures:
            self.journal.change(entry, "removed")
        return failures

    def _create(self, kind, name, service, operation, body, learned=lambda answer: {}, **detail):
        if self.made[kind] == LIMITS[kind]:
            raise TooMany(f"the trial announced at most {LIMITS[kind]} of the kind {kind}")
        self.made[kind] += 1
        entry = self.journal.intend(kind, name, **detail)
        try:
            answer = self.account.call(service, operation, body)
        except Refused as refused:
            if refused.status < 500:  # after an error of the server, the call may have been carried out
                self.journal.change(entry, "refused")
            raise
        self.journal.change(entry, "created", **learned(answer))
        return answer
