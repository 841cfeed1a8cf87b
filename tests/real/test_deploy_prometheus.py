"""The Prometheus configuration and rules of the deployments, as promtool reads them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.repository import ROOT

pytestmark = pytest.mark.real


def promtool(*arguments: str | Path) -> str:
    checked = subprocess.run(
        ["promtool", *arguments], check=False, capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return checked.stdout


def test_prometheus_takes_the_configuration_of_the_compose_file_with_its_rules(tmp_path: Path) -> None:
    text = (ROOT / "deploy/compose/prometheus.yml").read_text()
    config = tmp_path / "prometheus.yml"
    config.write_text(text.replace("/etc/prometheus/rules", str(ROOT / "alerts/rules")))
    found = promtool("check", "config", config)
    assert str(ROOT / "alerts/rules") in found
    assert "rules found" in found


def test_prometheus_takes_the_rules_that_the_operator_would_hand_to_it(tmp_path: Path) -> None:
    spec = yaml.safe_load((ROOT / "deploy/kubernetes/prometheusrule.yaml").read_text())["spec"]
    rules = tmp_path / "rules.yml"
    rules.write_text(yaml.safe_dump(spec))
    count = sum(len(group["rules"]) for group in spec["groups"])
    assert f"SUCCESS: {count} rules found" in promtool("check", "rules", rules)
