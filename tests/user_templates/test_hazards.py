"""Logweir judges and fixes each template of `hazards/` as its author has written down."""

import collections
import difflib
import functools
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

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    @classmethod
    def copies(cls, name):
        """Copies the input of each hazard to a folder of its own in a new folder, which it returns with the copies."""
        folder = cls.folder / name
        folder.mkdir()
        return folder, {hazard: hazard.copy(folder / hazard.name) for hazard in hazards.every()}

    @classmethod
    @functools.cache
    def checked(cls):
        """Returns what Logweir finds in each hazard. One run reads all hazards without arguments of their own."""
        _, copies = cls.copies("check")
        usual = judge.check_all(LOGWEIR, [path for hazard, path in copies.items() if not hazard.arguments])
        return {hazard: usual[path] if path in usual else judge.check(LOGWEIR, path, arguments=hazard.arguments)
                for hazard, path in copies.items()}

    def test_has_the_findings_at_the_lines(self):
        for hazard, judged in self.checked().items():
            with self.subTest(hazard.name):
                self.assertEqual(bool(judged.error), hazard.verdict.get("error", False), judged.error)
                expected = sorted(hazard.verdict.get("finding", []), key=order)
                found = sorted(map(judge.line, judged.findings), key=order)
                if len(found) == len(expected):
                    found = [{key: each[key] for key in of.keys() | {"decided"}} for each, of in zip(found, expected)]
                self.assertEqual(found, [each | {"decided": each.get("decided", "yes")} for each in expected])

    def test_says_what_it_does_not_know(self):
        for hazard, judged in self.checked().items():
            with self.subTest(hazard.name):
                expected = hazard.verdict.get("unknown", [])
                unknown = [judge.line(each) | {"resource": (target.get("resource") or {}).get("id")}
                           for target in judged.targets for each in target.get("unknown", [])]
                for wanted in expected:
                    self.assertTrue(any(wanted.items() <= each.items() for each in unknown), f"{wanted}: {unknown}")
                if not expected:
                    self.assertEqual(unknown, [])
                elif not hazard.verdict.get("finding"):
                    self.assertIn(None, [target["compliant"] for target in judged.targets])

    def test_ends_with_the_exit_code_of_its_verdict(self):
        for hazard in hazards.every():
            finding, unknown, error = (hazard.verdict.get(key) for key in ("finding", "unknown", "error"))
            if unknown or error or hazard.verdict.get("nothing"):
                with self.subTest(hazard.name):
                    codes = [judge.run(LOGWEIR, "check", hazard.input, *hazard.arguments, *strict).returncode
                             for strict in ([], ["--strict"])]
                    expected = (2, 2) if error else (1, 1) if finding else (0, 1) if unknown else (0, 0)
                    self.assertEqual(tuple(codes), expected)

    def test_says_what_a_reader_needs_and_no_secret(self):
        for hazard in hazards.every():
            says, silent = (hazard.verdict.get(key, []) for key in ("says", "silent"))
            for form in ("text", "json") if says or silent else ():
                with self.subTest(hazard.name, form=form):
                    ended = judge.run(LOGWEIR, "check", hazard.input, "--format", form, *hazard.arguments, text=True)
                    for text in says:
                        self.assertIn(text, ended.stdout + ended.stderr)
                    for text in silent:
                        self.assertNotIn(text, ended.stdout + ended.stderr)

    def test_names_the_construct_of_the_cdk(self):
        for hazard, judged in self.checked().items():
            if construct := hazard.verdict.get("construct"):
                constructs = [(target["resource"] or {}).get("construct") or "" for target in judged.targets]
                self.assertTrue(any(each.startswith(construct) for each in constructs), constructs)

    def test_is_fixed_as_a_careful_person_would_and_not_again(self):
        for way, arguments in WAYS.items():
            folder, copies = self.copies(way)
            for time in "first", "second":
                ended = judge.run(LOGWEIR, "fix", folder, *arguments, text=True)
                for hazard, path in copies.items():
                    with self.subTest(hazard.name, way=way, time=time):
                        lines = [each.decode().splitlines(keepends=True) for each in (hazard.expected(way), path.read_bytes())]
                        self.assertEqual("".join(difflib.unified_diff(*lines, "expected", "fixed")), "", about(path, ended))

    def test_says_what_to_write_in_place_of_a_refused_fix(self):
        for hazard in hazards.every():
            if hazard.verdict.get("fix") == "refused":
                with self.subTest(hazard.name):
                    path = hazard.copy(self.folder / f"refused-{hazard.name}")
                    ended = judge.run(LOGWEIR, "fix", path, "--in-place", *hazard.arguments, text=True)
                    self.assertEqual(path.read_bytes(), hazard.input.read_bytes())
                    self.assertNotEqual(ended.returncode, 0)
                    for text in hazard.verdict.get("fix-says", []):
                        self.assertIn(text, ended.stdout + ended.stderr)

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
                self.assertEqual(said[after] - said[before], collections.Counter())


def about(path, ended):
    """Returns the lines of an output that name the hazard of a path."""
    return "\n".join(line for line in ended.stderr.splitlines() if f"{path.parent.name}/" in line)


def order(finding):
    return finding.get("line") or 0, finding["rule"], finding.get("container") or "", finding.get("resource") or ""


if __name__ == "__main__":
    unittest.main()
