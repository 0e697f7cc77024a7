"""What `logweir fix` does to the templates of others: the intended lines change, and nothing else."""

import collections
import difflib
import os
import pathlib
import re
import shutil
import tempfile
import unittest

import cfnlint.decode
import judge
import linted
import truth
from test_hazards import LOGWEIR, WAYS
from test_truth import CORPUS

# The lines that a fix may write: options, a log configuration, a retention, and a log group with its few members.
WRITTEN = re.compile(
    r"""[\s{,]*['"]?(mode|max-buffer-size|awslogs-(group|region|stream-prefix)|[lL]ogConfiguration|[lL]ogDriver|[oO]ptions|"""
    r"""RetentionInDays|retention_in_days|LogGroupName|Type|Properties|DeletionPolicy|UpdateReplacePolicy|\w*LogGroup\w*)['"]?\s*[:=]"""
    r"""|[\s{}\],]*$|\s*['"]?(Ref|non-blocking)\b"""
)


class TheFixes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not CORPUS.is_dir() and "CI" in os.environ:
            raise AssertionError("the corpus is not beside the repository")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        paths = truth.files(CORPUS) if CORPUS.is_dir() else []
        cls.before = judge.check_all(LOGWEIR, paths) if paths else {}
        cls.fixed, cls.after, cls.twice = {}, {}, {}
        for way, arguments in WAYS.items():
            copies = {path: pathlib.Path(folder.name) / way / path.name for path in paths}
            for path, copy in copies.items():
                copy.parent.mkdir(exist_ok=True)
                shutil.copyfile(path, copy)
                cls.fixed[path, way] = copy
            if copies:
                judge.run(LOGWEIR, "fix", *copies.values(), *arguments)
                cls.after |= judge.check_all(LOGWEIR, list(copies.values()))
                once = {copy: copy.read_bytes() for copy in copies.values()}
                judge.run(LOGWEIR, "fix", *copies.values(), *arguments)
                cls.twice |= {copy: (once[copy], copy.read_bytes()) for copy in copies.values()}

    def test_change_only_lines_about_logs(self):
        for (path, way), copy in self.fixed.items():
            with self.subTest(path.name, way=way):
                before, after = (each.read_text().splitlines() for each in (path, copy))
                for line in difflib.ndiff(before, after):
                    if line.startswith("+ "):
                        self.assertRegex(line[2:], WRITTEN)
                changed = [line for line in difflib.ndiff(before, after) if line.startswith("- ")]
                self.assertLessEqual(len(changed), 2 * len(self.before[path].findings), changed)

    def test_change_some_templates(self):
        if self.fixed:
            self.assertGreater(sum(path.read_bytes() != copy.read_bytes() for (path, _), copy in self.fixed.items()), 10)

    def test_leave_all_other_values_as_they_were(self):
        for (path, way), copy in self.fixed.items():
            if path.read_bytes() != copy.read_bytes() and path.suffix != ".tf":
                with self.subTest(path.name, way=way):
                    before, after = (cfnlint.decode.decode(str(each))[0] for each in (path, copy))
                    self.assertEqual(without_logs(after, before), without_logs(before, before))

    def test_change_nothing_the_second_time(self):
        for (path, way), copy in self.fixed.items():
            with self.subTest(path.name, way=way):
                once, twice = self.twice[copy]
                self.assertEqual(twice, once)

    def test_leave_no_finding_that_they_can_resolve(self):
        for (path, way), copy in self.fixed.items():
            with self.subTest(path.name, way=way):
                safeties = {"safe"} if way == "fixed" else {"safe", "unsafe"}
                left = [each for each in self.after[copy].findings if each["fix"].get("safety") in safeties]
                refused = path.read_bytes() == copy.read_bytes()
                self.assertEqual([] if refused else left, [])

    def test_have_no_new_fault_for_cfn_lint(self):
        pairs = {(path, way): copy for (path, way), copy in self.fixed.items()
                 if path.suffix != ".tf" and path.read_bytes() != copy.read_bytes()}
        said = linted.rules([path for path, _ in pairs] + list(pairs.values()))
        for (path, way), copy in pairs.items():
            with self.subTest(path.name, way=way):
                self.assertEqual(said[copy] - said[path], collections.Counter())


def without_logs(template, original):
    """Returns a template without the parts that a fix may change: log configurations, and the log groups with a retention."""
    kept = {}
    for name, each in template["Resources"].items():
        if each.get("Type") == "AWS::Logs::LogGroup":
            if name in original["Resources"]:
                properties = {key: value for key, value in (each.get("Properties") or {}).items() if key != "RetentionInDays"}
                kept[name] = {**each, "Properties": properties}
        elif each.get("Type") == "AWS::ECS::TaskDefinition":
            kept[name] = unlogged(each)
        else:
            kept[name] = each
    return {**template, "Resources": kept}


def unlogged(node):
    if isinstance(node, dict):
        return {key: unlogged(each) for key, each in node.items() if key != "LogConfiguration"}
    return [unlogged(each) for each in node] if isinstance(node, list) else node


if __name__ == "__main__":
    unittest.main()
