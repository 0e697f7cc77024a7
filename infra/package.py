"""What is deployed without SAM: the functions' code as a zip, and the stack as plain CloudFormation.

    package.py --zip FILE FOLDER    what is in the folder; the same content makes the same bytes
    package.py --template FILE ARCH template.yaml without its transform, for code of that architecture, whose place is a parameter
"""

import json
import os
import pathlib
import sys
import time
import zipfile

# The first moment that a zip can tell.
FIRST = 315532800

# Where the code lies; a translation takes no parameter for it.
PLACE = "s3://CodeBucket/CodeKey"

CODE = {
    "CodeBucket": {"Type": "String", "Description": "The bucket that holds the functions' zip, in the stack's Region."},
    "CodeKey": {"Type": "String", "Description": "The zip's key in it; a new key for each version, or CloudFormation sees no change."},
}


def zipped(folder, to):
    """By name, with one time and one mode for each kind of file."""
    at = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", FIRST)))[:6]
    with zipfile.ZipFile(to, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date_time=at)
            entry.create_system = 3  # Unix, whose modes follow
            entry.external_attr = (0o100755 if os.access(path, os.X_OK) else 0o100644) << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def template(architecture):
    """As StackSets take it."""
    import sam

    plain = sam.translated(PLACE)
    for resource in plain["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}}
        # SAM's own notes on how to build.
        resource.pop("Metadata", None)
    plain["Parameters"]["Architecture"]["Default"] = architecture
    plain["Parameters"] |= CODE
    return plain


if __name__ == "__main__":
    what, to, of = sys.argv[1:]
    to = pathlib.Path(to)
    to.parent.mkdir(parents=True, exist_ok=True)
    if what == "--zip":
        zipped(pathlib.Path(of), to)
    else:
        to.write_text(json.dumps(template(of), indent=2) + "\n")
