"""A template that is made from a task definition has the findings of the task definition, in each style."""

import json
import os
import pathlib
import random
import tempfile
import unittest

import judge
import yaml
from test_hazards import LOGWEIR

COUNT = int(os.environ.get("LOGWEIR_TEST_DEFINITIONS", "60"))
# The maps whose keys are the author's and not CloudFormation's.
FREE = {"options", "dockerLabels"}
STYLES = {
    "block.yaml": lambda template: yaml.dump(template, Dumper=yaml.CSafeDumper, sort_keys=False),
    "flow.yaml": lambda template: yaml.dump(template, Dumper=yaml.CSafeDumper, sort_keys=False, default_flow_style=True, width=10_000),
    "quoted.yaml": lambda template: yaml.dump(template, Dumper=yaml.CSafeDumper, sort_keys=False, default_style='"', indent=4),
    "pretty.json": lambda template: json.dumps(template, indent=2),
    "minified.json": lambda template: json.dumps(template, separators=(",", ":")),
}


class RandomTaskDefinitions(unittest.TestCase):
    maxDiff = None

    def test_have_the_same_findings_in_each_style_of_template(self):
        seed = int(os.environ.get("LOGWEIR_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
        generator = random.Random(seed)
        definitions = [definition(generator, number) for number in range(COUNT)]
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "plain").mkdir()
            for number, each in enumerate(definitions):
                (folder / f"plain/{number:04}.json").write_text(json.dumps(each, indent=2))
            expected = findings(folder / "plain")
            self.assertEqual(len(expected), COUNT)
            self.assertGreater(sum(map(len, expected.values())), COUNT)
            for style, written in STYLES.items():
                (folder / style).mkdir()
                for number, each in enumerate(definitions):
                    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {
                        "TaskDefinition": {"Type": "AWS::ECS::TaskDefinition", "Properties": pascal(each)}}}
                    path = folder / style / f"{number:04}.{style.rpartition('.')[2]}"
                    path.write_text(written(template))
                with self.subTest(style, seed=seed):
                    self.assertEqual(findings(folder / style), expected)


def findings(folder):
    """Returns the findings of each file of a folder."""
    found = {}
    for path, judged in judge.check_all(LOGWEIR, sorted(folder.iterdir()), "eu-west-1").items():
        assert not judged.error, judged.error
        found[path.stem] = sorted((each["rule"], each["container"] or "", each["decided"], each["pointer"].rpartition("/")[2].lower())
                                  for each in judged.findings)
    return found


def definition(generator, number):
    """Returns a task definition with faults, which CloudFormation can express."""
    chosen = generator.choice
    task = {"family": f"family-{number}"}
    if chosen([True, False]):
        task |= {"requiresCompatibilities": [chosen(["FARGATE", "EC2", "EXTERNAL"])], "networkMode": "awsvpc"}
    if chosen([True, False]):
        task["executionRoleArn"] = "arn:aws:iam::111122223333:role/ecs-execution"
    if chosen([True, False]):
        task |= {"cpu": "256", "memory": chosen(["128", "512", "2048"])}
    task["containerDefinitions"] = [container(generator, name) for name in ("app", "proxy", "agent")[:chosen([1, 2, 3])]]
    return task


def container(generator, name):
    chosen = generator.choice
    found = {"name": name, "image": f"registry.example/{name}:1", "essential": True, "dockerLabels": {"Team": "shop", "tier": "web"}}
    if chosen([True, False]):
        found["memory"] = chosen([64, 256, 1024])
    driver = chosen(["awslogs"] * 6 + ["splunk", "json-file", "fluentd", "awsfirelens", None, {}])
    if isinstance(driver, str):
        found["logConfiguration"] = {"logDriver": driver} | ({"options": options(generator, driver)} if chosen([True] * 5 + [False]) else {})
    elif driver is not None:
        found["logConfiguration"] = driver
    return found


def options(generator, driver):
    values = {
        "awslogs-group": ["/ecs/web", "/ecs/web", "aws/reserved", ""], "awslogs-region": ["eu-west-1", "us-east-1", "nowhere"],
        "awslogs-stream-prefix": ["app", "a:b"], "awslogs-create-group": ["true", "false", "True"], "awslogs-datetime-format": ["%Y"],
    } if driver == "awslogs" else {"tag": ["{{.Name}}", "web"], "labels": ["tier"]}
    values |= {"mode": ["non-blocking", "blocking", "Blocking"], "max-buffer-size": ["25m", "1m", "64m", "300m", "lots"]}
    return {name: generator.choice(each) for name, each in values.items() if generator.random() < 0.7}


def pascal(node):
    if isinstance(node, dict):
        return {key[:1].upper() + key[1:]: each if key in FREE else pascal(each) for key, each in node.items()}
    return [pascal(each) for each in node] if isinstance(node, list) else node


if __name__ == "__main__":
    unittest.main()
