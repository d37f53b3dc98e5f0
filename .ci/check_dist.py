"""Say what is in the wheel and the sdist and why; fail on whatever has no reason to be there.

python .ci/check_dist.py DIST
"""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from pathlib import Path

MB = 1 << 20
LARGEST_SHOWN = 5
RELATIVE_LINK = re.compile(
    r"""(?:\]\(|^\[[^\]]+\]:\s*|(?:src|srcset|href)=["'])(?![a-z]+:|\#)""", re.MULTILINE
)


@dataclass(frozen=True)
class Kind:
    """Files that belong together: a pattern of their whole paths, and why they are in."""

    names: str
    why: str


@dataclass(frozen=True)
class Contents:
    """What may be in a distribution, and the most that all of it may weigh, packed."""

    kinds: tuple[Kind, ...]
    most_bytes: int


_ENCODER = r"(?:weak|strong)-[a-z0-9-]+/"


def _shipped(root: str) -> tuple[Kind, ...]:
    folder = f"{root}checkpoints/"
    settings = "config|tokenizer|tokenizer_config|w2s_mol|model.safetensors.index"
    return (
        Kind(rf"{root}data/computed-logp\.csv", "the built-in dataset, of the offline main job"),
        Kind(rf"{folder}{_ENCODER}model(?:-\d+-of-\d+)?\.safetensors", "the shipped encoders"),
        Kind(rf"{folder}{_ENCODER}(?:{settings})\.json", "the shipped encoders"),
        Kind(rf"{folder}{_ENCODER}README\.md", "what each encoder learned, and from what"),
        Kind(f"{folder}(?:README.md|LICENSE|SHA256SUMS)", "licence and hashes of the weights"),
    )


_PACKAGE = (
    Kind(r"w2s_mol/(?:[a-z_]+/)*[a-z0-9_]+\.py", "the program"),
    Kind(
        r"w2s_mol/report/templates/report\.(?:html\.j2|md\.j2|css|js)", "what a report is made from"
    ),
    Kind(r"w2s_mol/py\.typed", "says that the library's types may be relied on"),
)
_INFO = r"w2s_mol-[^/]+\.dist-info/"
WHEEL = Contents(
    kinds=(
        *_PACKAGE,
        *_shipped("w2s_mol/_shipped/"),
        Kind(rf"{_INFO}(?:METADATA|RECORD|WHEEL|entry_points\.txt)", "for installers"),
        Kind(rf"{_INFO}licenses/(?:checkpoints/)?LICENSE", "the licences"),
    ),
    most_bytes=27 * MB,
)
_PAGES = "md|csv|png|svg|json|html|css"
SDIST = Contents(
    kinds=(
        *_PACKAGE,
        *_shipped(""),
        Kind(r"pyproject\.toml|PKG-INFO|\.gitignore", "how the wheel is made of it"),
        Kind(r"LICENSE|CITATION\.cff|[A-Z]+\.md", "what it is and what may be done with it"),
        Kind(r"Makefile|constraints(?:-oldest)?\.txt|mkdocs\.yml", "to build, test and check it"),
        Kind(r"\.ci/[a-z_]+(?:\.py)?", "the same, by machines"),
        Kind(r"\.github/(?:[A-Za-z_]+/)*[a-z]+\.yml", "the same, by machines"),
        Kind(r"tests/(?:[a-z0-9_]+/)*[a-z0-9_]+\.py", "the tests"),
        Kind(r"tests/golden/[a-z0-9-]+\.(?:csv|txt)", "numbers that tests compare with"),
        Kind(rf"docs/(?:[a-z0-9-]+/)*[a-zA-Z0-9-]+\.(?:{_PAGES})", "the documentation"),
        Kind(r"docs/[a-z]+\.py", "what makes pages of the program"),
        Kind(r"examples/[a-z_]+\.ipynb", "notebooks, which tests run"),
        Kind(r"benchmarks/[a-z0-9_]+\.py", "what its numbers were measured with"),
    ),
    most_bytes=30 * MB,
)


def without_reason(names: list[str], contents: Contents) -> list[str]:
    """Return the files that are of no kind."""
    return [n for n in names if not any(re.fullmatch(kind.names, n) for kind in contents.kinds)]


def lacking(names: list[str], contents: Contents) -> list[str]:
    """Return the kinds of which there is no file."""
    return [k.names for k in contents.kinds if not any(re.fullmatch(k.names, n) for n in names)]


def relative_links(text: str) -> list[str]:
    """Return the lines of a description that point at what an index has not."""
    return [line for line in text.splitlines() if RELATIVE_LINK.search(line)]


def files_of(distribution: Path) -> dict[str, int]:
    """Return the sizes of a distribution's files; a sdist's names are without its one folder."""
    if distribution.suffix == ".whl":
        with zipfile.ZipFile(distribution) as wheel:
            return {one.filename: one.file_size for one in wheel.infolist() if not one.is_dir()}
    with tarfile.open(distribution) as sdist:
        return {one.name.split("/", 1)[1]: one.size for one in sdist if not one.isdir()}


def metadata_of(distribution: Path) -> Message:
    """Return what an index is told of a wheel."""
    with zipfile.ZipFile(distribution) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(wheel.read(name))


def faults_of(distribution: Path, contents: Contents) -> Iterator[str]:
    """Yield what is wrong with a distribution."""
    names = list(files_of(distribution))
    for name in without_reason(names, contents):
        yield f"{name} is in it without a reason: {Path(__file__).name} lists what may be"
    for pattern in lacking(names, contents):
        yield f"there is no file of {pattern}"
    size = distribution.stat().st_size
    if size > contents.most_bytes:
        most = contents.most_bytes / MB
        yield f"{size / MB:.1f} MB, more than {most:.0f}: see checkpoints/README.md"
    if distribution.suffix == ".whl":
        text = str(metadata_of(distribution).get_payload())
        for line in relative_links(text):
            yield f"the description has a link that leads nowhere on an index: {line}"


def summary(distribution: Path, contents: Contents) -> str:
    """Return what is in a distribution and why, with its largest files."""
    sizes = files_of(distribution)
    lines = [f"{distribution.name}: {distribution.stat().st_size / MB:.1f} MB, {len(sizes)} files"]
    reasons: dict[str, list[int]] = {}
    for kind in contents.kinds:
        reasons.setdefault(kind.why, []).extend(
            size for name, size in sizes.items() if re.fullmatch(kind.names, name)
        )
    for why, found in reasons.items():
        lines.append(f"  {len(found):5d} files {sum(found) / MB:6.2f} MB  {why}")
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:LARGEST_SHOWN]
    lines.append("  largest: " + ", ".join(f"{n} {sizes[n] / MB:.2f} MB" for n in largest))
    return "\n".join(lines)


def main(folder: Path) -> int:
    """Check the one wheel and the one sdist of a folder, and return how many faults they have."""
    [wheel], [sdist] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    faults = []
    for distribution, contents in ((wheel, WHEEL), (sdist, SDIST)):
        print(summary(distribution, contents))
        faults += [f"{distribution.name}: {text}" for text in faults_of(distribution, contents)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return len(faults)


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1])), 1))
