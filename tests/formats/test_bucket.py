"""The activity report from the bucket of a trail, with the files verified and with documents for OpenSearch."""

import gzip
import hashlib
import json
import pathlib
import tempfile
import unittest

import bucket
import reports
import test_athena

ACCOUNTS, REGIONS = ("111122223333", "444455556666"), ("eu-west-1", "us-east-1")
PERIOD = ("--since", "2026-12-01T00:00:00Z", "--until", "2026-12-02T00:00:00Z")


def trail():
    """The objects of a trail, with a digest file for each day."""
    objects = {"AWSLogs/111122223333/elasticloadbalancing/eu-west-1/2026/12/01/x.log.gz": (b"other", {})}
    for account in ACCOUNTS:
        root = f"AWSLogs/o-exampleorgid/{account}" if account == ACCOUNTS[1] else f"AWSLogs/{account}"
        for region in REGIONS:
            before = None
            for day in ("2026/11/28", *test_athena.DAYS):
                before = add_day(objects, root, account, region, day, before)
    return objects


def add_day(objects, root, account, region, day, before):
    listed = []
    for number in range(2):
        text = json.dumps({"Records": test_athena.records(f"{account}{region}{number}", day, 20)}).encode()
        name = f"{account}_CloudTrail_{region}_{day.replace('/', '')}T1215Z_abcdefghijklmno{number}.json.gz"
        key = f"{root}/CloudTrail/{region}/{day}/{name}"
        objects[key] = (gzip.compress(text), {})
        listed.append({"s3Bucket": "trail-logs", "s3Object": key, "hashValue": hashlib.sha256(text).hexdigest(),
                       "hashAlgorithm": "SHA-256"})
    name = f"{account}_CloudTrail-Digest_{region}_main_{region}_{day.replace('/', '')}T235900Z.json.gz"
    key = f"{root}/CloudTrail-Digest/{region}/{day}/{name}"
    date = day.replace("/", "-")
    digest = {"digestStartTime": f"{date}T00:00:00Z", "digestEndTime": f"{date}T23:59:00Z", "digestS3Bucket": "trail-logs",
              "digestS3Object": key, "digestPublicKeyFingerprint": "f", "digestSignatureAlgorithm": "SHA256withRSA",
              "previousDigestS3Bucket": before and "trail-logs", "previousDigestS3Object": before and before[0],
              "previousDigestHashValue": before and before[1], "previousDigestSignature": before and "00", "logFiles": listed}
    text = json.dumps(digest).encode()
    objects[key] = (gzip.compress(text), {"signature": "00", "signature-algorithm": "SHA256withRSA"})
    return key, hashlib.sha256(text).hexdigest()


class Bucket(unittest.TestCase):
    def setUp(self):
        self.bucket = bucket.Bucket(trail())
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.bucket.server.shutdown()
        self.bucket.server.server_close()
        self.folder.cleanup()

    def run_activity(self, *arguments, location="s3://trail-logs/AWSLogs/"):
        more = test_athena.KEYS | {"AWS_REGION": "eu-west-1"}
        ran = reports.run(self.folder.name, "activity", location, "--endpoint-url", self.bucket.url, "--format", "json",
                          "--top", "0", "--source", "all", *arguments, more=more)
        return ran, json.loads(ran.stdout) if ran.stdout else None

    def key(self, part, kind="CloudTrail/"):
        return next(key for key in sorted(self.bucket.objects) if part in key and kind in key)

    def download(self, days):
        for key, (body, _) in self.bucket.objects.items():
            if "CloudTrail" in key and any(day in key for day in days):
                path = pathlib.Path(self.folder.name) / "copy" / key
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)

    def test_a_bucket_gives_the_report_of_its_files(self):
        ran, report = self.run_activity(*PERIOD)
        # The records that the trail's files have without an ID or a time are the only problem.
        self.assertEqual(ran.returncode, 2, ran.stderr)
        self.assertRegex(ran.stderr, rb"\Aerror: \d+ records? could not be read: [^\n]*\n\Z")
        self.download(test_athena.DAYS)
        files = reports.run(self.folder.name, "activity", "copy", "--format", "json", "--top", "0", "--source", "all",
                            *PERIOD)
        expected = json.loads(files.stdout)
        self.assertEqual(test_athena.numbers(report), test_athena.numbers(expected))
        self.assertEqual(report["files"]["read"], expected["files"]["read"])
        self.assertEqual(report["files"]["read"], len(ACCOUNTS) * len(REGIONS) * len(test_athena.DAYS) * 2)

    def test_only_the_files_of_the_period_are_read(self):
        self.run_activity(*PERIOD)
        read = [target for target, _ in self.bucket.requests if "?" not in target]
        self.assertEqual(len(read), len(set(read)))
        for part in ("Digest", "elasticloadbalancing", "2026/11/28"):
            self.assertFalse([target for target in read if part in target], part)

    def test_account_and_region_choose_folders(self):
        self.run_activity(*PERIOD, "--account", ACCOUNTS[1], "--region", "eu-west-1")
        read = [target for target, _ in self.bucket.requests if "?" not in target]
        self.assertEqual(len(read), 4 * 2)
        self.assertTrue(all(f"{ACCOUNTS[1]}/CloudTrail/eu-west-1/" in target for target in read), read)

    def test_a_denied_object_is_named_and_the_rest_is_counted(self):
        key = self.key("2026/12/01")
        self.bucket.denied.add(key)
        ran, report = self.run_activity(*PERIOD)
        self.assertEqual((ran.returncode, report["files"]["unreadable"]), (2, 1))
        self.assertEqual([one["file"] for one in report["unreadable_files"]], [f"s3://trail-logs/{key}"])
        self.assertIn("GetObject: AccessDenied", report["unreadable_files"][0]["why"])
        self.assertGreater(report["records"]["kept"], 50)

    def test_a_denied_day_is_named_and_a_denied_trail_is_an_error(self):
        day = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/12/01/"
        self.bucket.denied.add(day)
        ran, report = self.run_activity(*PERIOD)
        self.assertEqual(ran.returncode, 2)
        self.assertEqual([one["file"] for one in report["unreadable_files"]], [f"s3://trail-logs/{day}"])
        self.bucket.denied = {"AWSLogs/"}
        ran, report = self.run_activity(*PERIOD)
        self.assertEqual((ran.returncode, report), (2, None))
        self.assertIn(b"s3://trail-logs/AWSLogs/: ListObjectsV2: AccessDenied", ran.stderr)

    def test_a_trail_without_files_is_an_error_and_no_empty_report(self):
        ran, report = self.run_activity(*PERIOD, location="s3://trail-logs/other/")
        self.assertEqual((ran.returncode, report), (2, None))
        self.assertIn(b"has no folder of CloudTrail", ran.stderr)

    def test_wrong_arguments_are_found_before_any_request(self):
        for arguments, location in (((), "s3://trail-logs/AWSLogs/"), (PERIOD, "s3://Trail/AWSLogs/"),
                                    (PERIOD, "s3://trail-logs/AWSLogs/111122223333/Config/")):
            ran, _ = self.run_activity(*arguments, location=location)
            self.assertEqual(ran.returncode, 64, ran.stderr)
        self.assertEqual(self.bucket.requests, [])

    def test_the_requester_pays_when_the_caller_says_so(self):
        self.run_activity(*PERIOD, "--requester-pays")
        self.assertTrue(all(headers["x-amz-request-payer"] == "requester" for _, headers in self.bucket.requests))

    def test_untouched_files_verify(self):
        _, report = self.run_activity(*PERIOD, "--verify")
        found = report["verification"]
        self.assertEqual(found["counts"], {}, found["problems"])
        self.assertEqual((found["digests"]["read"], found["log_files"]), (16, {"read": 32, "valid": 32}))

    def test_a_changed_and_a_removed_file_do_not_verify(self):
        changed, removed = self.key("2026/12/01"), self.key("2026/12/02")
        self.bucket.objects[changed] = (gzip.compress(b'{"Records":[]}'), {})
        del self.bucket.objects[removed]
        ran, report = self.run_activity(*PERIOD, "--verify")
        self.assertEqual((ran.returncode, report["verification"]["counts"]), (2, {"changed": 1, "missing": 1}))
        for key in (changed, removed):
            self.assertIn(key.rsplit("/", 1)[1].encode(), ran.stderr)

    def test_downloaded_files_are_verified_in_the_same_way(self):
        self.download(("2026/",))
        ran = reports.run(self.folder.name, "activity", "copy", "--verify", "--format", "json")
        self.assertEqual(json.loads(ran.stdout)["verification"]["counts"], {})
        self.assertIn(b"verified 40 of 40 log files with 20 digest files", ran.stderr)

    def test_the_signature_comes_from_the_metadata_of_the_object(self):
        keys = {"PublicKeyList": [{"Value": "AAAA", "Fingerprint": "f"}]}
        (pathlib.Path(self.folder.name) / "keys.json").write_text(json.dumps(keys))
        _, report = self.run_activity(*PERIOD, "--verify", "--public-keys", "keys.json")
        self.assertEqual(report["verification"]["counts"], {"signature-invalid": 16})

    def test_each_kept_record_becomes_a_document(self):
        ran, report = self.run_activity(*PERIOD, "--elk", "export")
        export = pathlib.Path(self.folder.name) / "export"
        lines = [json.loads(line) for part in sorted(export.glob("bulk-*.ndjson")) for line in part.read_text().splitlines()]
        actions, documents = lines[::2], lines[1::2]
        ids = [action["create"]["_id"] for action in actions]
        self.assertEqual((len(ids), len(set(ids))), (report["records"]["kept"],) * 2)
        for action, document in zip(actions, documents):
            self.assertEqual(action["create"]["_index"], f"cloudtrail-ecs-{document['@timestamp'][:7].replace('-', '.')}")
            self.assertEqual(action["create"]["_id"], document["event.id"])
        sources = {document["source.address"] for document in documents}
        addresses = {document["source.ip"] for document in documents if "source.ip" in document}
        self.assertEqual(sources - addresses, {"ecs.amazonaws.com", "AWS Internal"})
        for name in ("opensearch.ndjson", "kibana.ndjson"):
            [json.loads(line) for line in (export / name).read_text().splitlines()]
        ran, _ = self.run_activity(*PERIOD, "--elk", "export")
        self.assertEqual(ran.returncode, 64, "two exports in one folder would be loaded together")


if __name__ == "__main__":
    unittest.main()
