"""Work on a cluster by the real program: killed, restarted, unlike, apart; the bytes are the same.

Schedulers and workers are real processes of Dask, each with a home folder of its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from dask_hosts import Hosts, another_installation, enter, until
from ready_program import do_nothing

from w2s_mol.datasets.builtin import generate

ROOT = Path(__file__).parents[2]
MADE = list(generate(150))
EMBED = ("embed", "lib.csv", "-e", "weak-h8-s0", "--shard-rows", 10)
STUDY = (
    "run", "--dataset", "own.csv", "--target-column", "y", "--weak", "fam/mine",
    "--weak", "mean:weak-h8-s0+fam/mine", "--strong", "weak-h12-s0",
)  # fmt: skip
FILES = ("results.csv", "predictions.parquet", "molecules.parquet", "models.parquet")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "lib.csv"
    path.write_text("\n".join(["smiles", *(smiles for smiles, _ in MADE), "broken", ""]))
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A table and an encoder of one's own, in the working folder."""
    rows = "".join(f"{smiles},{label}\n" for smiles, label in MADE)
    (tmp_path / "own.csv").write_text(f"smiles,y\n{rows}")
    shutil.copytree(ROOT / "checkpoints" / "weak-h16-s0", tmp_path / "fam" / "mine")
    return tmp_path


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    folder = tmp_path / "hosts"
    folder.mkdir()
    found = Hosts(folder)
    yield found
    found.end()


@pytest.fixture
def cluster(hosts: Hosts) -> Hosts:
    hosts.start_scheduler()
    for name in ("one", "two"):
        hosts.start_worker(name)
    return hosts


def bytes_of(folder: Path, pattern: str = "part-*") -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob(pattern))
    }


def tables_of(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in FILES}


@pytest.fixture
def whole(cli: Callable, table: Path, tmp_path: Path) -> dict[str, str]:
    """What one process makes that was never stopped."""
    done = cli(*EMBED, "-o", "whole", "--workers", 1)
    assert done.code == 0, done.err
    return bytes_of(tmp_path / "whole")


@pytest.mark.slow
def test_a_study_and_shards_are_as_of_one_process(
    cli: Callable, whole: dict[str, str], own: Path, cluster: Hosts
) -> None:
    """Workers have neither the table nor the encoder: they are given both."""
    at = ("--cluster", cluster.address)
    done = cli(*EMBED, "-o", "out", *at)
    assert done.code == 0, done.err
    assert "151 rows written to out; 1 of them invalid" in done.err
    assert bytes_of(own / "out") == whole
    assert cli(*STUDY, "-o", "alone").code == 0
    done = cli(*STUDY, "-o", "run", *at)
    assert done.code == 0, done.err
    assert "its dashboard: http://" in done.err
    assert tables_of(own / "run") == tables_of(own / "alone")
    predict = ("predict", "lib.csv", "--run", "run", "--weak", "mine", "--shard-rows", 50)
    assert cli(*predict, "-o", "here", "--workers", 1).code == 0
    done = cli(*predict, "-o", "there", *at)
    assert done.code == 0, done.err
    assert bytes_of(own / "there") == bytes_of(own / "here")


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_its_shard_alone(
    begin: Callable, whole: dict[str, str], tmp_path: Path, cluster: Hosts
) -> None:
    running = begin(*EMBED, "-o", "out", "--cluster", cluster.address)
    until(lambda: list((tmp_path / "out").glob("part-*")))
    cluster.kill(cluster.workers[0])
    done = running.wait()
    assert done.code == 0, done.err
    assert bytes_of(tmp_path / "out") == whole


@pytest.mark.slow
def test_a_scheduler_that_is_started_again_loses_nothing(
    begin: Callable, whole: dict[str, str], tmp_path: Path, cluster: Hosts
) -> None:
    running = begin(*EMBED, "-o", "out", "--cluster", cluster.address)
    until(lambda: list((tmp_path / "out").glob("part-*")))
    cluster.kill(cluster.scheduler)
    for worker in cluster.workers:
        cluster.kill(worker)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("part-*")}
    time.sleep(2)
    cluster.start_scheduler()
    cluster.start_worker("three")
    done = running.wait()
    assert done.code == 0, done.err
    assert bytes_of(tmp_path / "out") == whole
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.slow
@pytest.mark.usefixtures("table")
def test_ctrl_c_ends_it_in_one_line(begin: Callable) -> None:
    """The workers of a cluster that was started for it are in its group, and get it as well."""
    running = begin(*EMBED, "-o", "out", "--cluster", "local:2")
    until(lambda: "Dask" in running.said)  # its workers import PyTorch now
    running.send_signal(signal.SIGINT, group=True)
    done = running.wait()
    assert done.code == 130, done.err
    first, second, *rest = [line for line in done.err.splitlines() if line.strip()]
    assert (first.split()[0], second.split()[0]) == ("weak-h8-s0", "Dask")
    assert [line for line in rest if not line.startswith("stopped.")] == []


@pytest.mark.slow
def test_a_client_that_is_killed_goes_on(
    begin: Callable, cli: Callable, whole: dict[str, str], tmp_path: Path, cluster: Hosts
) -> None:
    running = begin(*EMBED, "-o", "out", "--cluster", cluster.address)
    until(lambda: list((tmp_path / "out").glob("part-*")))
    running.send_signal(signal.SIGKILL)
    running.wait()
    done = cli(*EMBED, "-o", "out", "--cluster", cluster.address)
    assert done.code == 0, done.err
    assert bytes_of(tmp_path / "out") == whole


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("w2s_mol/_version.py", '__version__ = "9.9"\n', "it has w2s_mol 9.9, not"),
        ("checkpoints/weak-h8-s0/model.safetensors", None, "another content in another process"),
    ],
)
def test_a_worker_with_something_else_is_refused(
    cli: Callable, table: Path, hosts: Hosts, tmp_path: Path, file: str, content: str | None,
    message: str,
) -> None:  # fmt: skip
    other = another_installation(tmp_path / "other", ROOT)
    if content is None:
        shutil.copy(ROOT / "checkpoints" / "weak-h8-s1" / Path(file).name, other / file)
    else:
        (other / file).write_text(content)
    hosts.start_scheduler()
    hosts.start_worker("other", PYTHONPATH=str(other))
    done = cli(*EMBED, "-o", "out", "--cluster", hosts.address)
    assert done.code == 2, done.err
    assert "worker tcp://" in done.err
    assert message in done.err
    assert "Traceback" not in done.err
    assert not bytes_of(tmp_path / "out")


@pytest.mark.slow
def test_a_worker_with_a_full_disk_is_told(
    cli: Callable, own: Path, hosts: Hosts, small_disk: Path
) -> None:
    hosts.start_scheduler()
    hosts.start_worker("full", W2S_MOL_HOME=str(small_disk))
    done = cli(*STUDY, "-o", "run", "--cluster", hosts.address)
    assert done.code == 1, done.err
    assert "worker tcp://" in done.err
    assert "No space left on device" in done.err
    assert "Traceback" not in done.err
    hosts.kill(hosts.workers[0])
    hosts.start_worker("roomy")
    done = cli(*STUDY, "-o", "run", "--cluster", hosts.address)
    assert done.code == 0, done.err
    assert cli(*STUDY, "-o", "alone").code == 0
    assert tables_of(own / "run") == tables_of(own / "alone")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=False)


@pytest.mark.slow
def test_eight_at_one_folder_share_the_shards(
    begin: Callable, whole: dict[str, str], tmp_path: Path, cluster: Hosts
) -> None:
    words = (*EMBED, "-o", "out", "--cluster", cluster.address)
    for running in [begin(*words) for _ in range(8)]:
        done = running.wait()
        assert done.code == 0, done.err
    assert bytes_of(tmp_path / "out") == whole


@pytest.fixture
def namespaces() -> Iterator[tuple[str, str]]:
    """The names of two hosts joined by a cable."""
    a, b = (f"w2s{os.getpid()}{side}" for side in "ab")
    commands = [
        f"ip netns add {a}", f"ip netns add {b}",
        f"ip link add {a} netns {a} type veth peer name {b} netns {b}",
        *(f"ip -n {host} link set lo up" for host in (a, b)),
        *(f"ip -n {host} link set {host} up" for host in (a, b)),
        f"ip -n {a} addr add 10.77.0.1/24 dev {a}", f"ip -n {b} addr add 10.77.0.2/24 dev {b}",
    ]  # fmt: skip
    try:
        for command in commands:
            subprocess.run(command.split(), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"network namespaces cannot be made here: {error}")
    yield a, b
    for host in (a, b):
        subprocess.run(["ip", "netns", "del", host], check=False)


@pytest.mark.slow
def test_two_hosts_without_a_shared_folder_end_with_the_same_bytes(
    begin: Callable, cli: Callable, own: Path, table: Path, whole: dict[str, str], hosts: Hosts,
    namespaces: tuple[str, str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert cli(*STUDY, "-o", "alone").code == 0
    work = own / "work"
    work.mkdir()
    for name in ("own.csv", "lib.csv", "fam"):
        shutil.move(own / name, work / name)
    there = partial(enter, namespaces[0])
    hosts.first, hosts.address = there, "tcp://10.77.0.1:8786"
    hosts.start_scheduler()
    hosts.start_worker("first")
    hosts.start_worker("second", partial(enter, namespaces[1], hidden=work))
    # The client has a home of its own too, in the folder that the second host does not see.
    monkeypatch.setenv("W2S_MOL_HOME", str(work / "home"))
    study = [str(word).replace("fam/mine", str(work / "fam" / "mine")) for word in STUDY]
    predict = ("predict", "lib.csv", "--run", work / "run", "--weak", "mine", "--shard-rows", 50)

    def run(*words: object, first: Callable[[], None] = there) -> None:
        done = begin(*words, folder=work, first=first).wait()
        assert done.code == 0, done.err

    run(*study, "-o", "run", "--cluster", hosts.address)
    # Models say where an encoder lies: alone it lay elsewhere.
    same = [name for name in FILES if name != "models.parquet"]
    assert {n: (work / "run" / n).read_bytes() for n in same} == {
        n: (own / "alone" / n).read_bytes() for n in same
    }
    assert str(hosts.folder).encode() not in (work / "run" / "models.parquet").read_bytes()
    run(*EMBED, "-o", "out", "--cluster", hosts.address)
    assert bytes_of(work / "out") == whole
    run(*predict, "-o", "there", "--cluster", hosts.address)
    run(*predict, "-o", "here", "--workers", 1, first=do_nothing)
    assert bytes_of(work / "there") == bytes_of(work / "here")
    carried = hosts.folder / "home-second" / "store" / "carried"
    assert list(carried.rglob("own.csv"))


@pytest.mark.slow
def test_what_a_file_says_is_started(cli: Callable, whole: dict[str, str], tmp_path: Path) -> None:
    """Jobs of this machine stand for those of Slurm: their scripts are made alike."""
    (tmp_path / "jobs.toml").write_text(
        'engine = "jobs-here"\njobs = 2\ncores = 1\nprocesses = 1\nmemory = "2GB"\n'
    )
    done = cli(*EMBED, "-o", "out", "--cluster", "jobs.toml")
    assert done.code == 0, done.err
    assert bytes_of(tmp_path / "out") == whole


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param(
            "tcp://127.0.0.1:1",
            "there is no Dask scheduler at tcp://127.0.0.1:1",
            marks=pytest.mark.slow,  # ten seconds of patience
        ),
        ("local:0", "has no worker"),
        ("slrum.tml", "It should be the address of a Dask scheduler"),
        ("none.toml", "there is no file none.toml"),
        ("tcp://", "It should be the address"),
        ("10.0.0.1:8786", "Did you mean tcp://10.0.0.1:8786?"),
        ("empty.toml", "how many jobs to start"),
        ("engine.toml", "unknown engine 'slrum'"),
        ("option.toml", "cannot start a slurm cluster"),
        ("slurm.toml", "cannot start a slurm cluster"),  # there is no sbatch here
    ],
)
def test_what_is_no_cluster_is_refused(
    cli: Callable, table: Path, tmp_path: Path, cluster: str, message: str
) -> None:
    (tmp_path / "empty.toml").write_text("")
    (tmp_path / "engine.toml").write_text('engine = "slrum"\njobs = 1\n')
    (tmp_path / "slurm.toml").write_text('jobs = 1\ncores = 1\nmemory = "1GB"\n')
    (tmp_path / "option.toml").write_text("jobs = 1\nno_such_option = 1\n")
    done = cli(*EMBED, "-o", "out", "--cluster", cluster)
    assert done.code == 2, done.err
    assert message in done.err
    assert "Traceback" not in done.err


def test_workers_and_a_cluster_are_not_both(cli: Callable, table: Path) -> None:
    done = cli(*EMBED, "-o", "out", "--cluster", "local:2", "--workers", 2)
    assert done.code == 2
    assert "Leave out one of the two" in done.err
    with suppress(FileNotFoundError):
        assert not bytes_of(table.parent / "out")
