"""What the tool can fetch: addresses, sizes, hashes, licences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from w2s_mol import paths
from w2s_mol.datasets import moleculeace
from w2s_mol.datasets.moleculeace import EVERY_SET, MOLECULEACE
from w2s_mol.errors import unknown_name

_CHEMBENCH_COMMIT = "0b10d4c1ac72b6929503694a5f60446824736391"
_CHEMBENCH_URL = (
    "https://raw.githubusercontent.com/shenwanxiang/ChemBench/"
    f"{_CHEMBENCH_COMMIT}/src/chembench/data_and_index/"
)
_FIGSHARE = "https://ndownloader.figshare.com/files/"


@dataclass(frozen=True)
class SourceFile:
    """One file to fetch.

    Attributes
    ----------
    path
        Where it lies in a mirror and in the tool's own folder.
    urls
        Addresses, tried in turn.
    size, sha256
        In bytes and in hex; None where nobody published them. A file without a published hash is
        held to the one it had when it was first fetched.
    holds
        Ends of the names of members that a zip must hold to count as the file.
    """

    path: str
    urls: tuple[str, ...]
    size: int | None = None
    sha256: str | None = None
    holds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A named set of files with one origin."""

    name: str
    what: str
    origin: str
    licence: str
    files: tuple[SourceFile, ...]

    @property
    def size(self) -> int | None:
        """Return the bytes of all files, None where unknown."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size or 0 for size in sizes)


_CHEMBENCH_FILES: dict[str, tuple[int, str]] = {
    "BACE/BACE.csv.gz": (
        12_736,
        "5f0f81e1069babe3eb27362b3b49069b28f3f5cc0315cd10b732fd2b112ae726",
    ),
    "BACE/BACE.scaffold122.ind.pkl": (
        4_853,
        "fe93d61fcf3a0a2615dfe07c8d5c0cbc5ee2c4da753bc7eda9aa8ccefd6415eb",
    ),
    "BACE/BACE.scaffold123.ind.pkl": (
        4_853,
        "fe93d61fcf3a0a2615dfe07c8d5c0cbc5ee2c4da753bc7eda9aa8ccefd6415eb",
    ),
    "BACE/BACE.scaffold124.ind.pkl": (
        4_853,
        "fe93d61fcf3a0a2615dfe07c8d5c0cbc5ee2c4da753bc7eda9aa8ccefd6415eb",
    ),
    "BBBP/BBBP.csv.gz": (
        31_355,
        "698918057e09753782f4307c177b2af8f2eb31b63bc77198ec37d8c44c38cd7e",
    ),
    "BBBP/BBBP.scaffold122.ind.pkl": (
        6_431,
        "b132bccdc116cfeac541e3f6bf3949fbefccc12d58193495fe7331a199d1d325",
    ),
    "BBBP/BBBP.scaffold123.ind.pkl": (
        6_431,
        "b132bccdc116cfeac541e3f6bf3949fbefccc12d58193495fe7331a199d1d325",
    ),
    "BBBP/BBBP.scaffold124.ind.pkl": (
        6_431,
        "b132bccdc116cfeac541e3f6bf3949fbefccc12d58193495fe7331a199d1d325",
    ),
    "ESOL/ESOL.csv.gz": (
        10_220,
        "3eb977a01fd9cf0404f95602aaf80172a167b3c61ab846382c87d655cf7b8e89",
    ),
    "ESOL/ESOL.random122.ind.pkl": (
        3_696,
        "ebac56b86a6cad416aec254c1c30c7733409998807033c080b01a49453a2b283",
    ),
    "ESOL/ESOL.random123.ind.pkl": (
        3_696,
        "e48b49761171b8358734d8b1881090bb60811b09ee04aee24313df2d3c328080",
    ),
    "ESOL/ESOL.random124.ind.pkl": (
        3_696,
        "07591375f16b39609622fd879db3300692bcd70886d5e9bebee4f0fc68f8f1b9",
    ),
    "FreeSolv/FreeSolv.csv.gz": (
        4_413,
        "46f3df3dbfc65282bdbe01d9d653c625fb8db4ea9528e39c75e8837e04a9ca5a",
    ),
    "FreeSolv/FreeSolv.random122.ind.pkl": (
        2_238,
        "8a93ced2f63e6c794348ee0de4e6bb64b2d9b96e8c7c1c7322c75f1d5d545942",
    ),
    "FreeSolv/FreeSolv.random123.ind.pkl": (
        2_238,
        "307655abc9cf4b39bc5681d28b8601e8af1f51dc51bd09960e3de1718a5e3b07",
    ),
    "FreeSolv/FreeSolv.random124.ind.pkl": (
        2_238,
        "7fa0e2e0e3bec941013badd2f4c1a9f46decf328171a6baa44a2829ebf32cb5f",
    ),
    "Lipop/Lipop.csv.gz": (
        56_116,
        "34280f0adde234bcf477bd98878c9918c9ea51ed859c9efdc31917c6e5ecd758",
    ),
    "Lipop/Lipop.random122.ind.pkl": (
        12_918,
        "bf7acb177e080caf2be9ee220f479f8ea91e0039ff4867a7281753a2fce24a7d",
    ),
    "Lipop/Lipop.random123.ind.pkl": (
        12_918,
        "afaed4c6d95b64ac64e8fb760b6de516802008965befe1601b3664303119a0e8",
    ),
    "Lipop/Lipop.random124.ind.pkl": (
        12_918,
        "2b48a41ccc39b622bbb74f18331ca9d9513190eec2de29144ce2bc7d47ef7ef3",
    ),
}


def _chembench(folder: str, what: str) -> Source:
    files = tuple(
        SourceFile(f"chembench/{path}", (_CHEMBENCH_URL + path,), size, sha256)
        for path, (size, sha256) in _CHEMBENCH_FILES.items()
        if path.startswith(f"{folder}/")
    )
    return Source(folder.lower(), what, "ChemBench", "MIT-style", files)


def _moleculeace(name: str) -> Source:
    one = MOLECULEACE[name]
    file = f"{one.name}.csv"
    fetched = SourceFile(f"moleculeace/{file}", (moleculeace.ADDRESS + file,), one.size, one.sha256)
    what = f"{one.molecules:,} {one.label}, {one.acts_on}"
    return Source(name, what, "MoleculeACE", "MIT", (fetched,))


def _guacamol(part: str, number: int, size: int, sha256: str) -> SourceFile:
    return SourceFile(
        f"guacamol/guacamol_v1_{part}.smiles", (f"{_FIGSHARE}{number}",), size, sha256
    )


ALL_SOURCES = "all"
SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        _chembench("ESOL", "1,128 solubilities, log10 mol/L"),
        _chembench("FreeSolv", "642 hydration free energies, kcal/mol"),
        _chembench("Lipop", "4,200 logD at pH 7.4"),
        _chembench("BACE", "1,513 BACE-1 inhibitors, classes 0 and 1"),
        _chembench("BBBP", "2,039 in or out of the brain, classes 0 and 1"),
        *map(_moleculeace, MOLECULEACE),
        Source(
            "guacamol",
            "1.6 million ChEMBL SMILES for pretraining: train, valid, test",
            "figshare (GuacaMol v1)",
            "CC BY-SA 3.0",
            (
                _guacamol(
                    "train",
                    13612760,
                    61_841_225,
                    "10da7d6bc549389ad6858f273d1e45505446a9773a18f1ab20e05c79ccec60f8",
                ),
                _guacamol(
                    "valid",
                    13612766,
                    3_859_132,
                    "c9e9dc390264aa7d80054ba06bf6d6aa1fd860a335229e2758ce6bbb93042d3b",
                ),
                _guacamol(
                    "test",
                    13612757,
                    11_590_133,
                    "a16dfc8205999d32f61a54314a8b465f581fd3f1044d1f38e4a9cbfc4229a9f5",
                ),
            ),
        ),
        Source(
            "molbert",
            "MolBERT, the strong encoder: BERT 768 x 12, 100 epochs",
            "figshare (BenevolentAI)",
            "MIT",
            (
                SourceFile(
                    "molbert/molbert_100epochs.zip",
                    (
                        f"{_FIGSHARE}25611290",
                        "https://api.figshare.com/v2/file/download/25611290",
                    ),
                    holds=("checkpoints/last.ckpt", "hparams.yaml"),
                ),
            ),
        ),
    )
}


def get_source(name: str) -> Source:
    """Return the source of a name, or raise InputError with the nearest name."""
    if name not in SOURCES:
        known = moleculeace.worth_telling(name, [*SOURCES, ALL_SOURCES])
        raise unknown_name("download", name, known)
    return SOURCES[name]


def expand_sources(name: str) -> list[str]:
    """Return the sources that one name stands for: those of a set's name, else itself."""
    sets = {ALL_SOURCES: [*SOURCES], EVERY_SET: [*MOLECULEACE]}
    return sets.get(name, [name])


def local_path(file: SourceFile) -> Path:
    """Return where a fetched file lies."""
    return paths.home() / "downloads" / file.path
