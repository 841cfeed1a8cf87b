"""The systemd unit, as systemd itself reads and rates it."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.repository import ROOT

pytestmark = pytest.mark.real

UNIT = ROOT / "deploy/systemd/kafka-burrow-exporter.service"
DEFAULTS = ROOT / "deploy/systemd/kafka-burrow-exporter.default"
PROGRAM = "/opt/kafka-burrow-exporter/bin/kafka-burrow-exporter"
EXPOSURE = 1.1
"""What remains of 10: the network, /proc of the system, and look-ups through systemd-resolved, which it needs."""


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], check=False, capture_output=True, text=True, timeout=60, cwd=ROOT
    )


def verified(folder: Path, text: str) -> str:
    """Returns what systemd has to say of the unit, were the exporter installed where it says."""
    unit = folder / UNIT.name
    assert PROGRAM in text
    unit.write_text(text.replace(PROGRAM, "/bin/true"))
    checked = analyze("verify", "--man=no", unit)
    return checked.stdout + checked.stderr


def test_systemd_has_nothing_to_say_of_the_unit(tmp_path: Path) -> None:
    assert verified(tmp_path, UNIT.read_text()) == ""


def test_systemd_would_find_a_misspelt_setting(tmp_path: Path) -> None:
    assert "ProtectClok" in verified(tmp_path, UNIT.read_text().replace("ProtectClock=", "ProtectClok="))


def test_the_exposure_is_as_low_as_it_can_be_for_a_network_service() -> None:
    rated = analyze("security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE * 10:.0f}", UNIT)
    assert rated.returncode == 0, rated.stdout + rated.stderr
    assert "Overall exposure level" in rated.stdout


def test_the_arguments_that_are_shipped_are_ones_that_the_unit_reads_and_the_exporter_has() -> None:
    assert "EnvironmentFile=/etc/default/kafka-burrow-exporter\n" in UNIT.read_text()
    assert f"ExecStart={PROGRAM} $ARGS\n" in UNIT.read_text()
    (line,) = [line for line in DEFAULTS.read_text().splitlines() if line.startswith("ARGS=")]
    (arguments,) = shlex.split(line.removeprefix("ARGS="))
    # %S of a service is /var/lib, where StateDirectory makes the folder and leaves it writable.
    assert "StateDirectory=kafka-burrow-exporter\n" in UNIT.read_text()
    assert shlex.split(arguments) == [
        "--config.file=/etc/kafka-burrow-exporter/config.yml",
        "--storage.path=/var/lib/kafka-burrow-exporter",
    ]
