"""Writes the files for a deployment without SAM: the functions' code as a zip, and the stack in plain CloudFormation.

    package.py --zip FILE FOLDER    zips the folder; the same content always gives the same bytes
    package.py --template FILE ARCH writes template.yaml without its transform; parameters give the location of the code
"""

import json
import os
import pathlib
import sys
import time
import zipfile

# The earliest time that a zip can store, in seconds since 1970.
FIRST = 315532800

# A placeholder for the location of the code, because the translation accepts no parameters as the location.
PLACE = "s3://CodeBucket/CodeKey"

CODE = {
    "CodeBucket": {"Type": "String", "Description": "The bucket that holds the functions' zip, in the stack's Region."},
    "CodeKey": {"Type": "String", "Description": "The zip's key in CodeBucket. Use a new key for each version of the code."},
}


def zipped(folder, to):
    """Writes the zip. Its files are sorted by name, and have one time and, for each kind of file, one mode."""
    at = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", FIRST)))[:6]
    with zipfile.ZipFile(to, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date_time=at)
            entry.create_system = 3  # Unix, so that external_attr holds a file mode
            entry.external_attr = (0o100755 if os.access(path, os.X_OK) else 0o100644) << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def template(architecture):
    """Returns the template in plain CloudFormation, because StackSets accept no transform."""
    import sam

    plain = sam.translated(PLACE)
    for resource in plain["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}}
        # Only SAM uses the metadata, which says how to build the function.
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
