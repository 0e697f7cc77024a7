"""The task definitions of the probes. No task runs, so the image is never pulled."""

IMAGE = "busybox"


def document(bench, suffix, *containers, **members):
    return {"family": bench.make.name(suffix), "containerDefinitions": list(containers) or [container()], **members}


def container(name="app", **members):
    return {"name": name, "image": IMAGE, "memory": 64, "essential": True, **members}


def awslogs(bench, **options):
    """Returns a container whose log configuration ECS accepts. An option that is None is left out."""
    accepted = {
        "awslogs-group": bench.make.name("app"),
        "awslogs-region": bench.account.region,
        "awslogs-stream-prefix": "app",
    }
    options = {name: value for name, value in (accepted | options).items() if value is not None}
    return container(logConfiguration={"logDriver": "awslogs", "options": options})


def fargate(bench, suffix, *containers, **members):
    size = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512"}
    return document(bench, suffix, *containers, **size, **members)


def options_of(definition):
    return definition["containerDefinitions"][0]["logConfiguration"].get("options", {})
