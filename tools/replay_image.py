"""Replays the Dockerfile without a container engine: its steps in a clean root, then the exporter as its own user.

Each `FROM` is a Debian root made by mmdebstrap, with the Python of the same Debian release; each `RUN` is run in
that root with chroot. The result is started as the image would be under `docker run --read-only --network=none
--cap-drop=ALL`, asked by the image's own health check, and stopped with SIGTERM. What this does not show: the official
Python base image itself, and an engine's layers, caching and signatures.

    sudo python3 tools/replay_image.py        needs root, mmdebstrap, util-linux, iproute2 and the network
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
SHELL_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
STOPS_WITHIN = 5.0


class ReplayError(Exception):
    """A step of the image that fails, or that cannot be replayed."""


@dataclass
class Stage:
    """One `FROM` and what the instructions after it have set."""

    root: Path
    env: dict[str, str] = field(default_factory=lambda: {"PATH": SHELL_PATH})
    args: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    healthcheck: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)


def instructions(text: str) -> list[tuple[str, str]]:
    """Returns the (keyword, argument) pairs of a Dockerfile, continued lines joined and comments dropped."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n", "", lines)
    pairs = (line.strip().partition(" ") for line in joined.splitlines() if line.strip())
    return [(keyword.upper(), argument.strip()) for keyword, _, argument in pairs]


def admitted(ignore_file: str) -> set[str]:
    """Returns the top-level names that a .dockerignore of the form "all but these" lets through."""
    return {line[1:].strip("/") for line in ignore_file.splitlines() if line.startswith("!")}


def assignment(text: str) -> tuple[str, str]:
    """Returns the name and the unquoted value of `NAME=value`."""
    name, _, value = text.partition("=")
    return name, value.strip('"')


def expand(text: str, stage: Stage) -> str:
    """Returns the text with ${NAME} replaced by the stage's variable of that name."""
    return re.sub(r"\$\{(\w+)\}", lambda name: {**stage.args, **stage.env}[name.group(1)], text)


def run(command: list[str], what: str) -> None:
    """Runs one command, its output shown; raises ReplayError if it fails."""
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603
        raise ReplayError(f"{what} failed")


def in_root(stage: Stage, command: list[str], *, building: bool = False) -> list[str]:
    """Returns the command line that runs `command` in the stage's root, as its user, with its environment only."""
    variables = {**stage.args, **stage.env} if building else stage.env
    environment = [f"{name}={value}" for name, value in variables.items()]
    chroot = ["chroot", f"--userspec={stage.user}", "--groups=", str(stage.root), "/usr/bin/env", "-i"]
    return [*chroot, f"--chdir={stage.workdir}", *environment, *command]


def copy(argument: str, stage: Stage, stages: dict[str, Stage]) -> None:
    """Does a COPY from the repository or from an earlier stage."""
    *sources, target = shlex.split(argument)
    origin = REPOSITORY
    if sources[0].startswith("--from="):
        origin = stages[sources.pop(0).removeprefix("--from=")].root
    elif foreign := set(sources) - admitted((REPOSITORY / ".dockerignore").read_text()):
        raise ReplayError(f"COPY {argument}: .dockerignore does not let {', '.join(sorted(foreign))} through")
    into = stage.root / os.path.join(stage.workdir, target).lstrip("/")  # noqa: PTH118
    for source in sources:
        found = origin / source.lstrip("/")
        if found.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc") if origin == REPOSITORY else None
            shutil.copytree(found, into, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            shutil.copy2(found, into)


def step(keyword: str, argument: str, stage: Stage, stages: dict[str, Stage]) -> None:
    """Replays one instruction other than FROM."""
    match keyword:
        case "RUN":
            run(in_root(stage, ["sh", "-c", argument], building=True), f"RUN {argument}")
        case "COPY":
            copy(expand(argument, stage), stage, stages)
        case "ARG":
            stage.args.update([assignment(argument)])
        case "ENV":
            stage.env.update(assignment(pair) for pair in shlex.split(expand(argument, stage)))
        case "WORKDIR":
            stage.workdir = argument
            (stage.root / argument.lstrip("/")).mkdir(parents=True, exist_ok=True)
        case "USER":
            stage.user = argument
        case "HEALTHCHECK":
            stage.healthcheck = json.loads(argument.partition("CMD")[2])
        case "ENTRYPOINT":
            stage.entrypoint = json.loads(argument)
        case "LABEL" | "EXPOSE":
            pass
        case _:
            raise ReplayError(f"{keyword} cannot be replayed: teach it to {Path(__file__).name}")


def base_root(suite: str, work: Path) -> Path:
    """Returns a tar file of a clean Debian root that has Python where the official image has it."""
    tar = work / "base.tar"
    names = "ln -s /usr/bin/python3 $1/usr/local/bin/python"
    options = ["--quiet", "--variant=minbase", f"--include={PACKAGES}", f"--customize-hook={names}"]
    run(["mmdebstrap", *options, suite, str(tar)], "mmdebstrap")
    return tar


def build(work: Path) -> Stage:
    """Replays the whole Dockerfile; returns its last stage."""
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    tar: Path | None = None
    outer: dict[str, str] = {}
    for keyword, argument in instructions((REPOSITORY / "Dockerfile").read_text()):
        print(f"--> {keyword} {argument}", flush=True)
        if keyword == "FROM":
            image, _, name = argument.partition(" AS ")
            image = outer[image[2:-1]] if image.startswith("${") else image
            tar = tar or base_root(image.partition("@")[0].rpartition("-")[2], work)
            stage = Stage(root=work / f"stage-{len(stages)}")
            stage.root.mkdir()
            run(["tar", "-C", str(stage.root), "-xf", str(tar)], "tar")
            for borrowed in ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"):
                shutil.copy(borrowed, stage.root / borrowed.lstrip("/"))
            stages[name or str(len(stages))] = stage
        elif stage is None:
            outer.update([assignment(argument)])
        else:
            step(keyword, argument, stage, stages)
    if stage is None:
        raise ReplayError("the Dockerfile has no FROM")
    return stage


def start_and_ask(stage: Stage) -> None:
    """Starts the image's entry point, asks its health check, stops it. Runs in its own network and mounts."""
    run(["ip", "link", "set", "lo", "up"], "ip link")
    run(["mount", "--bind", str(stage.root), str(stage.root)], "mount --bind")
    run(["mount", "-o", "remount,bind,ro", str(stage.root)], "mount read-only")
    arguments = ["--kafka.bootstrap-servers=kafka.invalid:9092"]
    run(["mount", "--bind", "/proc", str(stage.root / "proc")], "mount --bind /proc")
    command = in_root(stage, ["setpriv", "--no-new-privs", *stage.entrypoint, *arguments])
    exporter = subprocess.Popen(command)  # noqa: S603
    # In a container the exporter is process 1; here it is one of many.
    check = [str(exporter.pid) if word == "1" else word for word in stage.healthcheck]
    deadline = time.monotonic() + 30
    while subprocess.run(in_root(stage, check), check=False, capture_output=True).returncode != 0:  # noqa: S603
        if exporter.poll() is not None:
            raise ReplayError(f"the exporter ended with exit code {exporter.returncode}")
        if time.monotonic() > deadline:
            raise ReplayError("the exporter is not healthy after 30 s")
        time.sleep(0.2)
    facts = Path(f"/proc/{exporter.pid}/status").read_text()
    print(
        "healthy; " + ", ".join(" ".join(found.split()) for found in re.findall(r"(?m)^(?:Uid|CapEff|VmRSS).*", facts))
    )
    stopped_at = time.monotonic()
    exporter.terminate()
    try:
        code = exporter.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        exporter.kill()
        raise ReplayError(f"the exporter does not stop within {STOPS_WITHIN:.0f} s of SIGTERM") from None
    print(f"stopped by SIGTERM in {time.monotonic() - stopped_at:.1f} s with exit code {code}")
    if code != 0:
        raise ReplayError("SIGTERM should end the exporter with exit code 0")


def main() -> int:
    """Replays the image, then itself in a namespace of its own for the start; returns the exit code."""
    parser = argparse.ArgumentParser(description="Replays the Dockerfile's steps in a clean root.")
    parser.add_argument("--started", help=argparse.SUPPRESS)
    started = parser.parse_args().started
    try:
        if started:
            start_and_ask(Stage(**{**json.loads(started), "root": Path(json.loads(started)["root"])}))
            return 0
        with tempfile.TemporaryDirectory(prefix="image-") as work:
            # mmdebstrap and the image's user must be able to pass through.
            Path(work).chmod(0o755)
            stage = build(Path(work))
            spec = json.dumps({**vars(stage), "root": str(stage.root)})
            alone = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
            run([*alone, sys.executable, __file__, "--started", spec], "the start of the image")
    except ReplayError as error:
        print(f"replay_image: {error}", file=sys.stderr)
        return 1
    print("the image's steps replay, and its exporter runs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
