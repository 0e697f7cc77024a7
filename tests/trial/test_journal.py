"""The journal names a resource before it can exist, and survives a crash at any byte."""

import json
import unittest

from emulated import scratch
from aws import Refused, Unanswered
from journal import Journal, Unreadable
from making import LIMITS, Maker, TooMany

RUN = "logweir-trial-a1b2c3d4e5f6"


class Account:
    """Answers each call with an outcome, and notes the journal's open entries at that time."""

    def __init__(self, outcome):
        self.outcome, self.seen = outcome, []

    def call(self, service, operation, body):
        self.seen.append([repr(entry) for entry in Journal.read(self.journal.path).open()])
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class TheJournal(unittest.TestCase):
    def setUp(self):
        self.folder = scratch()
        self.journal = Journal.begin(self.folder, RUN, "111122223333", "eu-west-1")

    def after(self, outcome):
        account = Account(outcome)
        account.journal = self.journal
        try:
            Maker(account, self.journal).log_group("app")
        except (Refused, Unanswered, KeyboardInterrupt):
            pass
        self.assertEqual(account.seen, [[f"log-group {RUN}-app"]])  # on the disk before the call
        return [entry.state for entry in Journal.read(self.journal.path).entries]

    def test_a_resource_is_named_before_the_call_and_settled_after_its_answer(self):
        self.assertEqual(self.after({}), ["created"])

    def test_a_refused_resource_does_not_exist(self):
        self.assertEqual(self.after(Refused("logs", "CreateLogGroup", "ResourceAlreadyExistsException", "")), ["refused"])

    def test_a_resource_without_an_answer_may_exist(self):
        self.assertEqual(self.after(Unanswered("no answer")), ["intended"])

    def test_an_error_of_the_server_says_nothing_about_the_resource(self):
        self.assertEqual(self.after(Refused("logs", "CreateLogGroup", "InternalFailure", "", 500)), ["intended"])

    def test_a_line_that_was_cut_off_is_ignored(self):
        self.journal.change(self.journal.intend("cluster", f"{RUN}-one"), "created")
        whole = self.journal.path.read_text()
        states = set()
        for length in range(whole.index("\n") + 1, len(whole) + 1):
            self.journal.path.write_text(whole[:length])
            states.add(tuple(entry.state for entry in Journal.read(self.journal.path).entries))
        self.assertEqual(states, {(), ("intended",), ("created",)})

    def test_another_file_is_not_a_journal(self):
        for text in "", "{}\n", "no JSON\n", json.dumps({"schema": "logweir.trial-journal/1", "run": "prod"}) + "\n":
            path = self.folder / f"{RUN}.journal"
            path.write_text(text)
            self.assertRaises(Unreadable, Journal.read, path)

    def test_only_its_owner_may_read_it(self):
        self.assertEqual(self.journal.path.stat().st_mode & 0o777, 0o600)

    def test_no_more_is_created_than_was_announced(self):
        account = Account({})
        account.journal = self.journal
        maker = Maker(account, self.journal)
        for number in range(LIMITS["log-group"]):
            maker.log_group(f"group-{number}")
        self.assertRaises(TooMany, maker.log_group, "one-more")
        self.assertEqual(len(account.seen), LIMITS["log-group"])


if __name__ == "__main__":
    unittest.main()
