"""Logweir's verdicts agree with what other parsers read in the same templates."""

import os
import pathlib
import unittest

import hazards
import judge
import truth

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGWEIR = os.environ.get("LOGWEIR", ROOT / "target/debug/logweir")
# The templates of others lie beside the repository, and are no part of it.
CORPUS = ROOT.parent / "shared/corpus/templates"

# The hazards about which the other parsers know less than Logweir, each with the reason.
UNREAD = {
    "two-documents": "cfn-lint reads only the first document",
    "merge-key": "cfn-lint reads no merge keys",
    "repeated-keys": "cfn-lint refuses repeated keys, as Logweir does",
    "task-definition-in-yaml": "this is no template",
    "for-each-alone": "the truth table lists no resources that a loop adds",
    "plan-that-lacks-changes": "the truth table does not read whether a plan is complete",
    "plan-with-members-in-another-case": "the truth table reads names as they are written, and AWS's provider ignores case",
    "plan-with-sensitive-containers": "the truth table reads sensitive values, and Logweir does not",
}


class TheVerdicts(unittest.TestCase):
    def agree(self, paths):
        for path, judged in judge.check_all(LOGWEIR, paths, truth.REGION).items():
            with self.subTest(path.relative_to(path.parents[1])):
                lines, _ = truth.disagreements(path, judged, truth.REGION)
                self.assertEqual(lines, [])

    def test_agree_on_the_hazards(self):
        self.agree([hazard.input for hazard in hazards.every() if hazard.name not in UNREAD])

    def test_agree_on_the_templates_of_others(self):
        if not CORPUS.is_dir():
            self.assertNotIn("CI", os.environ, "the corpus is not beside the repository")
            return
        paths = truth.files(CORPUS)
        self.assertGreater(len(paths), 20)
        self.agree(paths)


if __name__ == "__main__":
    unittest.main()
