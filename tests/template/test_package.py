"""The deployment package without SAM."""

import os
import pathlib
import stat
import tempfile
import unittest
import zipfile

from deployed import RESOURCES, TEMPLATE

import package


def without_code(resource):
    kept = {key: value for key, value in resource.items() if key != "Metadata"}
    return kept | {"Properties": {key: value for key, value in resource["Properties"].items() if key != "Code"}}


class TheTemplate(unittest.TestCase):
    def test_it_has_no_transform(self):
        self.assertNotIn("Transform", package.template("x86_64"))

    def test_each_function_takes_its_code_from_the_parameters(self):
        code = {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}}
        resources = package.template("x86_64")["Resources"]
        functions = [each for each in resources.values() if each["Type"] == "AWS::Lambda::Function"]
        self.assertEqual([function["Properties"]["Code"] for function in functions], [code, code])

    def test_the_default_architecture_is_that_of_the_build(self):
        for architecture in "x86_64", "arm64":
            self.assertEqual(package.template(architecture)["Parameters"]["Architecture"]["Default"], architecture)

    def test_it_is_otherwise_equal_to_the_template_that_sam_deploys(self):
        plain = package.template("x86_64")
        self.assertEqual(plain["Resources"].keys(), RESOURCES.keys())
        for name, resource in plain["Resources"].items():
            with self.subTest(name):
                self.assertEqual(without_code(resource), without_code(RESOURCES[name]))
        self.assertEqual(plain["Parameters"].keys() - TEMPLATE["Parameters"].keys(), {"CodeBucket", "CodeKey"})
        self.assertEqual(plain["Outputs"], TEMPLATE["Outputs"])


class TheZip(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def zipped(self, names, at):
        """Zips files that are written in this order at this time."""
        content = self.folder / f"content-{at}"
        content.mkdir()
        for name in names:
            path = content / name
            path.write_text(name)
            path.chmod(0o700 if name == "bootstrap" else 0o600)
            os.utime(path, (at, at))
        to = self.folder / f"{at}.zip"
        package.zipped(content, to)
        return to

    def test_the_zip_depends_on_neither_time_nor_order(self):
        one = self.zipped(["bootstrap", "baseline.toml"], 1_000_000_000)
        other = self.zipped(["baseline.toml", "bootstrap"], 1_700_000_000)
        self.assertEqual(one.read_bytes(), other.read_bytes())

    def test_lambda_can_read_the_files_and_run_the_program(self):
        with zipfile.ZipFile(self.zipped(["bootstrap", "baseline.toml"], 1_000_000_000)) as archive:
            modes = {each.filename: stat.S_IMODE(each.external_attr >> 16) for each in archive.infolist()}
        self.assertEqual(modes, {"baseline.toml": 0o644, "bootstrap": 0o755})


if __name__ == "__main__":
    unittest.main()
