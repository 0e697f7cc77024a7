"""Logweir judges and fixes each template of `hazards/` as its author has written down."""

import difflib
import os
import pathlib
import tempfile
import unittest

import hazards
import judge
import linted

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGWEIR = os.environ.get("LOGWEIR", ROOT / "target/debug/logweir")
WAYS = {"fixed": ["--in-place"], "fixed-unsafe": ["--in-place", "--unsafe"]}


class EachHazard(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def for_each(self, test, *more):
        """Runs a test on each hazard, with a copy of its input in a folder of its own."""
        for number, hazard in enumerate(hazards.every()):
            with self.subTest(hazard.name, **dict(zip(["way"], more))):
                test(hazard, hazard.copy(self.folder / "-".join([str(number), *more])), *more)

    def test_has_the_findings_at_the_lines(self):
        self.for_each(self.has_the_findings)

    def has_the_findings(self, hazard, path):
        verdict = hazard.verdict
        judged = judge.check(LOGWEIR, path, arguments=hazard.arguments)
        self.assertEqual(bool(judged.error), verdict.get("error", False), judged.error)
        if judged.error:
            return
        expected = sorted(verdict.get("finding", []), key=order)
        found = sorted(map(judge.line, judged.findings), key=order)
        keys = [each.keys() | {"decided"} for each in expected]
        if len(found) == len(expected):
            found = [{key: each[key] for key in of} for each, of in zip(found, keys)]
        self.assertEqual(found, [each | {"decided": each.get("decided", "yes")} for each in expected])
        self.assertEqual(judged.code, 1 if expected else 0, judged.text)

    def test_says_what_it_does_not_know(self):
        self.for_each(self.says_what_it_does_not_know)

    def says_what_it_does_not_know(self, hazard, path):
        expected = hazard.verdict.get("unknown", [])
        judged = judge.check(LOGWEIR, path, arguments=hazard.arguments)
        unknown = [judge.line(each) | {"resource": (target.get("resource") or {}).get("id")}
                   for target in judged.targets for each in target.get("unknown", [])]
        for wanted in expected:
            self.assertTrue(any(wanted.items() <= each.items() for each in unknown), f"{wanted} is not among {unknown}")
        if not expected:
            self.assertEqual(unknown, [])
        elif not hazard.verdict.get("finding"):
            strict = judge.run(LOGWEIR, "check", path, "--strict", *hazard.arguments)
            self.assertEqual((judged.code, strict.returncode), (0, 1), strict.stderr)
            self.assertIn(None, [target["compliant"] for target in judged.targets])

    def test_says_what_a_reader_needs_and_no_secret(self):
        self.for_each(self.says_what_a_reader_needs)

    def says_what_a_reader_needs(self, hazard, path):
        for form in "text", "json":
            ended = judge.run(LOGWEIR, "check", path, "--format", form, *hazard.arguments, text=True)
            for text in hazard.verdict.get("says", []):
                self.assertIn(text, ended.stdout + ended.stderr)
            for text in hazard.verdict.get("silent", []):
                self.assertNotIn(text, ended.stdout + ended.stderr)

    def test_is_fixed_as_a_careful_person_would(self):
        for way in WAYS:
            self.for_each(self.is_fixed, way)

    def is_fixed(self, hazard, path, way):
        ended = judge.run(LOGWEIR, "fix", path, *WAYS[way], *hazard.arguments, text=True)
        lines = [text.decode().splitlines(keepends=True) for text in (hazard.expected(way), path.read_bytes())]
        self.assertEqual("".join(difflib.unified_diff(*lines, "expected", "fixed")), "", ended.stderr)
        if hazard.verdict.get("fix") == "refused":
            self.assertNotEqual(ended.returncode, 0)
            for text in hazard.verdict.get("fix-says", []):
                self.assertIn(text, ended.stdout + ended.stderr)

    def test_is_not_changed_by_a_second_fix(self):
        for way in WAYS:
            self.for_each(self.is_not_changed_again, way)

    def is_not_changed_again(self, hazard, path, way):
        path.write_bytes(hazard.expected(way))
        ended = judge.run(LOGWEIR, "fix", path, *WAYS[way], *hazard.arguments, text=True)
        self.assertEqual(path.read_bytes(), hazard.expected(way), ended.stderr)

    def test_has_no_new_fault_for_cfn_lint_after_the_fix(self):
        pairs = {}
        for hazard in hazards.every():
            for way in WAYS:
                if hazard.verdict.get("lint", True) and hazard.expected(way) != hazard.input.read_bytes():
                    after = self.folder / f"{hazard.name}.{way}{hazard.input.suffix}"
                    after.write_bytes(hazard.expected(way))
                    pairs[hazard.name, way] = hazard.input, after
        said = linted.rules([path for pair in pairs.values() for path in pair])
        for of, (before, after) in pairs.items():
            with self.subTest(of):
                self.assertEqual(said[after], said[before])


def order(finding):
    return finding.get("line") or 0, finding["rule"], finding.get("container") or "", finding.get("resource") or ""


if __name__ == "__main__":
    unittest.main()
