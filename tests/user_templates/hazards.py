"""The templates in `hazards/`: one hazard each, with the verdict and the fixed text that a careful person would write.

A folder has the input (the one file that is named after no purpose below), `verdict.toml`, and, if `logweir fix --in-place`
changes the input, `fixed.*`; if `--unsafe` changes more, also `fixed-unsafe.*`. The keys of `verdict.toml`:

- `question`: what the hazard asks
- `arguments`: further arguments of `logweir check`
- `finding`: the findings, with `rule`, `container`, `line` and `resource` where they are known, and `decided` if it is not `yes`
- `unknown`: the values that are not known, with `rule`, `line` or `resource`
- `error`: whether Logweir must not read the file; `nothing`: whether it has nothing to judge
- `says`, `silent`: texts that the output contains, or must not contain
- `fix`: `refused` if the file must stay as it is, with another exit code than 0; `fix-says`: texts of the output then
- `construct`: the beginning of the path of the construct of the CDK
- `lint`: `false` if the file is no template that cfn-lint reads
"""

import dataclasses
import functools
import pathlib
import shutil
import tomllib

FOLDER = pathlib.Path(__file__).resolve().parent / "hazards"


@dataclasses.dataclass(eq=False)
class Hazard:
    folder: pathlib.Path

    @property
    def name(self):
        return self.folder.name

    @functools.cached_property
    def verdict(self):
        return tomllib.loads((self.folder / "verdict.toml").read_text())

    @property
    def arguments(self):
        return self.verdict.get("arguments", [])

    @property
    def input(self):
        names = ("template.yaml", "template.json", "main.tf", "plan.json")
        return next(self.folder / name for name in names if (self.folder / name).exists())

    def expected(self, purpose):
        """Returns the expected bytes after a fix: `fixed`, or `fixed-unsafe`."""
        for name in [purpose, "fixed"] if purpose == "fixed-unsafe" else [purpose]:
            for path in self.folder.glob(f"{name}.*"):
                return path.read_bytes()
        return self.input.read_bytes()

    def copy(self, to):
        """Copies the input, and the files to which it refers, to a folder. Returns the path of the copy."""
        to.mkdir()
        for path in self.folder.iterdir():
            if path.name != "verdict.toml" and not path.name.startswith("fixed"):
                shutil.copy(path, to)
        return to / self.input.name


def every():
    return [Hazard(folder) for folder in sorted(FOLDER.iterdir())]
