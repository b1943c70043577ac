"""Fetches the packages of vendored.toml with npm, checks them, and puts their files in place."""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final[list[dict[str, Any]]] = tomllib.loads(
    Path(__file__).with_name("vendored.toml").read_text("utf-8")
)["package"]


def main() -> None:
    """Replace all vendored files; exit with a message if one is not what was pinned."""
    for package in PACKAGES:
        for file, content in contents_of(package):
            if sha256_of(content) != file["sha256"]:
                sys.exit(f"{file['target']} would have the SHA-256 {sha256_of(content)}")
            target = ROOT / file["target"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def contents_of(package: dict[str, Any]) -> list[tuple[dict[str, str], bytes]]:
    """Return the files of a package that are kept, each with its content."""
    name = f"{package['name']}@{package['version']}"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", name], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        [archive] = Path(folder).iterdir()
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != package["integrity"]:
            sys.exit(f"{name} has the integrity sha512-{digest}")
        with tarfile.open(archive) as members:
            return [(file, read(members, file["member"])) for file in package["file"]]


def read(members: tarfile.TarFile, name: str) -> bytes:
    """Return the content of a member of an archive of npm."""
    member = members.extractfile(f"package/{name}")
    assert member is not None, f"{name} is no file"
    return member.read()


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of some bytes, as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main()
