"""The probes, in the order in which the trial asks them. The probes about CloudTrail come last, because its records are late."""

from probes import registration, sizes, visibility, withdrawal, services, log_groups, unanswerable, trail  # noqa: F401
