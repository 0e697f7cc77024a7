"""Open points that a trial without tasks, and without changes to the account's settings, cannot answer."""

from probe import NOT_ANSWERABLE, Answer, probe

POINTS = [
    ("eventbridge-latency", "How long does an event take from CloudTrail to EventBridge?",
     "EventBridge receives the events of CloudTrail only from a trail, and a trail needs a bucket that the trial would leave full"),
    ("resource-level-register", "Can IAM limit RegisterTaskDefinition to a family?",
     "the answer needs a role that may register task definitions, and the trial creates no role with permissions"),
    ("setting-of-service-tasks", "Which principal's `defaultLogDriverMode` applies to the tasks of a service?",
     "the answer needs running tasks"),
    ("exec-stream-name", "What is the name of the log stream of an ECS Exec session?",
     "the answer needs a running task"),
    ("denied-pass-role", "With which message does ECS refuse a role that the caller may not pass?",
     "the answer needs a caller without this permission"),
    ("throttling", "How does ECS answer when its rate limits are exceeded?",
     "the same rate limits apply to all other callers of the account"),
    ("account-retention-policy", "How does an account-level retention policy change the retention of a log group?",
     "such a policy would apply to log groups that the trial did not create"),
    ("forbidden-key", "How does CloudWatch Logs refuse a KMS key that it may not use?",
     "a KMS key costs money, and can be deleted only after a week"),
    ("token-lifetime", "For how long does ECS accept the token of ListTaskDefinitionFamilies?",
     "the answer may take more than an hour"),
    ("scheduler-records", "What does CloudTrail's record of an EventBridge Scheduler call contain?",
     "a schedule would start tasks, and the trial starts no task"),
    ("trusted-advisor-check", "What does the check of Trusted Advisor for awslogs in blocking mode say?",
     "the checks need a support plan that an empty account does not have"),
]


def add(name, asks, reason):
    def unanswerable(bench):
        """Makes no call."""
        return Answer(NOT_ANSWERABLE, reason)
    unanswerable.__module__ = __name__
    probe(name, asks)(unanswerable)


for point in POINTS:
    add(*point)
