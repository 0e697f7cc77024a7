"""Which calls are repeated, and what a probe makes of an answer."""

import json
import unittest

from emulated import Clock
from aws import TRIES, Account, Refused, Unanswered
from probe import Bench, NOT_ANSWERED, Probe
import probes  # noqa: F401


class Canned(Account):
    """An account with prepared outcomes."""

    def __init__(self, *outcomes):
        self.outcomes, self.sent, self.clock, self.called = list(outcomes), 0, Clock(), set()
        self.region = "eu-west-1"
        self.on_call = lambda operation, moment: None

    def _send(self, service, operation, body):
        self.sent += 1
        outcome = self.outcomes.pop(0) if self.outcomes else {}
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def refused(code, status=400):
    return Refused("ecs", "Any", code, "why", status)


class Repetition(unittest.TestCase):
    def sent(self, operation, *outcomes):
        account = Canned(*outcomes)
        try:
            account.call("ecs", operation)
        except (Refused, Unanswered):
            pass
        return account.sent

    def test_a_throttled_call_is_repeated(self):
        self.assertEqual(self.sent("RegisterTaskDefinition", refused("ThrottlingException")), 2)
        self.assertEqual(self.sent("RegisterTaskDefinition", *[refused("ThrottlingException")] * 20), TRIES)

    def test_a_registration_whose_answer_is_lost_is_not_repeated(self):
        self.assertEqual(self.sent("RegisterTaskDefinition", Unanswered()), 1)
        self.assertEqual(self.sent("RegisterTaskDefinition", refused("ServerException", 500)), 1)

    def test_a_read_is_repeated_after_an_error_of_the_server_or_the_network(self):
        self.assertEqual(self.sent("DescribeClusters", Unanswered(), refused("ServerException", 500)), 3)

    def test_a_refusal_is_not_repeated(self):
        self.assertEqual(self.sent("DescribeClusters", refused("ClientException")), 1)


class Maker:
    run = "logweir-trial-a1b2c3d4e5f6"


class Asking(unittest.TestCase):
    def asked(self, function, *outcomes):
        answer, _, _ = Bench(Canned(*outcomes), Maker, None, 0).ask(Probe("any", "?", function, None, ()))
        return answer.verdict, answer.text

    def test_a_call_that_the_endpoint_does_not_know_or_the_caller_may_not_make_answers_nothing(self):
        def probe(bench):
            return bench.tried("any", lambda: bench.ecs("Any"))

        self.assertEqual(self.asked(probe, refused("InvalidAction")), (NOT_ANSWERED, "this endpoint does not answer ecs:Any (InvalidAction)"))
        self.assertEqual(self.asked(probe, refused("AccessDeniedException")), (NOT_ANSWERED, "the caller may not call ecs:Any"))

    def test_a_wait_ends_with_its_time(self):
        bench = Bench(Canned(), Maker, None, 0)
        self.assertIsNone(bench.until("never", lambda: False, seconds=30))
        self.assertLess(bench.clock.time, 31)
        late = iter([False, False, True])
        self.assertEqual(bench.until("late", lambda: next(late), pause=1), 2.03)
        self.assertEqual([each["value"] for each in bench.evidence], ["not within 30 s", "after 2.03 s"])


class Trail(unittest.TestCase):
    """A record like those that users have published: ECS hides the environment behind a word."""

    def test_the_form_of_the_redaction_is_the_answer(self):
        planted = probes.trail.planted(Documents, "planted")
        hidden = json.loads(json.dumps(planted))
        hidden["containerDefinitions"][0]["environment"] = "HIDDEN_DUE_TO_SECURITY_REASONS"
        del hidden["containerDefinitions"][0]["command"]
        record = {"requestParameters": hidden, "responseElements": {"taskDefinition": {"taskDefinitionArn": "arn", **hidden}}}
        others = {"requestParameters": {"family": "web"}}
        events = [{"CloudTrailEvent": json.dumps(each)} for each in (others, record)]
        account = Canned({"Events": []}, {"Events": events[:1], "NextToken": "more"}, {"Events": events[1:]})
        bench = Bench(account, Documents.make, lambda line: None, 600)
        bench.shared["planted"] = {"begun": 0, "at": 0, "planted": "accepted"}
        answer = probes.trail.trail_redaction(bench)
        self.assertEqual(answer.text, "in clear in requestParameters: dockerLabels, log options, tags; "
                                      "in responseElements: dockerLabels, log options, tags")
        forms = [each["value"] for each in bench.evidence if each["what"].startswith("environment")]
        self.assertEqual(forms, [["HIDDEN_DUE_TO_SECURITY_REASONS"]] * 2)
        self.assertNotIn("web", json.dumps(bench.evidence))


class Documents:
    class make:
        run = Maker.run

        @staticmethod
        def name(suffix):
            return f"{Maker.run}-{suffix}"


if __name__ == "__main__":
    unittest.main()
