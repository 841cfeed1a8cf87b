"""``python -m tools.chart`` lints the Helm chart and renders it for some values, with Helm, which Go builds once.

Compares what is rendered with the files beside the values, or writes those with ``--write``. The unit tests hold these
files against Kubernetes' schemas without needing Helm.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from tools.go_programs import installed
from tools.manifests import rule_groups

HELM: Final = "helm.sh/helm/v3/cmd/helm@v3.22.0"
ROOT: Final = Path(__file__).resolve().parent.parent
CHART: Final = ROOT / "deploy/helm/kafka-burrow-exporter"
SCENES: Final = ROOT / "tests/unit/shipped/data/chart"
"""NAME.values.yaml → NAME.yaml."""


def kept(text: str) -> str:
    """The manifests without the rules and the dashboards, which are long, and files of their own already."""
    parts = text.split("\n---\n")
    return "\n---\n".join(
        part for part in parts if not re.search(r"# Source: .*/(prometheusrule|dashboards)\.yaml", part)
    )


def rules(text: str) -> list[dict[str, Any]] | None:
    """The rule groups among the manifests, None if there are none."""
    found = (one for one in yaml.safe_load_all(text) if one and one["kind"] == "PrometheusRule")
    return next((one["spec"]["groups"] for one in found), None)


def rendered(program: Path, values: Path) -> str:
    """What the chart becomes with these values; raises CalledProcessError."""
    command = [
        str(program),
        "template",
        "kbe",
        str(CHART),
        "--namespace=monitoring",
        "--kube-version=1.29.0",
        "--values",
        str(values),
    ]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603


def main() -> int:
    """Returns 0 if the chart is sound and renders as is written down, else 1."""
    parser = argparse.ArgumentParser(description="Lints the Helm chart, and compares what it becomes.")
    parser.add_argument("--write", action="store_true", help="write what is rendered instead of comparing it")
    write = parser.parse_args().write
    program, wrong = installed(HELM), 0
    for values in sorted(SCENES.glob("*.values.yaml")):
        lint = [str(program), "lint", "--strict", "--quiet", str(CHART), "--values", str(values)]
        wrong += subprocess.run(lint, check=False).returncode != 0  # noqa: S603
        whole, file = rendered(program, values), SCENES / values.name.replace(".values.yaml", ".yaml")
        text = kept(whole)
        if rules(whole) not in (None, rule_groups(ROOT / "alerts")):
            print(f"{values.name}: the rules are not those of alerts/", file=sys.stderr)
            wrong += 1
        if write:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            print(f"{file.relative_to(ROOT)}: out of date; see what changed, then make chart WRITE=1", file=sys.stderr)
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
