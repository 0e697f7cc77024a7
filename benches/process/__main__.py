"""Compares the function as a process with the same function in Python with boto3 (`handler.py`), in one interleaved run.

    python3 benches/process [--runs 40] [--json FILE] [--write docs/performance.md]
    python3 benches/process --smoke BINARY

Both use only the loopback interface: a Runtime API like Lambda's, and over TLS an account that answers as ECS and CloudWatch
Logs do. The benchmark measures the existing release build of the function, which `make bench` builds first. With `--smoke` it
starts each function twice, makes the checks that precede the timing, and prints no figures.
"""

import argparse
import collections
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # keeps Python from writing caches beside the sources

import fixtures
import loopback
import report

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VENV, LOGS = ROOT / "target/venv-bench", ROOT / "target/bench"
CONTENDERS = {
    "logweir": [ROOT / f"target/{platform.machine()}-unknown-linux-gnu/function/bootstrap"],
    "python": [VENV / "bin/python", ROOT / "benches/process/handler.py"],
}
INVOCATIONS = 100
PATIENCE_SECONDS = 30

# The allowed calls for a compliant revision, and the calls that open the connections.
EACH_COMPLIANT = {"DescribeTaskDefinition": 1, "DescribeLogGroups": 1}
WARMING = {"ListAccountSettings": 1, "DescribeLogGroups": 1}
# Logweir's function also compares the published baseline with its own, and publishes it at its first start.
PUBLISHING = {"logweir": ({"GetItem": 1}, {"GetItem": 1, "PutItem": 1}), "python": ({},)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=40, help="start each function this often (default: 40, at least 20)")
    arguments.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write every sample to this file")
    arguments.add_argument("--write", type=pathlib.Path, metavar="PAGE", help="update the figures in this page")
    arguments.add_argument("--smoke", type=pathlib.Path, metavar="BINARY", help="only check that the benchmark runs with this binary")
    options = arguments.parse_args()
    if options.runs < 20:
        arguments.error("--runs: fewer than 20 starts give no reliable figures")
    if options.smoke:
        CONTENDERS["logweir"] = [options.smoke.resolve()]
    [binary] = CONTENDERS["logweir"]
    if not binary.exists():
        sys.exit(f"error: {binary} does not exist; run make bench")
    subprocess.run(["make", "--silent", "-C", ROOT, VENV.relative_to(ROOT) / "stamp"], check=True, stdout=sys.stderr)
    LOGS.mkdir(parents=True, exist_ok=True)
    if options.smoke:
        samples = measure(2)
        return print(f"both do the same work, {len(samples['logweir'])} starts each")
    if (load := os.getloadavg()[0]) > 0.5:
        print(f"warning: the machine is busy (load {load:.1f}), so the figures are not reliable", file=sys.stderr)

    samples = measure(options.runs)
    result = report.result(ROOT, VENV / "bin/python", samples, binary.stat().st_size, EACH_COMPLIANT)
    print(report.markdown(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    if options.write:
        report.renew(options.write, result)


def measure(runs):
    """Returns a list of samples for each contender, one for each process start."""
    with tempfile.TemporaryDirectory() as folder:
        roots = next(VENV.glob("lib/python*/site-packages/botocore/cacert.pem"))
        server, trusted = loopback.certificates(folder, roots)
        account = loopback.Account(fixtures.TASK_DEFINITIONS, fixtures.LOG_GROUPS, server)
        api = loopback.RuntimeApi()
        env = environment(api, account, trusted)

        compliant = fixtures.event(fixtures.COMPLIANT)
        for contender in CONTENDERS:  # also fills the page cache
            run(contender, [compliant] * INVOCATIONS, api, account, env)
        must_say_the_same(*(faults(contender, api, account, env) for contender in CONTENDERS))

        samples = {contender: [] for contender in CONTENDERS}
        for number in range(runs):
            for contender in sorted(CONTENDERS, reverse=number % 2):
                sample, answers, calls = run(contender, [compliant] * INVOCATIONS, api, account, env)
                must_be_compliant(contender, answers, calls)
                samples[contender].append(sample)
        return samples


def run(contender, events, api, account, env):
    """Runs one process from start to end. Returns its sample, its answers, and its calls for the events."""
    api.reset()
    account.calls.clear()
    command = CONTENDERS[contender]
    log = LOGS / f"{contender}.log"
    output = [
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    started = time.monotonic_ns()
    process = os.posix_spawn(command[0], command, env, file_actions=output)
    try:
        if not api.polled.wait(PATIENCE_SECONDS):
            sys.exit(f"error: {contender} does not poll for an event; see {log.relative_to(ROOT)}")
        allowed = [WARMING | publishing for publishing in PUBLISHING[contender]]
        must(account.calls in allowed, f"{contender} made {dict(account.calls)} before its first poll")
        account.calls = collections.Counter()
        api.deliver(events)
        if not api.finished.wait(PATIENCE_SECONDS):
            sys.exit(f"error: {contender} does not answer; see {log.relative_to(ROOT)}")
        memory = peak_memory(process)
    finally:
        os.kill(process, signal.SIGKILL)
        _, _, usage = os.wait4(process, 0)
        api.release()
    took = [answered - given for given, answered in zip(api.given, api.answered)]
    sample = {
        "first_poll_ms": (api.first_poll - started) / 1e6,
        "first_invocation_ms": took[0] / 1e6,
        "first_answer_ms": (api.first_poll - started + took[0]) / 1e6,
        "last_invocation_ms": took[-1] / 1e6,
        "cpu_ms": (usage.ru_utime + usage.ru_stime) * 1e3,
        "memory_mib": memory / 1024,
    }
    return sample, api.answers, account.calls


def peak_memory(process):
    """Returns the peak memory in KiB. ru_maxrss is unsuitable, because a spawned process starts with its parent's value."""
    for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])


def environment(api, account, trusted):
    """Returns the variables that Lambda and template.yaml set, and the loopback endpoints. Passes on none of the caller's."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_REGION": loopback.REGION,
        "AWS_DEFAULT_REGION": loopback.REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": "logweir-remediator",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/logweir-remediator",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/21/[$LATEST]0",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.port}",
        "AWS_ENDPOINT_URL": f"https://127.0.0.1:{account.port}",
        "SSL_CERT_FILE": str(trusted),
        "AWS_CA_BUNDLE": str(trusted),
        "LOGWEIR_ROLE": "remediate",
        "LOGWEIR_MODE": "observe",
        "LOGWEIR_BASELINE": str(ROOT / "infra/baseline.toml"),
        "LOGWEIR_JOURNAL": "dynamodb:logweir-journal",
        "LOGWEIR_OWN_ROLES": f"arn:aws:iam::{loopback.ACCOUNT}:role/logweir-remediator",
    }


def faults(contender, api, account, env):
    """Returns a contender's report on a revision with one fault of each kind."""
    _, [(kind, answer)], _ = run(contender, [fixtures.event(fixtures.FAULTY)], api, account, env)
    must(kind == "response", f"{contender} answered {answer}")
    return {key: answer.get(key) for key in ("outcome", "source", "rules", "changes", "log_groups")}


def must_say_the_same(one, other):
    must(one["outcome"] == "observed" and one["rules"] == fixtures.FAULTS, f"wrong report on the faulty revision: {one}")
    must(one == other, f"the contenders do not do the same work:\n{one}\n{other}")


def must_be_compliant(contender, answers, calls):
    for kind, answer in answers:
        right = kind == "response" and answer["outcome"] == "compliant" and answer["aws_calls"] == len(EACH_COMPLIANT)
        must(right and answer["source"] == fixtures.COMPLIANT["taskDefinitionArn"], f"{contender} answered {answer}")
    expected = {operation: count * INVOCATIONS for operation, count in EACH_COMPLIANT.items()}
    must(calls == expected, f"{contender} made {dict(calls)} for {INVOCATIONS} compliant revisions")


def must(holds, otherwise):
    if not holds:
        sys.exit(f"error: check failed before the timing: {otherwise}")


if __name__ == "__main__":
    main()
