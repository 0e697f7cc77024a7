"""The activity report by Athena. A stand-in for Athena runs the queries on DuckDB, over the records of the files that Logweir
reads for the same report. Both reports must have the same numbers."""

import gzip
import json
import pathlib
import random
import tempfile
import unittest

import athena
import bucket
import reports

ACCOUNT = "111122223333"
SINCE, UNTIL = "2026-12-01T00:00:00Z", "2026-12-03T00:00:00Z"
DAYS = ("2026/11/30", "2026/12/01", "2026/12/02", "2026/12/03")
KEYS = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), bucket.KEYS))

IDENTITIES = (
    {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/anna", "accountId": ACCOUNT, "userName": "anna",
     "principalId": "AIDA1"},
    {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT},
    {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/ci-7", "accountId": ACCOUNT,
     "principalId": "AROA:ci-7", "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "deploy"},
                                                    "attributes": {"mfaAuthenticated": "false"}}},
    {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Ops_0123456789abcdef/ben@example.org",
     "accountId": ACCOUNT, "sessionContext": {"sourceIdentity": "ben", "sessionIssuer": {"userName": "AWSReservedSSO_Ops"}},
     "onBehalfOf": {"userId": "u-1", "identityStoreArn": "arn:aws:identitystore::1:identitystore/d-1"}},
    {"type": "AWSService", "invokedBy": "ecs.amazonaws.com"},
    {"type": "AWSAccount", "accountId": "999988887777"},
    None,
)
CALLS = (
    ("ecs.amazonaws.com", "UpdateService", {"cluster": "prod", "service": "arn:aws:ecs:eu-west-1:1:service/prod/web"}),
    ("ecs.amazonaws.com", "DescribeServices", {"cluster": "arn:aws:ecs:eu-west-1:1:cluster/prod", "services": ["web"]}),
    ("ecs.amazonaws.com", "ListClusters", None),
    ("ecs.amazonaws.com", "RunTask", {"clusterName": "prod", "taskDefinition": "web:7"}),
    ("ecs.amazonaws.com", "ExecuteCommand", {"cluster": "prod", "task": "0123", "container": "app"}),
    ("ecs.amazonaws.com", "RegisterTaskDefinition", {"family": "web", "containerDefinitions": [{"name": "app"}]}),
    ("ecs.amazonaws.com", "UpdateCluster", {"cluster": "prod", "configuration": {"executeCommandConfiguration":
                                                                              {"logging": "NONE"}}}),
    ("ssm.amazonaws.com", "StartSession", {"target": "ecs:prod_0123_0123-1"}),
    ("logs.amazonaws.com", "DeleteLogGroup", {"logGroupName": "/ecs/web"}),
    ("logs.amazonaws.com", "PutRetentionPolicy", {"logGroupName": "/ecs/web", "retentionInDays": 7}),
    ("ec2.amazonaws.com", "DescribeInstances", {}),
)
ADDRESSES = ("198.51.100.7", "3.8.0.1", "2001:db8::7", "10.0.0.9", "ecs.amazonaws.com", "AWS Internal")
AGENTS = ("aws-cli/2.15.0 Python/3.11", "APN/1.0 HashiCorp/1.0 Terraform/1.5.2", "Boto3/1.34", "console.amazonaws.com",
          "ecs.amazonaws.com", "o'brien\u202e\"agent", None)
ERRORS = (None, None, None, "AccessDeniedException", "ClientException")


def records(seed, day, count):
    """Records of a day, some of them twice and some of them unreadable."""
    choice = random.Random(f"{seed} {day}")
    made = []
    for number in range(count):
        source, name, parameters = choice.choice(CALLS)
        moment = f"{day.replace('/', '-')}T{choice.randrange(24):02}:{choice.randrange(60):02}:{choice.randrange(60):02}Z"
        record = {
            "eventID": f"{seed}-{day}-{number}", "eventTime": moment, "eventSource": source, "eventName": name,
            "awsRegion": choice.choice(("eu-west-1", "us-east-1")), "recipientAccountId": ACCOUNT,
            "sourceIPAddress": choice.choice(ADDRESSES), "userAgent": choice.choice(AGENTS),
            "readOnly": choice.choice((None, name[:3] in ("Des", "Lis"))), "userIdentity": choice.choice(IDENTITIES),
            "requestParameters": parameters, "tlsDetails": {"tlsVersion": choice.choice(("TLSv1.3", "TLSv1.1"))},
            "vpcEndpointId": choice.choice((None, None, "vpce-1")), "errorCode": choice.choice(ERRORS),
            "sessionCredentialFromConsole": choice.choice((None, "true")),
        }
        made.append({name: value for name, value in record.items() if value is not None})
    made += choice.sample(made, count // 10)
    made += [{"eventName": "WithoutId", "eventTime": f"{day.replace('/', '-')}T01:00:00Z"}, {"eventID": "without-time"}]
    choice.shuffle(made)
    return made


def numbers(report):
    """The report without what the engines know in different ways: the files, and the IDs behind a number. A group names its
    newest event only."""
    def without(value):
        if isinstance(value, dict):
            return {name: without(each) for name, each in value.items() if name != "examples"}
        return [without(each) for each in value] if isinstance(value, list) else value
    return {name: without(value) for name, value in report.items() if name not in ("files", "notes")}


class Both(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.days = [(day, records("seed", day, 150)) for day in DAYS]
        cls.server = athena.Athena(cls.days)
        cls.folder = tempfile.TemporaryDirectory()
        for day, made in cls.days:
            name = f"{ACCOUNT}_CloudTrail_eu-west-1_{day.replace('/', '')}T2355Z_abcdefghijklmnop.json.gz"
            (pathlib.Path(cls.folder.name) / name).write_bytes(gzip.compress(json.dumps({"Records": made}).encode()))

    @classmethod
    def tearDownClass(cls):
        cls.server.server.shutdown()
        cls.folder.cleanup()

    def embedded(self, *arguments):
        ran = reports.run(self.folder.name, "activity", ".", "--format", "json", "--top", "0", *arguments)
        return json.loads(ran.stdout)

    def athena(self, *arguments):
        ran = reports.run(self.folder.name, "activity", "--engine", "athena", "--database", "audit", "--region", "eu-west-1",
                          "--output-location", "s3://results-bucket/logweir/", "--endpoint-url", self.server.url,
                          "--format", "json", "--top", "0", *arguments, more=KEYS)
        self.assertIn(ran.returncode, (0, 2), ran.stderr)
        return json.loads(ran.stdout)

    def assert_equal(self, *arguments):
        period = ("--since", SINCE, "--until", UNTIL)
        by_files = self.embedded(*period, "--region", "eu-west-1", *arguments)
        by_athena = self.athena(*period, *arguments)
        self.assertGreater(by_files["records"]["kept"], 20)
        self.assertEqual(numbers(by_athena), numbers(by_files))
        return by_files

    def test_every_panel_has_the_numbers_of_the_files(self):
        report = self.assert_equal("--source", "all")
        for name in ("addresses", "principals", "events", "errors", "agents", "targets", "timeline", "root", "without_mfa",
                     "old_tls"):
            self.assertTrue(report[name], name)
        self.assertTrue(report["records"]["duplicate"] and report["records"]["unreadable"], report["records"])
        self.assertTrue(report["exec"]["calls"] and report["logging"]["calls"] and report["new"])

    def test_filters_are_part_of_the_queries(self):
        self.assert_equal()
        self.assert_equal("--source", "ecs", "--source", "logs", "--errors", "--time-zone", "Asia/Kathmandu")
        self.assert_equal("--source", "all", "--event", "Describe*", "--event", "Update?ervice", "--account", ACCOUNT)

    def test_each_row_names_an_event(self):
        report = self.athena("--since", SINCE, "--until", UNTIL)
        ids = {record.get("eventID") for _, made in self.days for record in made}
        for row in report["addresses"] + report["events"]:
            self.assertTrue(row["examples"] and set(row["examples"]) <= ids, row)

    def test_a_hostile_filter_finds_nothing_and_breaks_nothing(self):
        report = self.athena("--since", SINCE, "--source", "x.amazonaws.com' OR true --", "--event", "%")
        self.assertEqual(report["records"]["kept"], 0)

    def test_a_query_that_fails_is_an_error_that_names_it(self):
        ran = reports.run(self.folder.name, "activity", "--engine", "athena", "--database", "audit", "--table", "other",
                          "--since", SINCE, "--region", "eu-west-1", "--workgroup", "audit", "--endpoint-url",
                          self.server.url, more=KEYS)
        self.assertEqual((ran.returncode, ran.stdout), (2, b""))
        self.assertIn(b"the query query-", ran.stderr)
        self.assertIn(b"--print-ddl", ran.stderr)

    def test_the_requests_name_database_place_and_workgroup(self):
        self.athena("--since", SINCE, "--until", UNTIL, "--workgroup", "audit")
        begun = [body for operation, body in self.server.requests if operation == "StartQueryExecution"][-4:]
        for body in begun:
            self.assertEqual(body["QueryExecutionContext"], {"Database": "audit"})
            self.assertEqual(body["ResultConfiguration"], {"OutputLocation": "s3://results-bucket/logweir/"})
            self.assertEqual(body["WorkGroup"], "audit")
        self.assertEqual(len({body["ClientRequestToken"] for body in begun}), 4)

    def test_the_printed_queries_run_without_a_change(self):
        ran = reports.run(self.folder.name, "activity", f"s3://trail-logs/AWSLogs/{ACCOUNT}/", "--print-ddl", "--database",
                          "audit", "--since", SINCE, "--region", "eu-west-1", "--format", "json")
        printed = json.loads(ran.stdout)
        self.assertIn("projection.timestamp.range", printed["table"])
        for name, query in printed["queries"].items():
            self.assertIsInstance(self.server.run(query), list, name)

    def test_the_queries_for_people_have_the_numbers_of_the_report(self):
        period = ("--since", SINCE, "--until", UNTIL, "--region", "eu-west-1", "--source", "all")
        ran = reports.run(self.folder.name, "activity", f"s3://trail-logs/AWSLogs/{ACCOUNT}/", "--print-ddl", "--database",
                          "audit", "--format", "json", *period)
        queries = json.loads(ran.stdout)["queries"]
        report = self.embedded(*period)
        rows = {name: self.server.run(query)[1:] for name, query in queries.items()}
        addresses = [[row["address"], str(row["count"]), str(row["errors"]), row["first"], row["last"]]
                     for row in report["addresses"]]
        self.assertEqual(rows["addresses"], addresses)
        actions = [[row["source"], row["name"], str(row["count"]), str(row["errors"])] for row in report["events"]]
        self.assertEqual(sorted(rows["actions"]), sorted(actions))
        self.assertEqual(rows["errors"], [[row["code"], str(row["count"])] for row in report["errors"]])
        kept = report["records"]["kept"]
        for name, column in (("identities", 4), ("agents", 1), ("days", 1)):
            self.assertEqual(sum(int(row[column]) for row in rows[name]), kept, name)


if __name__ == "__main__":
    unittest.main()
