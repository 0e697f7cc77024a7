"""Nothing of the account reaches a report, also where it hides."""

import base64
import json
import unittest

import emulated  # noqa: F401  (makes the trial importable)
from redaction import Redactor, WITHHELD

ACCOUNT = "111122223333"
RUN = "logweir-trial-a1b2c3d4e5f6"
ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/alice.smith@example.com"
USER_ID = "AROAEXAMPLEID1234567:alice.smith@example.com"
KEYS = ["ASIAEXAMPLEKEY123456", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////wEaCWV1LXdlc3QtMSJ"]
OTHER_ACCOUNT = "999988887777"

# Each of these texts contains something of the account.
HIDDEN = {
    "a plain account": (f"in account {ACCOUNT}.", ACCOUNT),
    "an account between letters": (f"bucket-{ACCOUNT}x", ACCOUNT),
    "an account with dashes": ("account 1111-2222-3333", "1111-2222-3333"),
    "an account with spaces": ("account 1111 2222 3333", "1111 2222 3333"),
    "another account": (f"owned by {OTHER_ACCOUNT}", OTHER_ACCOUNT),
    "an ARN": ("arn:aws:iam::111122223333:role/path/Deployer", "Deployer"),
    "an ARN of another partition": ("arn:aws-cn:iam::999988887777:user/bob", "bob"),
    "an ARN in capitals": ("ARN:AWS:IAM::111122223333:ROLE/DEPLOYER", "DEPLOYER"),
    "an ARN with a colon in its resource": ("arn:aws:logs:eu-west-1:111122223333:log-group:/prod/web:*", "/prod/web"),
    "a denied call": (f"User: {ARN} is not authorized to perform: ecs:CreateCluster on resource: arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/prod", "prod"),
    "the caller's name": ("Role Deployer is not valid", "Deployer"),
    "the caller's name in another case": ("role DEPLOYER", "DEPLOYER"),
    "the caller's name in a longer name": ("bucket deployer-artifacts", "deployer"),
    "the first part of a mail address": ("created by alice.smith", "alice.smith"),
    "any mail address": ("ask bob@corp.example", "bob"),
    "an access key": ("key AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    "a principal ID": ("principal AIDACKCEVSQ6C2EXAMPLE", "AIDACKCEVSQ6C2EXAMPLE"),
    "the secret key": (f"secret {KEYS[1]}", KEYS[1]),
    "the session token": (f"token {KEYS[2]}", KEYS[2]),
    "an IPv4 address": ("from 203.0.113.7", "203.0.113.7"),
    "an IPv4 address with a port": ("from 203.0.113.7:443", "203.0.113.7"),
    "an IPv4 address in a host name": ("ip-10-0-13-7.eu-west-1.compute.internal", "10-0-13-7"),
    "an IPv6 address": ("from 2001:db8::8a2e:370:7334", "2001:db8"),
    "a request ID": ("RequestId: 7fff5d10-88f2-4c69-b136-ec9f1b517f99", "7fff5d10"),
    "an ID without dashes": ("id 7fff5d1088f24c69b136ec9f1b517f99", "7fff5d10"),
    "a resource ID": ("subnet-0a1b2c3d4e5f67890 is missing", "0a1b2c3d"),
    "a deployment ID": ("ecs-svc/1234567890123456789", "1234567890"),
    "an ARN in a percent encoding": ("arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2FDeployer", "Deployer"),
    "an account in HTML": ("&#49;&#49;&#49;&#49;22223333", "22223333"),
    "an account with an invisible character": ("1111\u200b22223333", "22223333"),
    "an account in full-width digits": ("１１１１２２２２３３３３", "１１１１"),
    "an account in escapes": (r"\u0031\u0031\u0031\u003122223333", "22223333"),
    "an account in a JSON text": (json.dumps({"detail": {"account": ACCOUNT, "arn": ARN}}), ACCOUNT),
    "an account in a JSON text in a JSON text": (json.dumps([json.dumps({"accountId": ACCOUNT})]), ACCOUNT),
    "the account in Base64": ("blob " + base64.b64encode(f"x{ACCOUNT}".encode()).decode(), base64.b64encode(f"x{ACCOUNT}".encode()).decode()),
    "the account in hexadecimal": (f"blob {ACCOUNT.encode().hex()}", ACCOUNT.encode().hex()),
    "the account with other separators": ("1111/2222/3333", "1111/2222/3333"),
}


class Redaction(unittest.TestCase):
    def setUp(self):
        self.redactor = Redactor(RUN, ACCOUNT, ARN, USER_ID, KEYS)

    def test_nothing_of_the_account_remains_in_a_text(self):
        for name, (text, hidden) in HIDDEN.items():
            with self.subTest(name):
                self.assertNotIn(hidden, self.redactor.text(text))
                self.assertNotIn(hidden, json.dumps(self.redactor.of({"a": [{"b": text}]}), ensure_ascii=False))

    def test_nothing_of_the_account_remains_in_the_name_of_a_member(self):
        for name, (text, hidden) in HIDDEN.items():
            with self.subTest(name):
                self.assertNotIn(hidden, json.dumps(self.redactor.of({text: 1}), ensure_ascii=False))

    def test_large_numbers_are_replaced_whatever_they_are(self):
        self.assertEqual(self.redactor.of({"accountId": int(ACCOUNT), "count": 7, "at": 1764495033.5, "on": True}),
                         {"accountId": "<number>", "count": 7, "at": "<number>", "on": True})

    def test_the_members_about_the_caller_keep_only_their_structure(self):
        record = {
            "eventVersion": "1.11", "sourceIPAddress": "cloudformation.amazonaws.com", "userAgent": "agent of Alice",
            "userIdentity": {"type": "AssumedRole", "arn": ARN, "sessionContext": {
                "sessionIssuer": {"type": "Role", "userName": "Other"}, "attributes": {"mfaAuthenticated": "false"}}},
        }
        self.assertEqual(self.redactor.of(record), {
            "eventVersion": "1.11", "sourceIPAddress": "<redacted>", "userAgent": "<redacted>",
            "userIdentity": {"type": "AssumedRole", "arn": "<redacted>", "sessionContext": {
                "sessionIssuer": {"type": "Role", "userName": "<redacted>"}, "attributes": {"mfaAuthenticated": "<redacted>"}}},
        })

    def test_a_member_that_is_named_like_a_type_hides_nothing(self):
        self.assertEqual(self.redactor.of({"userIdentity": {"type": "alice", "list": [ARN]}}),
                         {"userIdentity": {"type": "<redacted>", "list": ["<redacted>"]}})

    def test_what_the_report_needs_stays(self):
        for text in [
            "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
            "Log driver awslogs disallows options: log_key", "HIDDEN_DUE_TO_SECURITY_REASONS", "PLANTED-IN-ENVIRONMENT",
            "2026-11-30T10:03:50Z", "ecs.amazonaws.com", "com.amazonaws.ecs.capability.docker-remote-api.1.18",
            "after 0.05 s", "1.4.0", "25m", "ClientException: Too many concurrent attempts to create a new revision",
        ]:
            self.assertEqual(self.redactor.text(text), text)
        arn = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/{RUN}-planted:1"
        self.assertEqual(self.redactor.text(arn), "arn:aws:ecs:eu-west-1:<account>:task-definition/<run>-planted:1")

    def test_a_name_that_is_a_common_word_is_replaced_without_harm_to_other_words(self):
        redactor = Redactor(RUN, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ecs")
        self.assertEqual(redactor.text("ecs says: seconds"), "<caller> says: seconds")

    def test_a_text_that_still_has_a_known_value_is_withheld(self):
        self.assertEqual(self.redactor.text("1 1 1 1 2 2 2 2 3 3 3 3"), WITHHELD)

    def test_a_long_text_is_withheld(self):
        for text in "[" * 100_000, "x" * 100_000, "a-" * 9_999 + ACCOUNT:
            self.assertEqual(self.redactor.text(text), WITHHELD)


if __name__ == "__main__":
    unittest.main()
