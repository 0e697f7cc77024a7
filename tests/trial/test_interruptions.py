"""Ctrl-C at each creation and at each probe, and the end of the process: afterwards nothing of the trial is left."""

import io
import os
import signal
import unittest

from emulated import CREATIONS, At, Run, account, interrupt, left, scratch
from aws import Refused
from journal import Journal
from making import Maker
from probe import PROBES
from removal import Removal

MOMENTS = "before", "after"


class Interrupted(unittest.TestCase):
    def test_at_each_creation_of_each_probe(self):
        aws = account("000000000161")
        reached = 0
        for probe in PROBES:
            options = "--yes", "--trail-minutes", "0", "--only", probe
            operations = []
            whole = Run(aws, *options, on_call=lambda operation, moment: operations.append((operation, moment)))
            self.assertEqual(whole.code, 0, whole.said)
            for moment in MOMENTS:
                creations = [operation for operation, when in operations if operation in CREATIONS and when == moment]
                for number in range(1, len(creations) + 1):
                    run = Run(aws, *options, on_call=At(number, moment, interrupt, CREATIONS))
                    # Every later run begins with the check that the account is empty.
                    self.assertEqual((run.code, run.journals), (130, []), f"{probe} {moment} {number}: {run.said}")
                    self.assertTrue('"ended": "interrupted"' in run.report)
                    reached += 1
        self.assertGreater(reached, 100)
        self.assertEqual(left(aws), [])

    def test_at_each_other_write_of_each_probe(self):
        aws = account("000000000173")
        reached = set()
        for probe in PROBES:
            options, err = ("--yes", "--trail-minutes", "0", "--only", probe), io.StringIO()
            operations = []

            def note(operation, moment, operations=operations, err=err):
                if "removing" not in err.getvalue():
                    operations.append((operation, moment))

            whole = Run(aws, *options, on_call=note, err=err)
            self.assertEqual(whole.code, 0, whole.said)
            writes = {operation for operation, _ in operations if operation not in CREATIONS and not is_read(operation)}
            for moment in MOMENTS:
                chosen = [operation for operation, when in operations if operation in writes and when == moment]
                for number in range(1, len(chosen) + 1):
                    run = Run(aws, *options, on_call=At(number, moment, interrupt, writes))
                    self.assertEqual((run.code, run.journals), (130, []), f"{probe} {moment} {number}: {run.said}")
                    self.assertTrue('"ended": "interrupted"' in run.report)
            reached |= writes
        self.assertLessEqual({"ecs:DeregisterTaskDefinition", "ecs:UpdateService", "logs:PutRetentionPolicy"}, reached)
        self.assertEqual(left(aws), [])

    def test_before_the_first_call_of_each_probe(self):
        aws = account("000000000162")
        for probe in PROBES.values():
            def ask(question, probe=probe):
                probe.function, function = interrupt_probe, probe.function
                restored.append((probe, function))
                return "yes"

            restored = []
            run = Run(aws, "--trail-minutes", "0", "--only", probe.name, ask=ask)
            for each, function in restored:
                each.function = function
            self.assertEqual((run.code, run.journals), (130, []), f"{probe.name}: {run.said}")
        self.assertEqual(left(aws), [])

    def test_by_the_signals_of_a_terminal(self):
        aws = account("000000000163")
        before = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, lambda number, frame: interrupt())
        try:
            for number in signal.SIGINT, signal.SIGTERM:
                def send(number=number):
                    os.kill(os.getpid(), number)

                run = Run(aws, "--yes", "--only", "defaulted-mode", on_call=At(1, "after", send, {"ecs:RegisterTaskDefinition"}))
                self.assertEqual((run.code, run.journals, left(aws)), (130, [], []))
        finally:
            signal.signal(signal.SIGTERM, before)


def interrupt_probe(bench):
    """Is interrupted at once."""
    raise KeyboardInterrupt


def is_read(operation):
    return operation.partition(":")[2].startswith(("Describe", "Get", "List", "Lookup"))


class Removing(unittest.TestCase):
    """A trial with one resource of each kind, and with a creation of each kind that had no answer."""

    def setUp(self):
        self.folder = scratch()

    def made(self, aws, run, lost=None):
        journal = Journal.begin(self.folder, run, aws.identity()["account"], aws.region)
        make = Maker(aws, journal)
        document = {"family": f"{run}-app", "containerDefinitions": [{"name": "app", "image": "busybox", "memory": 64}]}

        def create():
            revision = make.revision(document)["taskDefinition"]["taskDefinitionArn"]
            cluster = make.cluster("all")
            make.service("all", cluster, taskDefinition=revision, launchType="EC2")
            make.log_group("all")
            make.role("all")

        if lost:
            aws.on_call = At(1, lost[1], interrupt, {lost[0]})
            self.assertRaises(KeyboardInterrupt, create)
            aws.on_call = lambda operation, moment: None
        else:
            create()
        return journal

    def test_one_interruption_does_not_stop_it_and_after_two_the_clean_up_ends_it(self):
        aws = account("000000000164")
        operations = []
        counted = self.made(aws, name(1))
        aws.on_call = lambda operation, moment: operations.append(operation) if moment == "before" else None
        Removal(aws, counted, quiet).run()
        aws.on_call = lambda operation, moment: None
        self.assertGreater(len(operations), 7)
        for moment in MOMENTS:
            for number in range(1, len(operations) + 1):
                journal = self.made(aws, name(2 * number))
                aws.on_call = At(number, moment, interrupt)
                self.assertEqual(Removal(aws, journal, quiet).run(), [], (moment, number))
                aws.on_call = lambda operation, moment: None
                self.assertFalse(journal.path.exists())

                journal = self.made(aws, name(2 * number + 1))
                aws.on_call = Twice(number, moment)
                with self.assertRaises(KeyboardInterrupt):
                    Removal(aws, journal, quiet).run()
                aws.on_call = lambda operation, moment: None
                cleaned = Run(aws, "--clean-up", "--yes", folder=self.folder)
                self.assertEqual((cleaned.code, cleaned.journals), (0, []), (moment, number, cleaned.said))
        self.assertEqual(left(aws), [])

    def test_the_clean_up_removes_what_a_killed_trial_left(self):
        aws = account("000000000165")
        for moment in MOMENTS:
            for operation in sorted(CREATIONS):
                child = os.fork()
                if child == 0:
                    try:
                        self.made_until_killed(aws, (operation, moment))
                    finally:
                        os._exit(1)
                self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 9)
                cleaned = Run(aws, "--clean-up", "--yes", folder=self.folder)
                self.assertEqual((cleaned.code, cleaned.journals, left(aws)), (0, [], []), (operation, moment, cleaned.said))

    def made_until_killed(self, aws, lost):
        aws.http = type(aws.http)()  # a connection of its own
        aws.clients.clear()
        aws.on_call = At(1, lost[1], lambda: os._exit(9), {lost[0]})
        self.made(aws, name(7))

    def test_the_clean_up_leaves_other_accounts_and_asks(self):
        aws, other = account("000000000166"), account("000000000167")
        self.made(aws, name(8))
        self.assertEqual(Run(other, "--clean-up", "--yes", folder=self.folder).code, 0)
        unasked = Run(aws, "--clean-up", folder=self.folder)
        refused = Run(aws, "--clean-up", ask=lambda question: "no", folder=self.folder)
        self.assertEqual((unasked.code, refused.code, len(left(aws))), (64, 0, 4))
        self.assertEqual(Run(aws, "--clean-up", "--yes", folder=self.folder).code, 0)
        self.assertEqual(left(aws), [])

    def test_only_names_of_its_run_are_removed_whatever_the_journal_says(self):
        aws = account("000000000168")
        aws.call("logs", "CreateLogGroup", {"logGroupName": "prod"})
        aws.call("ecs", "RegisterTaskDefinition", {"family": "web", "containerDefinitions": [{"name": "app", "image": "busybox"}]})
        [web] = aws.call("ecs", "ListTaskDefinitions")["taskDefinitionArns"]
        run = name(9)
        journal = Journal.begin(self.folder, run, aws.identity()["account"], aws.region)
        journal.change(journal.intend("log-group", "prod"), "created")
        journal.change(journal.intend("log-group", f"{run}x-all"), "created")
        journal.change(journal.intend("registration", f"{run}-app", mark="any"), "created", revision=web)
        journal.change(journal.intend("service", f"{run}-all", cluster="prod"), "created")
        cleaned = Run(aws, "--clean-up", "--yes", folder=self.folder)
        self.assertEqual((cleaned.code, cleaned.said.count("not removed: ")), (1, 4))
        self.assertEqual(len(aws.call("logs", "DescribeLogGroups")["logGroups"]), 1)
        self.assertEqual(aws.call("ecs", "ListTaskDefinitions")["taskDefinitionArns"], [web])

    def test_nothing_stops_the_removal_of_everything_else(self):
        aws = account("000000000172")
        self.made(aws, name(70))
        send = aws._send

        def broken(service, operation, body):
            if operation == "DeleteService":
                raise RuntimeError("a fault of the program")
            return send(service, operation, body)

        (self.folder / f"{name(69)}.journal").write_text("no journal\n")
        aws._send = broken
        cleaned = Run(aws, "--clean-up", "--yes", folder=self.folder, err=Closed())
        aws._send = send
        self.assertEqual((cleaned.code, len(left(aws))), (1, 0))
        self.assertEqual([each.detail.get("cluster") for each in Journal.read(self.folder / f"{name(70)}.journal").open()], [f"{name(70)}-all"])

    def test_a_revision_without_the_label_is_not_taken_for_a_registration_without_an_answer(self):
        aws = account("000000000170")
        run = name(11)

        def other_principal():
            aws.on_call = lambda operation, moment: None
            other = {"family": f"{run}-app", "containerDefinitions": [{"name": "app", "image": "busybox"}]}
            aws.call("ecs", "RegisterTaskDefinition", other)
            raise KeyboardInterrupt

        journal = Journal.begin(self.folder, run, aws.identity()["account"], aws.region)
        document = {"family": f"{run}-app", "containerDefinitions": [{"name": "app", "image": "busybox", "memory": 64}]}
        aws.on_call = At(1, "before", other_principal)
        self.assertRaises(KeyboardInterrupt, Maker(aws, journal).revision, document)
        [remains] = Removal(aws, journal, quiet).run()
        self.assertEqual(aws.call("ecs", "ListTaskDefinitions")["taskDefinitionArns"], [remains.what])

    def test_a_resource_whose_creation_had_no_answer_is_removed_when_it_appears_late(self):
        aws = account("000000000171")
        send = aws._send
        for lost, hidden in [("logs:CreateLogGroup", "DeleteLogGroup"), ("ecs:RegisterTaskDefinition", "ListTaskDefinitions")]:
            journal = self.made(aws, name(12 + len(lost)), (lost, "after"))
            late = iter(range(3))

            def lagging(service, operation, body, hidden=hidden, late=late):
                if operation == hidden and next(late, None) is not None:
                    if operation == "ListTaskDefinitions":
                        return {"taskDefinitionArns": []}
                    raise Refused(service, operation, "ResourceNotFoundException", "")
                return send(service, operation, body)

            aws._send = lagging
            self.assertEqual(Removal(aws, journal, quiet).run(), [])
            aws._send = send
            self.assertEqual(left(aws), [], lost)

    def test_what_cannot_be_removed_is_named_with_its_command(self):
        aws = account("000000000169")
        self.made(aws, name(10))
        send = aws._send

        def denied(service, operation, body):
            if operation in ("DeleteLogGroup", "DeleteTaskDefinitions"):
                raise Refused(service, operation, "AccessDeniedException", "not authorized")
            return send(service, operation, body)

        aws._send = denied
        cleaned = Run(aws, "--clean-up", "--yes", folder=self.folder)
        self.assertEqual((cleaned.code, len(cleaned.journals)), (1, 1))
        self.assertIn(f"aws logs delete-log-group --log-group-name {name(10)}-all --region eu-west-1", cleaned.said)
        self.assertIn(f"aws ecs delete-task-definitions --task-definitions {name(10)}-app:1 --region eu-west-1", cleaned.said)
        aws._send = send
        self.assertEqual(Run(aws, "--clean-up", "--yes", folder=self.folder).code, 0)
        self.assertEqual(left(aws), [])


class Closed:
    """A terminal that was closed."""

    def write(self, text):
        raise OSError(5, "Input/output error")

    def flush(self):
        pass


class Twice:
    """Interrupts at one call, and at the next call again."""

    def __init__(self, number, moment):
        self.left, self.moment = number, moment

    def __call__(self, operation, moment):
        if moment == self.moment:
            self.left -= 1
            if self.left <= 0:
                raise KeyboardInterrupt


def name(number):
    return f"logweir-trial-{number:012}"


def quiet(*lines):
    pass


if __name__ == "__main__":
    unittest.main()
