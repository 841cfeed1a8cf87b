"""The manifests as kustomize makes them, held against the schemas, the alerts and the dashboards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.support.deploy_tools import printed
from tests.support.repository import ROOT
from tools.manifests import GenerateError, dashboard_maps, generated, prometheus_rule

FOLDER = ROOT / "deploy/kubernetes"
CUSTOM_SCHEMAS = ROOT / "tests/unit/shipped/data/prometheus-operator-schemas.yaml"
OLDEST, NEWEST = "1.29", kubernetes_validate.latest_version()
CONFIG_MAP_LIMIT = 1024 * 1024

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def manifests() -> list[Manifest]:
    return list(yaml.safe_load_all(printed("kubectl", "kustomize", FOLDER)))


@pytest.fixture(scope="module")
def pod(manifests: list[Manifest]) -> Manifest:
    spec: Manifest = one(manifests, "Deployment")["spec"]["template"]["spec"]
    return spec


@pytest.fixture(scope="module")
def container(pod: Manifest) -> Manifest:
    (only,) = pod["containers"]
    result: Manifest = only
    return result


def one(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = [manifest for manifest in manifests if manifest["kind"] == kind]
    return found


def strict(schema: object) -> object:
    """Returns the schema with every object closed to names that it does not list."""
    if isinstance(schema, list):
        return [strict(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    if "properties" in schema and schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


def custom_schema(kind: str) -> dict[str, Any]:
    schema = strict(yaml.safe_load(CUSTOM_SCHEMAS.read_text())[kind])
    assert isinstance(schema, dict)
    # The API server's own part, which the custom resource leaves open.
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_manifest_is_what_the_schema_allows_and_nothing_more(manifests: list[Manifest], version: str) -> None:
    custom = {"PrometheusRule", "ServiceMonitor"}
    for manifest in manifests:
        if manifest["kind"] not in custom:
            kubernetes_validate.validate(manifest, version, strict=True)
    assert custom < {manifest["kind"] for manifest in manifests}


@pytest.mark.parametrize("kind", ["PrometheusRule", "ServiceMonitor"])
def test_the_prometheus_operators_kinds_are_what_its_schema_allows(manifests: list[Manifest], kind: str) -> None:
    jsonschema.validate(one(manifests, kind), custom_schema(kind))


@pytest.mark.parametrize("kind", ["PrometheusRule", "ServiceMonitor"])
def test_a_misspelt_key_of_the_prometheus_operators_kinds_is_found(manifests: list[Manifest], kind: str) -> None:
    broken = json.loads(json.dumps(one(manifests, kind)))
    (broken["spec"]["groups"] if kind == "PrometheusRule" else broken["spec"]["endpoints"])[0]["intervall"] = "30s"
    with pytest.raises(jsonschema.ValidationError, match="intervall"):
        jsonschema.validate(broken, custom_schema(kind))


def test_what_is_generated_is_up_to_date() -> None:
    old = [str(path.relative_to(ROOT)) for path, text in generated(ROOT).items() if path.read_text() != text]
    assert old == [], "python -m tools.manifests writes them anew"


def test_the_rule_of_the_operator_holds_exactly_the_alerts(manifests: list[Manifest]) -> None:
    files = sorted((ROOT / "alerts/rules").glob("*.yml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    assert groups
    assert one(manifests, "PrometheusRule")["spec"]["groups"] == groups


def test_every_dashboard_is_in_a_config_map_that_grafanas_sidecar_sees(manifests: list[Manifest]) -> None:
    labelled = [m for m in manifests if m["metadata"]["labels"].get("grafana_dashboard") == "1"]
    held = {name: json.loads(text) for manifest in labelled for name, text in manifest["data"].items()}
    assert held == {path.name: json.loads(path.read_text()) for path in (ROOT / "dashboards").glob("*.json")}
    assert held


def test_no_config_map_is_larger_than_kubernetes_takes(manifests: list[Manifest]) -> None:
    sizes = {
        manifest["metadata"]["name"]: sum(len(text.encode()) for text in manifest["data"].values())
        for manifest in manifests
        if manifest["kind"] == "ConfigMap"
    }
    assert len(sizes) >= 2
    assert all(size < CONFIG_MAP_LIMIT for size in sizes.values()), sizes


def test_there_is_one_replica_and_never_two_at_once(manifests: list[Manifest]) -> None:
    spec = one(manifests, "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_the_pod_may_do_nothing_that_it_does_not_need(pod: Manifest, container: Manifest) -> None:
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] >= 10000
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_pod_runs_as_the_user_of_the_image(pod: Manifest) -> None:
    context = pod["securityContext"]
    assert f"USER {context['runAsUser']}:{context['runAsGroup']}\n" in (ROOT / "Dockerfile").read_text()


def test_the_probes_ask_the_exporter_for_itself(container: Manifest) -> None:
    paths = {name: container[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/-/healthy", "livenessProbe": "/-/healthy", "readinessProbe": "/-/ready"}
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {container["livenessProbe"]["httpGet"]["port"]: 8000}


def test_the_configuration_is_mounted_where_the_exporter_looks(
    manifests: list[Manifest], pod: Manifest, container: Manifest
) -> None:
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    volume, mount = volumes["config"], mounts["config"]
    (config,) = [m for m in manifests if m["kind"] == "ConfigMap" and "config.yml" in m["data"]]
    assert volume["configMap"]["name"] == config["metadata"]["name"]
    # With a hash of the content, so that a change rolls the pod.
    assert config["metadata"]["name"] != "kafka-burrow-exporter"
    assert mounts["history"].get("readOnly", False) is False
    assert volumes.keys() == mounts.keys() == {"config", "history"}
    assert container["args"] == [
        f"--config.file={mount['mountPath']}/config.yml",
        f"--storage.path={mounts['history']['mountPath']}",
    ]


def test_prometheus_gets_from_the_monitor_to_the_pod(manifests: list[Manifest], container: Manifest) -> None:
    monitor, service = one(manifests, "ServiceMonitor")["spec"], one(manifests, "Service")
    template = one(manifests, "Deployment")["spec"]["template"]["metadata"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert service["spec"]["selector"].items() <= template["labels"].items()
    (endpoint,) = monitor["endpoints"]
    (port,) = service["spec"]["ports"]
    times = {"interval": "30s", "scrapeTimeout": "10s"}
    assert endpoint == {"port": port["name"], "path": "/metrics", "honorLabels": True, **times}
    assert port["targetPort"] in {opened["name"] for opened in container["ports"]}
    assert service["metadata"]["labels"][monitor["jobLabel"]] == "kafka-burrow-exporter"


def test_the_network_policy_covers_the_pod_and_lets_the_scrape_in(manifests: list[Manifest]) -> None:
    policy = one(manifests, "NetworkPolicy")["spec"]
    template = one(manifests, "Deployment")["spec"]["template"]["metadata"]
    assert policy["podSelector"]["matchLabels"].items() <= template["labels"].items()
    assert sorted(policy["policyTypes"]) == ["Egress", "Ingress"]
    assert [port["port"] for rule in policy["ingress"] for port in rule["ports"]] == [8000]


def test_anchors_in_the_rules_are_written_out(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/a.yml").write_text(
        "groups: [{name: a, rules: [{alert: A, expr: up == 0, labels: &l {severity: info}},"
        " {alert: B, expr: up == 1, labels: *l}]}]"
    )
    text = prometheus_rule(tmp_path)
    assert text.count("severity: info") == 2
    assert "&" not in text


def test_groups_of_the_same_name_in_two_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    for name in ("a.yml", "b.yml"):
        (tmp_path / "rules" / name).write_text("groups: [{name: same, rules: [{alert: A, expr: up == 0}]}]")
    with pytest.raises(GenerateError, match="same"):
        prometheus_rule(tmp_path)


def test_folders_without_rules_or_dashboards_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GenerateError, match="no rules"):
        prometheus_rule(tmp_path)
    with pytest.raises(GenerateError, match="no dashboard"):
        dashboard_maps(tmp_path)
