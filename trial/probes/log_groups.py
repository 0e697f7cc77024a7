"""Probes: how does CloudWatch Logs answer for a log group that is missing or new?"""

from aws import Refused
from probe import no, not_answered, other, probe, yes


def found(bench, name, **by):
    return [each for each in bench.call("logs", "DescribeLogGroups", **by)["logGroups"] if each["logGroupName"] == name]


@probe("missing-log-group", "How does DescribeLogGroups answer for an identifier whose log group does not exist?")
def missing_log_group(bench):
    """Calls DescribeLogGroups with `logGroupIdentifiers` and the name of a log group that does not exist. Counts the log groups
    in the answer."""
    missing = bench.make.name("missing")
    answer = bench.tried("a missing log group", lambda: bench.call("logs", "DescribeLogGroups", logGroupIdentifiers=[missing]))
    if not answer.accepted:
        return other(f"with an error: {answer.message}")
    count = len(answer.answer["logGroups"])
    bench.note("log groups in the answer", count)
    return other("with an empty list" if count == 0 else f"with {count} other log groups")


@probe("log-group-after-create", "Does DescribeLogGroups show a new log group at once?")
def log_group_after_create(bench):
    """Creates a log group. Looks for it by its identifier until it is there, and then by the prefix of its name."""
    name = bench.make.log_group("new")

    def by_identifier():
        try:
            return found(bench, name, logGroupIdentifiers=[name])
        except Refused as refused:
            if refused.code == "ResourceNotFoundException":
                return []
            raise

    lags = [
        bench.until("shown by its identifier", by_identifier),
        bench.until("shown by its prefix", lambda: found(bench, name, logGroupNamePrefix=name)),
    ]
    if None in lags:
        return no("it was not shown within 30 s")
    text = f"by its identifier after {lags[0]} s, then by its prefix after {lags[1]} s"
    return yes(text) if max(lags) < 0.5 else no(text)


@probe("retention-after-create", "Does PutRetentionPolicy work right after CreateLogGroup?")
def retention_after_create(bench):
    """Creates a log group, sets a retention of 30 days until CloudWatch Logs accepts it, and reads the retention."""
    name = bench.make.log_group("retention")

    def accepted():
        put = bench.tried("set", lambda: bench.call("logs", "PutRetentionPolicy", logGroupName=name, retentionInDays=30))
        return put.accepted

    lag = bench.until("accepted", accepted)
    if lag is None:
        return no("CloudWatch Logs did not accept it within 30 s")
    shown = bench.until("shown", lambda: any(
        each.get("retentionInDays") == 30 for each in found(bench, name, logGroupNamePrefix=name)))
    if shown is None:
        return not_answered("CloudWatch Logs accepted it, but did not show it within 30 s")
    text = f"accepted after {lag} s, then shown after {shown} s"
    return yes(text) if lag < 0.5 else no(text)
