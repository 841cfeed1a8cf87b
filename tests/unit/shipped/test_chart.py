"""What the Helm chart becomes for some values, held against the schemas and the kustomization.

`make chart` renders these files again with Helm itself, and says if they are not what the chart becomes now.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from exporter import __version__
from tests.support.repository import ROOT
from tests.unit.shipped.test_kubernetes import custom_schema

CHART = ROOT / "deploy/helm/kafka-burrow-exporter"
SCENES = Path(__file__).parent / "data/chart"
NAMES = ["default", "everything", "pair", "sharded"]
OPERATORS = {"PrometheusRule", "ServiceMonitor"}

Manifest = dict[str, Any]


def manifests(scene: str) -> list[Manifest]:
    return [one for one in yaml.safe_load_all((SCENES / f"{scene}.yaml").read_text()) if one]


def one(scene: str, kind: str) -> Manifest:
    (found,) = [manifest for manifest in manifests(scene) if manifest["kind"] == kind]
    return found


@pytest.mark.parametrize("version", ["1.29", "1.31", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("scene", NAMES)
def test_every_manifest_is_what_the_schema_allows_and_nothing_more(scene: str, version: str) -> None:
    for manifest in manifests(scene):
        if manifest["kind"] in OPERATORS:
            jsonschema.validate(manifest, custom_schema(manifest["kind"]))
        else:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_all_values_are_described_and_the_shipped_ones_allowed() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.validate(values, schema)
    assert set(schema["properties"]) - {"global"} == set(values)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**values, "replica": 2}, schema)


def test_the_chart_has_the_version_of_the_exporter() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)


def test_nothing_that_needs_more_than_kubernetes_is_made_unasked() -> None:
    kinds = {manifest["kind"] for manifest in manifests("default")}
    assert kinds == {"ServiceAccount", "ConfigMap", "Service", "Deployment"}


def test_a_pod_is_as_confined_as_that_of_the_kustomization() -> None:
    here = one("default", "Deployment")["spec"]["template"]["spec"]
    there = yaml.safe_load((ROOT / "deploy/kubernetes/deployment.yaml").read_text())["spec"]["template"]["spec"]
    assert here["securityContext"] == there["securityContext"]
    for key in ("securityContext", "resources", "startupProbe", "livenessProbe", "readinessProbe"):
        assert here["containers"][0][key] == there["containers"][0][key]


def test_a_secret_is_mounted_where_the_configuration_names_its_files() -> None:
    pod = one("everything", "Deployment")["spec"]["template"]["spec"]
    mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    config = next(manifest for manifest in manifests("everything") if "config.yml" in manifest.get("data", {}))
    cluster = yaml.safe_load(config["data"]["config.yml"])["clusters"]["prod"]
    assert cluster["sasl"]["password_file"] == f"{mounts['secret-kafka']}/password"
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "secret-kafka"]
    assert {item["path"] for item in volume["secret"]["items"]} == {"password", "ca.crt"}


def test_shards_know_their_number_and_keep_a_history_each() -> None:
    spec = one("sharded", "StatefulSet")["spec"]
    assert spec["replicas"] == 3
    count, index = spec["template"]["spec"]["containers"][0]["env"]
    assert (count["name"], count["value"], index["name"]) == ("KBE_SHARD_COUNT", "3", "KBE_SHARD_INDEX")
    assert index["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
    assert [claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]] == ["history"]


def test_replicas_without_a_history_roll_one_after_the_other() -> None:
    spec = one("pair", "Deployment")["spec"]
    assert (spec["replicas"], "strategy" in spec) == (2, False)


@pytest.mark.parametrize("scene", NAMES)
def test_services_monitors_policies_and_budgets_select_the_pod(scene: str) -> None:
    found = manifests(scene)
    workload = next(manifest for manifest in found if manifest["kind"] in {"Deployment", "StatefulSet"})
    labels = workload["spec"]["template"]["metadata"]["labels"].items()
    service = one(scene, "Service")
    assert service["spec"]["selector"].items() <= labels
    for manifest in found:
        if manifest["kind"] in {"NetworkPolicy", "PodDisruptionBudget"}:
            selector = manifest["spec"].get("podSelector") or manifest["spec"]["selector"]
            assert selector["matchLabels"].items() <= labels
        if manifest["kind"] == "ServiceMonitor":
            assert manifest["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
