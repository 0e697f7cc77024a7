"""A trial of Logweir's assumptions on real AWS: `python3 trial`. docs/trial.md describes it.

The trial creates a few resources in an empty account, asks AWS the open questions of docs/fidelity.md, prints a report without
account data, and removes what it created.
"""

import os
import signal
import sys

try:
    import botocore.exceptions
    import botocore.session
except ImportError:
    sys.stderr.write("error: the trial needs boto3; install it: python3 -m pip install boto3\n")
    sys.exit(2)

from aws import Account
from options import USAGE, arguments
from probe import PROBES
from run import DONE, ERROR, Trial


def interrupt(number, frame):
    raise KeyboardInterrupt


def main(given):
    options = arguments(given)
    if options.list:
        print(*(f"{probe.name}: {probe.asks}" for probe in PROBES.values()), sep="\n")
        return DONE
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        session = botocore.session.Session(profile=options.profile)
        # botocore itself does not read AWS_REGION, which the AWS CLI and the other SDKs prefer.
        region = options.region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
        if not region:
            sys.stderr.write("error: name a Region: --region\n")
            return USAGE
        if not session.get_credentials():
            sys.stderr.write("error: no credentials were found; name a profile: --profile\n")
            return ERROR
    except botocore.exceptions.BotoCoreError as error:
        sys.stderr.write(f"error: {error}\n")
        return ERROR
    ask = input if sys.stdin.isatty() else None
    return Trial(options, Account(session, region), ask).main()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
