"""A stack as it is to be: its template, and the code that the template refers to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from customlabels.core.addresses import S3Address, join_key
from customlabels.core.files import written_aside


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that is deployed, shown, rendered and removed.

    Parameters
    ----------
    template : YAML or JSON
    folder : of the bucket, where code lies, and a template that is too long for a call
    code : bodies by their keys in the folder's bucket, which are made of their content
    kms_key : that encrypts both; None leaves that to the bucket
    """

    name: str
    template: str
    folder: S3Address
    code: Mapping[str, bytes]
    kms_key: str | None = None

    def in_folder(self, name: str) -> S3Address:
        return S3Address(self.folder.bucket, join_key(self.folder.key, name))

    @property
    def ending(self) -> str:
        """That of a file with the template."""
        return ".json" if self.template.lstrip().startswith("{") else ".yaml"


def render(stack: Stack, to: Path, names: Mapping[str, str] | None = None) -> list[Path]:
    """Writes template and code into a folder, for teams that deploy with tools of their own; the files' paths.

    Parameters
    ----------
    names : of files by keys of the code, where they are not to be the ends of the keys
    """
    bodies = {f"template{stack.ending}": stack.template.encode()}
    bodies |= {(names or {}).get(key, key.rpartition("/")[2]): body for key, body in stack.code.items()}
    return write_files(to, bodies)


def write_files(to: Path, bodies: Mapping[str, bytes]) -> list[Path]:
    """Writes files into a folder, each whole or not at all; their paths."""
    to.mkdir(parents=True, exist_ok=True)
    for name, body in bodies.items():
        with written_aside(to / name) as file:
            file.write(body)
    return [to / name for name in bodies]
