"""An emulated account for the trial, with a clock that needs no time. tests/with-emulators starts the emulators."""

import io
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "trial"))

import botocore.session  # noqa: E402

from aws import Account  # noqa: E402
from options import arguments  # noqa: E402
from run import Trial  # noqa: E402

REGION = "eu-west-1"
SCRATCH = tempfile.TemporaryDirectory()  # removed when the tests end
CREATIONS = {"logs:CreateLogGroup", "ecs:CreateCluster", "ecs:CreateService", "iam:CreateRole", "ecs:RegisterTaskDefinition"}


class Clock:
    """Each look at the clock is a hundredth of a second later than the one before."""

    def __init__(self):
        self.time = 0.0

    def now(self):
        self.time += 0.01
        return self.time

    def sleep(self, seconds):
        self.time += seconds


def account(number, url=None):
    """Returns an account. For ministack, an access key of twelve digits is the account."""
    os.environ["AWS_ENDPOINT_URL"] = url or os.environ["LOGWEIR_TEST_MINISTACK"]
    session = botocore.session.Session()
    session.set_credentials(number, "secret-of-the-tests")
    return Account(session, REGION, Clock())


class At:
    """Acts at one call: the n-th call of these operations, before it is sent or after its answer."""

    def __init__(self, number, moment, act, operations=None):
        self.left, self.moment, self.act, self.operations = number, moment, act, operations

    def __call__(self, operation, moment):
        if moment == self.moment and (self.operations is None or operation in self.operations):
            self.left -= 1
            if self.left == 0:
                self.act()


def interrupt():
    raise KeyboardInterrupt


def scratch():
    return pathlib.Path(tempfile.mkdtemp(dir=SCRATCH.name))


class Run:
    """A run of the trial in an account: its exit code, its report and what it said."""

    def __init__(self, account, *options, on_call=lambda operation, moment: None, ask=None, folder=None, err=None):
        self.folder = folder or scratch()
        self.out, self.err = io.StringIO(), err or io.StringIO()
        options = arguments([*options, "--folder", str(self.folder)])
        account.on_call = on_call
        trial = Trial(options, account, ask, self.out, self.err)
        self.name = trial.run_name
        try:
            self.code = trial.main()
        finally:
            account.on_call = lambda operation, moment: None

    @property
    def said(self):
        return self.err.getvalue()

    @property
    def report(self):
        return (self.folder / f"{self.name}.json").read_text()

    @property
    def journals(self):
        return list(self.folder.glob("*.journal"))


def left(account):
    """Returns everything with the trial's prefix that exists in the account, except deleted revisions and clusters."""
    clusters = account.call("ecs", "ListClusters")["clusterArns"]
    if clusters:
        described = account.call("ecs", "DescribeClusters", {"clusters": clusters})["clusters"]
        clusters = [each["clusterName"] for each in described if each["status"] != "INACTIVE"]
    revisions = [account.call("ecs", "ListTaskDefinitions", {"status": status}) for status in ("ACTIVE", "INACTIVE")]
    groups = account.call("logs", "DescribeLogGroups")["logGroups"]
    roles = account.call("iam", "ListRoles")["Roles"]
    names = [*clusters, *(arn for each in revisions for arn in each["taskDefinitionArns"])]
    names += [*(each["logGroupName"] for each in groups), *(each["RoleName"] for each in roles)]
    return [name for name in names if "logweir-trial-" in name]
