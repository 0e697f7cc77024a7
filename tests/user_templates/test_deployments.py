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
from botocore.exceptions import ClientError, WaiterError
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
        cls.cloudformation = boto3.client(
            "cloudformation", endpoint_url=os.environ["LOGWEIR_TEST_MINISTACK"], region_name="eu-west-1")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder, cls.number = pathlib.Path(folder.name), 0
        cls.cloudformation.create_stack(StackName="base", TemplateBody=BASE, Capabilities=["CAPABILITY_NAMED_IAM"])

    def test_of_the_hazards_deploy(self):
        """Another test compares the expected texts with what Logweir writes."""
        changed = [(hazard.name, way, hazard.input, hazard.expected(way)) for hazard in hazards.every() for way in WAYS
                   if hazard.verdict.get("lint", True) and hazard.expected(way) != hazard.input.read_bytes()]
        self.assertGreater(self.deploy(changed), 25)

    def test_of_others_deploy(self):
        changed = []
        paths = [path for path in truth.files(CORPUS) if path.suffix != ".tf"] if CORPUS.is_dir() else []
        for way, arguments in WAYS.items():
            copies = {path: self.folder / f"{way}-{path.name}" for path in paths}
            for path, copy in copies.items():
                shutil.copyfile(path, copy)
            judge.run(LOGWEIR, "fix", *copies.values(), *arguments)
            changed += [(path.name, way, path, copy.read_bytes()) for path, copy in copies.items()
                        if copy.read_bytes() != path.read_bytes()]
        if CORPUS.is_dir():
            self.assertGreater(self.deploy(changed), 5)

    def deploy(self, changed):
        """Deploys each template before and after the fix. Returns how many are deployed before."""
        count = 0
        for name, way, before, after in changed:
            if not self.is_deployed(before.read_bytes(), before.suffix):
                continue
            count += 1
            with self.subTest(name, way=way):
                self.assertTrue(self.is_deployed(after, before.suffix))
        return count

    def is_deployed(self, body, suffix):
        """Whether the emulator creates a stack from the template. The stack is deleted afterwards."""
        type(self).number += 1
        path = self.folder / f"{self.number}{suffix}"
        path.write_bytes(body)
        template, _ = cfnlint.decode.decode(str(path))
        parameters = [{"ParameterKey": name, "ParameterValue": SAMPLES.get(each.get("Type"), "sample")}
                      for name, each in ((template or {}).get("Parameters") or {}).items() if "Default" not in each]
        stack = f"stack-{self.number}"
        try:
            self.cloudformation.create_stack(
                StackName=stack, TemplateBody=body.decode("utf-8-sig"), Parameters=parameters,
                Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            )
            self.cloudformation.get_waiter("stack_create_complete").wait(
                StackName=stack, WaiterConfig={"Delay": 0.05, "MaxAttempts": 100})
        except (ClientError, WaiterError):
            return False
        finally:
            self.cloudformation.delete_stack(StackName=stack)
        return True


if __name__ == "__main__":
    unittest.main()
