"""The text that the user reads before the first call that creates a resource: the resources of the trial and their cost."""

from making import LIMITS

# Prices in USD of the Region us-east-1, for services that an account may have turned on for all resources and events.
# https://aws.amazon.com/config/pricing/ (a configuration item) and https://aws.amazon.com/cloudtrail/pricing/ (a management
# event in a second copy of a trail).
CONFIGURATION_ITEM = 0.003
RECORDED_EVENT = 2 / 100_000
WRITES_EACH = 4  # created, changed and removed


def most_expensive():
    """Returns the cost if AWS Config records every change and a second trail records every call that changes something."""
    changes = sum(LIMITS.values()) * WRITES_EACH
    return changes * (CONFIGURATION_ITEM + RECORDED_EVENT)


def text(run, account, region, probes, minutes):
    return f"""This trial asks {len(probes)} questions about AWS in account {account}, Region {region}.

The trial creates the following resources, with names that begin with {run}:
  at most {LIMITS['registration']} revisions of task definitions, which no task uses
  at most {LIMITS['log-group']} log groups, which stay empty
  at most {LIMITS['cluster']} clusters and {LIMITS['service']} services, which run no task
  at most {LIMITS['role']} IAM role, which has no permissions
The trial changes no other resource. At its end, and after Ctrl-C, the trial removes all of these resources.
Three things stay, because AWS does not delete them: the events in CloudTrail's event history, the names of deleted clusters
and families, and the role AWSServiceRoleForECS, which ECS creates in an account that has never used ECS.

Cost: these resources cost nothing, because no task runs and no log data is written. If AWS Config or another trail of this
account records every change, AWS charges for these records: at most {most_expensive():.2f} USD at the prices of us-east-1.
Time: about five minutes, and up to {minutes} minutes more until CloudTrail shows its records (--skip-trail).
"""
