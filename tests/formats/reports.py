"""The reports that the tests read: one run of `logweir check` for each situation, with an output in every format."""

import functools
import json
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = os.environ.get("LOGWEIR", str(ROOT / "target/debug/logweir"))
FORMATS = ("text", "json", "sarif", "junit", "github", "github-summary", "gitlab", "csv", "markdown", "ocsf", "asff", "html")
FOLDER = tempfile.TemporaryDirectory()
FOLDERS = {}

# No byte of these may be in an output.
SECRETS = ("CANARY-ENV", "CANARY-OPTION")


def good(family="good"):
    """A task definition without a finding."""
    options = {"awslogs-group": f"/ecs/{family}", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app",
               "mode": "non-blocking", "max-buffer-size": "25m"}
    return {"family": family, "executionRoleArn": "arn:aws:iam::111122223333:role/exec", "containerDefinitions": [
        {"name": "app", "image": "nginx", "logConfiguration": {"logDriver": "awslogs", "options": options}}]}


def without_logs(family, containers):
    names = [{"name": f"c{number}", "image": "nginx"} for number in range(containers)]
    return {"family": family, "executionRoleArn": "arn:aws:iam::111122223333:role/exec", "containerDefinitions": names}


def files(situation):
    """The files of a situation, by their paths."""
    hostile = (HERE / "hostile.json").read_text()
    return {
        "hostile": {"a b%,:;&<'é.json": hostile, "infra/web.json": json.dumps(good("web"), indent=2)},
        "fine": {"web.json": json.dumps(good())},
        "broken": {"web.json": "{\"family\": \"web\",\n \"containerDefinitions\": [}", "good.json": json.dumps(good())},
        "many": {"many.json": json.dumps([without_logs(f"f{number}", 10) for number in range(25)], indent=1)},
    }[situation]


def run(folder, *arguments, more=None):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOGWEIR"))}
    environment |= {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
                    "AWS_EC2_METADATA_DISABLED": "true", "SOURCE_DATE_EPOCH": "1764547200"} | (more or {})
    return subprocess.run([PROGRAM, *arguments], cwd=folder, env=environment, capture_output=True, timeout=120)


@functools.cache
def report(situation):
    """The outputs of a situation: the bytes of each format, and the exit code as `exit`."""
    folder = pathlib.Path(FOLDER.name) / situation
    for name, text in files(situation).items():
        path = folder / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    outputs = [argument for name in FORMATS for argument in ("--output", f"{name}={folder / name}")]
    ran = run(folder / "work", "check", ".", "--baseline", str(HERE / "hostile.toml"), "--region", "eu-west-1",
              "--account", "111122223333", *outputs)
    assert ran.returncode in (0, 1, 2), ran
    FOLDERS[situation] = folder
    return {name: (folder / name).read_bytes() for name in FORMATS} | {"exit": ran.returncode}


RUNBOOK_FORMATS = ("text", "json", "markdown", "csv", "ocsf", "asff", "sarif", "html")

ECR = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:" + "a" * 64


# A text that tries to be an element, a mark, or a command of a terminal.
ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`|\u202e\u001b[31m"


def runbook_files(situation):
    """The files of a situation of the runbook: hostile names, and one of the targets is not JSON; or a good one."""
    attack = ATTACK + "\r\n::error::"
    hostile = {"name": "=cmd|" + attack, "image": "ghcr.io/a/b:1", "user": "0", "privileged": True,
               "environment": [{"name": "AWS_SECRET_ACCESS_KEY", "value": "CANARY-ENV"},
                               {"name": "TOKEN" + attack, "value": "CANARY-ENV"}],
               "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "CANARY-OPTION"}}}
    good = {"name": "app", "image": ECR, "user": "1000", "readonlyRootFilesystem": True,
            "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
            "logConfiguration": {"logDriver": "awslogs", "options": {}}}
    definition = {"family": "web", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
                  "taskRoleArn": "arn:aws:iam::111122223333:role/web", "containerDefinitions": [good]}
    bad = {"family": "-2+3" + attack, "pidMode": "host", "containerDefinitions": [hostile, {"name": "b", "image": "nginx"}]}
    return {"runbook-hostile": {"a b%,:;&<'é.json": json.dumps([bad, definition], indent=1), "broken.json": "{"},
            "runbook-fine": {"web.json": json.dumps(definition)}}[situation]


@functools.cache
def runbook(situation):
    """The outputs of `logweir runbook` in a situation: the bytes of each format, and the exit code as `exit`."""
    folder = pathlib.Path(FOLDER.name) / situation
    for name, text in runbook_files(situation).items():
        path = folder / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    outputs = [argument for name in RUNBOOK_FORMATS for argument in ("--output", f"{name}={folder / name}")]
    ran = run(folder / "work", "runbook", *sorted(runbook_files(situation)), "--region", "eu-west-1", "--account",
              "111122223333", *outputs)
    assert ran.returncode in (0, 1, 2), ran
    FOLDERS[situation] = folder
    return {name: (folder / name).read_bytes() for name in RUNBOOK_FORMATS} | {"exit": ran.returncode}


def runbook_results(situation):
    """Each result with its requirement."""
    sheet = json.loads(runbook(situation)["json"])
    return [(of, result) for of in sheet["requirements"] for result in of["results"]]


def data(situation):
    return json.loads(report(situation)["json"])


def path(target):
    """The path of a target, as outputs for repositories have it."""
    return os.path.normpath(target["file"])


def findings(situation):
    return [(target, finding) for target in data(situation)["targets"] for finding in target["findings"]]


def decided(situation):
    return [(target, finding) for target, finding in findings(situation) if finding["decided"] != "unknown"]
