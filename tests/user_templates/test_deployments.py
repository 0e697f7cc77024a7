"""A template that the emulator deploys is also deployed after the fix.

    tests/with-emulators target/venv-lint/bin/python -m unittest discover --start-directory tests/user_templates
"""

import os
import pathlib
import shutil
import tempfile
import unittest

import boto3
import cfnlint.decode
import hazards
import judge
import truth
from test_hazards import LOGWEIR, WAYS
from test_truth import CORPUS

SAMPLES = {"Number": "1", "List<Number>": "1", "CommaDelimitedList": "a,b"}
# What the hazards import from other stacks.
BASE = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: ecs-execution
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
Outputs:
  Role:
    Value: !GetAtt Role.Arn
    Export:
      Name: ecs-execution-role
"""


class TheFixedTemplates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        options = {"endpoint_url": os.environ["LOGWEIR_TEST_MINISTACK"], "region_name": "eu-west-1"}
        cls.cloudformation, cls.ecs = boto3.client("cloudformation", **options), boto3.client("ecs", **options)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder, cls.number = pathlib.Path(folder.name), 0
        cls.cloudformation.create_stack(StackName="base", TemplateBody=BASE, Capabilities=["CAPABILITY_NAMED_IAM"])

    def test_of_the_hazards_deploy(self):
        self.assertGreater(self.deploy([hazard.input for hazard in hazards.every() if hazard.verdict.get("lint", True)]), 30)

    def test_of_others_deploy(self):
        if CORPUS.is_dir():
            self.assertGreater(self.deploy([path for path in truth.files(CORPUS) if path.suffix != ".tf"]), 5)

    def deploy(self, paths):
        """Deploys each template that a fix changes, before and after the fix. Returns how many deployed before."""
        count = 0
        for path in paths:
            for way, arguments in WAYS.items():
                type(self).number += 1
                copy = self.folder / f"{self.number}{path.suffix}"
                shutil.copyfile(path, copy)
                judge.run(LOGWEIR, "fix", copy, *arguments)
                if copy.read_bytes() == path.read_bytes() or not self.deployed(path):
                    continue
                with self.subTest(path.parent.name, file=path.name, way=way):
                    self.assertTrue(self.deployed(copy), copy.read_text())
                    count += 1
        return count

    def deployed(self, path):
        """Whether the emulator creates a stack from the template. The stack is deleted afterwards."""
        template, _ = cfnlint.decode.decode(str(path))
        if not template:
            return False
        parameters = [{"ParameterKey": name, "ParameterValue": SAMPLES.get(each.get("Type"), "sample")}
                      for name, each in (template.get("Parameters") or {}).items() if "Default" not in each]
        name = f"stack-{path.stem[:3]}-{'after' if path.parent == self.folder else 'before'}"
        try:
            self.cloudformation.create_stack(
                StackName=name, TemplateBody=path.read_bytes().decode("utf-8-sig"), Parameters=parameters,
                Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            )
            [stack] = self.cloudformation.describe_stacks(StackName=name)["Stacks"]
            return stack["StackStatus"] == "CREATE_COMPLETE"
        except self.cloudformation.exceptions.ClientError:
            return False
        finally:
            self.cloudformation.delete_stack(StackName=name)


if __name__ == "__main__":
    unittest.main()
