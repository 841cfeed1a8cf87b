"""Writes what the manifests take from elsewhere in this repository, since kustomize cannot.

`deploy/kubernetes/prometheusrule.yaml` holds the rules of `alerts/rules/*.yml`; `dashboards/kustomization.yaml` lists
the dashboards.

    python -m tools.manifests           writes both
    python -m tools.manifests --check   writes nothing; exit code 1 if one is not as it would be written
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
NAME = "kafka-burrow-exporter"
GENERATED = "# Made by tools/manifests.py from {}; change those instead.\n"

RULE_LABELS = {
    "app.kubernetes.io/name": NAME,
    "app.kubernetes.io/component": "exporter",
    # By these kube-prometheus' own Prometheus finds its rules.
    "prometheus": "k8s",
    "role": "alert-rules",
}


class GenerateError(Exception):
    """Rules or dashboards that a manifest cannot be made from."""


class _Literal(yaml.SafeDumper):
    """Writes text of several lines as such, so that an expression stays readable."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """True: a reader should not have to look labels up elsewhere in the file."""
        return True


_Literal.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def rule_groups(alerts: Path) -> list[dict[str, Any]]:
    """Returns the groups of all `rules/*.yml` of the folder, in the order of the files' names."""
    files = sorted(alerts.glob("rules/*.yml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    if not groups:
        raise GenerateError(f"{alerts}: no rules/*.yml with a group in it")
    twice = [name for name, count in Counter(group["name"] for group in groups).items() if count > 1]
    if twice:
        # Prometheus allows it across files; the PrometheusRule schema, a list keyed by name, does not.
        raise GenerateError(f"{alerts}: rule groups of the same name: {', '.join(twice)}")
    return groups


def prometheus_rule(alerts: Path) -> str:
    """Returns the text of the PrometheusRule that holds the folder's rules."""
    manifest = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": NAME, "labels": RULE_LABELS},
        "spec": {"groups": rule_groups(alerts)},
    }
    text = yaml.dump(manifest, Dumper=_Literal, sort_keys=False, allow_unicode=True, width=120)
    return GENERATED.format("alerts/rules/*.yml") + text


def dashboard_maps(dashboards: Path) -> str:
    """Returns the text of the kustomization that makes a ConfigMap of each dashboard in the folder."""
    files = sorted(path.name for path in dashboards.glob("*.json"))
    if not files:
        raise GenerateError(f"{dashboards}: no dashboard (*.json)")
    manifest = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "configMapGenerator": [{"name": f"dashboard-{Path(file).stem}", "files": [file]} for file in files],
        "generatorOptions": {
            # The name stays, so that an earlier version of a dashboard is replaced and not joined.
            "disableNameSuffixHash": True,
            "labels": {"grafana_dashboard": "1"},
            "annotations": {"grafana_folder": "Kafka consumer groups"},
        },
    }
    return GENERATED.format("dashboards/*.json") + yaml.dump(manifest, Dumper=_Literal, sort_keys=False)


def generated(repository: Path) -> dict[Path, str]:
    """Returns the text of every generated file by its path."""
    return {
        repository / "deploy/kubernetes/prometheusrule.yaml": prometheus_rule(repository / "alerts"),
        repository / "dashboards/kustomization.yaml": dashboard_maps(repository / "dashboards"),
    }


def main() -> int:
    """Writes or checks the generated files; returns the exit code."""
    parser = argparse.ArgumentParser(description="Makes the PrometheusRule and the list of dashboards.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file is out of date")
    check = parser.parse_args().check
    try:
        files = generated(REPOSITORY)
    except GenerateError as error:
        print(f"manifests: {error}", file=sys.stderr)
        return 1
    old = [path for path, text in files.items() if not path.is_file() or path.read_text() != text]
    for path in old:
        if not check:
            path.write_text(files[path])
        print(f"{path.relative_to(REPOSITORY)}: {'out of date' if check else 'written'}")
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main())
