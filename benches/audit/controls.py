"""The controls of Security Hub on one emulated account, judged by Prowler and by `logweir runbook`, resource by resource.

moto emulates the account, which the tests of the runbook build (tests/runbook/account.py). Security Hub needs an account on AWS,
so the benchmark applies the documented condition of each control to what ECS describes (source: Security Hub user guide, Amazon
ECS controls).
"""

import contextlib
import json
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.request

import contenders
import measure
from report import Part

EMULATORS = contenders.ROOT / "target/venv-emulators/bin"
BUILD = """
import pathlib, sys
names = {"__name__": "account"}
exec(pathlib.Path(sys.argv[1]).read_text(), names)
names["Account"](sys.argv[2])
"""
DESCRIBE = """
import boto3, json, sys
ecs = boto3.client("ecs", endpoint_url=sys.argv[1])
clusters = ecs.list_clusters()["clusterArns"]
services = [service for cluster in clusters if (arns := ecs.list_services(cluster=cluster)["serviceArns"])
            for service in ecs.describe_services(cluster=cluster, services=arns, include=["TAGS"])["services"]]
definitions = [ecs.describe_task_definition(taskDefinition=family, include=["TAGS"])
               for family in ecs.list_task_definition_families()["families"]]
clusters = ecs.describe_clusters(clusters=clusters, include=["SETTINGS", "TAGS"])["clusters"]
# moto describes only capacity providers that the caller names.
names = sorted({name for cluster in clusters for name in cluster.get("capacityProviders") or [] if not name.startswith("FARGATE")})
print(json.dumps({
    "clusters": clusters, "services": services,
    "definitions": [reply["taskDefinition"] | {"tags": reply.get("tags", [])} for reply in definitions],
    "providers": ecs.describe_capacity_providers(capacityProviders=names)["capacityProviders"] if names else [],
}, default=str))
"""


def of_container(fails):
    return lambda definition: any(fails(container, definition) for container in definition["containerDefinitions"])


def is_windows(definition):
    return definition.get("runtimePlatform", {}).get("operatingSystemFamily", "LINUX").startswith("WINDOWS")


def user(container):
    return container.get("user", "").partition(":")[0].lower()


def without_own_tags(resource):
    return not [tag for tag in resource.get("tags", []) if not tag["key"].startswith("aws:")]


def public(resource):
    return resource.get("networkConfiguration", {}).get("awsvpcConfiguration", {}).get("assignPublicIp") == "ENABLED"


def old_platform(service):
    newest = {"LATEST", "1.0.0" if service.get("platformFamily", "Linux").lower().startswith("windows") else "1.4.0"}
    return service.get("launchType") == "FARGATE" and service.get("platformVersion", "LATEST") not in newest


KEYS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ECS_ENGINE_AUTH_DATA"}

# The controls: the kind of the resource, when it fails, Prowler's check, and the rule of Logweir.
CONTROLS = {
    "ECS.2": ("services", public, "ecs_service_no_assign_public_ip", ["public-address"]),
    "ECS.3": ("definitions", lambda it: it.get("pidMode") == "host", "ecs_task_definitions_host_namespace_not_shared", ["host-pid"]),
    "ECS.4": ("definitions", of_container(lambda it, _: it.get("privileged")), "ecs_task_definitions_no_privileged_containers", ["privileged-container"]),
    "ECS.5": ("definitions", of_container(lambda it, of: not is_windows(of) and not it.get("readonlyRootFilesystem")),
              "ecs_task_definitions_containers_readonly_access", ["writable-root"]),
    "ECS.8": ("definitions", of_container(lambda it, _: any(each["name"] in KEYS for each in it.get("environment", []))),
              "ecs_task_definitions_no_environment_secrets", ["literal-secret"]),
    "ECS.9": ("definitions", of_container(lambda it, _: not it.get("logConfiguration")), "ecs_task_definitions_logging_enabled", ["missing-log-driver"]),
    "ECS.10": ("services", old_platform, "ecs_service_fargate_latest_platform_version", ["old-platform-version"]),
    "ECS.12": ("clusters", lambda it: {"name": "containerInsights", "value": "disabled"} in it.get("settings", []) or not it.get("settings"),
               "ecs_cluster_container_insights_enabled", ["missing-container-insights"]),
    "ECS.13": ("services", without_own_tags, None, ["untagged-service"]),
    "ECS.14": ("clusters", without_own_tags, None, ["untagged-cluster"]),
    "ECS.15": ("definitions", without_own_tags, None, ["missing-tag"]),
    "ECS.17": ("definitions", lambda it: it.get("networkMode") == "host", None, ["host-network"]),
    "ECS.19": ("providers", lambda it: it["autoScalingGroupProvider"].get("managedTerminationProtection") != "ENABLED", None,
               ["missing-termination-protection"]),
    "ECS.20": ("definitions", of_container(lambda it, of: not is_windows(of) and user(it) in ("", "root", "0")), None, ["root-user"]),
    "ECS.21": ("definitions", of_container(lambda it, of: is_windows(of) and user(it) in ("", "containeradministrator")), None,
               ["windows-administrator"]),
}
NAMES = {"services": ("serviceName", "serviceArn"), "definitions": ("family", "taskDefinitionArn"), "clusters": ("clusterName", "clusterArn"),
         "providers": ("name", "capacityProviderArn")}
HEAD = ["control", "resource", "Security Hub, as documented", "Prowler", "`logweir runbook`"]
# The verdicts of Logweir, the worst first.
ORDER = ["fail", "undecidable", "advice", "not-checked", "pass", "not-applicable"]


def judged(binary):
    """Builds the account, runs Prowler and the runbook on it, and returns the verdicts."""
    with moto() as url, tempfile.TemporaryDirectory() as folder:
        subprocess.run([EMULATORS / "python", "-c", BUILD, contenders.ROOT / "tests/runbook/account.py", url], check=True)
        environment = measure.environment(url, folder)
        account = json.loads(subprocess.run([EMULATORS / "python", "-c", DESCRIBE, url], check=True, stdout=subprocess.PIPE, env=environment).stdout)
        runbook = subprocess.run([binary, "runbook", "--format", "json"], capture_output=True, env=environment, cwd=folder)
        prowler(environment, folder)
        return rows(account, by_logweir(json.loads(runbook.stdout)), by_prowler(folder))


def prowler(environment, folder):
    if not contenders.PROWLER.exists():
        return
    checks = [check for _, _, check, _ in CONTROLS.values() if check]
    output = ["--output-formats", "json-ocsf", "--output-directory", folder, "--output-filename", "prowler"]
    command = [contenders.PROWLER, "aws", "--region", "eu-west-1", "--check", *checks, *output, "--ignore-exit-code-3", "--no-banner"]
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=folder)


def by_prowler(folder):
    """Returns the status by check and ARN."""
    report = pathlib.Path(folder) / "prowler.ocsf.json"
    findings = json.loads(report.read_text()) if report.exists() else []
    return {(row["metadata"]["event_code"], row["resources"][0]["uid"]): row["status_code"].lower() for row in findings}


def by_logweir(output):
    """Returns the worst verdict by rule and ARN."""
    worst = {}
    for result in (result for requirement in output["requirements"] for result in requirement["results"]):
        key = (result["rule"], result["resource"]["arn"])
        worst[key] = min((worst.get(key, "not-applicable"), result["verdict"]), key=ORDER.index)
    return worst


def rows(account, logweir, prowler):
    rows = []
    for control, (kind, fails, check, rules) in CONTROLS.items():
        for resource in account[kind]:
            name, arn = (resource[member] for member in NAMES[kind])
            verdicts = [logweir[rule, arn] for rule in rules if (rule, arn) in logweir]
            found = prowler.get((check, arn), "no row") if check else "no check"
            if control == "ECS.10" and "platformFamily" not in resource:
                found = "not measured"  # Prowler's check depends on a member that moto does not return
            rows.append((
                control, f"{kind[:-1].replace('provider', 'capacity provider').replace('definition', 'task definition')} `{name}`",
                "fail" if fails(resource) else "pass", found,
                min(verdicts, key=ORDER.index) if verdicts else "no result",
            ))
    return Part(HEAD, rows, texts=True)


@contextlib.contextmanager
def moto():
    """Starts moto's server on the loopback interface, and yields its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([EMULATORS / "moto_server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        while process.poll() is None:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{url}/moto-api/").close()
                break
            time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()
