"""`docker compose up`: the file as Compose itself resolves it, and whether its parts fit together."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.support.deploy_tools import printed, run
from tests.support.repository import ROOT

FOLDER = ROOT / "deploy/compose"
COMPOSE = FOLDER / "compose.yml"
IMAGE_WITH_ITS_OWN_HEALTH_CHECK = "exporter"
CLIENTS = {"producer", "shipping", "billing"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    resolved: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(
        printed("docker-compose", "--file", COMPOSE, "config")
    )
    return resolved["services"]


def mounts(service: dict[str, Any], kind: str) -> dict[PurePosixPath, str]:
    """Returns what is mounted, by where."""
    return {PurePosixPath(m["target"]): m["source"] for m in service.get("volumes", []) if m["type"] == kind}


def on_disk(service: dict[str, Any], path: str) -> Path:
    """Returns the file of this repository that the service sees under the path."""
    for target, source in mounts(service, "bind").items():
        if PurePosixPath(path).is_relative_to(target):
            return Path(source) / PurePosixPath(path).relative_to(target)
    raise AssertionError(f"{path} is not mounted")


def test_compose_refuses_a_key_that_it_does_not_know(tmp_path: Path) -> None:
    broken = tmp_path / "compose.yml"
    broken.write_text(COMPOSE.read_text().replace("read_only: true", "readonly: true"))
    assert "readonly" in run("docker-compose", "--file", broken, "config").stderr


def test_everything_from_kafka_to_the_notification_is_there(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) - CLIENTS == {"kafka", "exporter", "prometheus", "alertmanager", "grafana"}


def test_the_exporter_is_built_from_this_repository(services: dict[str, dict[str, Any]]) -> None:
    assert Path(services["exporter"]["build"]["context"]) == ROOT


def test_every_image_has_a_version(services: dict[str, dict[str, Any]]) -> None:
    tags = {name: service["image"].partition(":")[2] for name, service in services.items()}
    assert all(tag and tag != "latest" for tag in tags.values()), tags


def test_no_service_may_gain_a_privilege(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "cap_add" not in service, name
        assert not service.get("privileged"), name


def test_every_root_but_kafkas_is_read_only(services: dict[str, dict[str, Any]]) -> None:
    assert {name for name, service in services.items() if not service.get("read_only")} == {"kafka"}


def test_every_server_has_a_health_check(services: dict[str, dict[str, Any]]) -> None:
    without = {name for name, service in services.items() if "healthcheck" not in service}
    assert without == CLIENTS | {IMAGE_WITH_ITS_OWN_HEALTH_CHECK}


def test_ports_are_open_to_this_machine_only(services: dict[str, dict[str, Any]]) -> None:
    opened = [port["host_ip"] for service in services.values() for port in service.get("ports", [])]
    assert len(opened) >= 5
    assert set(opened) == {"127.0.0.1"}


def test_every_folder_and_file_that_is_mounted_exists(services: dict[str, dict[str, Any]]) -> None:
    sources = {Path(source) for service in services.values() for source in mounts(service, "bind").values()}
    assert len(sources) >= 7
    assert {source for source in sources if not source.exists()} == set()


def test_no_mount_lies_in_a_folder_that_is_mounted_read_only(services: dict[str, dict[str, Any]]) -> None:
    # The engine could not make the place for it: "read-only file system" at the start.
    for name, service in services.items():
        bound = set(mounts(service, "bind"))
        every = bound | set(mounts(service, "volume"))
        assert not [(outer, inner) for outer in bound for inner in every if outer in inner.parents], name


def test_prometheus_scrapes_the_exporter_and_finds_rules_and_alertmanager(services: dict[str, dict[str, Any]]) -> None:
    config = yaml.safe_load(on_disk(services["prometheus"], "/etc/prometheus/prometheus.yml").read_text())
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    assert jobs["kafka-burrow-exporter"] == ["exporter:8000"]
    assert config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] == ["alertmanager:9093"]
    hosts = {target.partition(":")[0] for targets in jobs.values() for target in targets}
    assert hosts <= set(services) | {"localhost"}
    for pattern in map(PurePosixPath, config["rule_files"]):
        found = list(on_disk(services["prometheus"], str(pattern.parent)).glob(pattern.name))
        assert found, pattern


def test_grafana_asks_prometheus_and_finds_the_dashboards(services: dict[str, dict[str, Any]]) -> None:
    grafana = services["grafana"]
    sources = [
        source
        for file in on_disk(grafana, "/etc/grafana/provisioning/datasources").glob("*.yaml")
        for source in yaml.safe_load(file.read_text())["datasources"]
    ]
    assert [urlsplit(source["url"]).hostname for source in sources] == ["prometheus"]
    providers = [
        provider
        for file in on_disk(grafana, "/etc/grafana/provisioning/dashboards").glob("*.yaml")
        for provider in yaml.safe_load(file.read_text())["providers"]
    ]
    (folder,) = (PurePosixPath(provider["options"]["path"]) for provider in providers)
    seen = [
        file
        for target, source in mounts(grafana, "bind").items()
        if target.is_relative_to(folder)
        for file in ([Path(source)] if Path(source).is_file() else Path(source).rglob("*.json"))
    ]
    # All that Grafana takes for dashboards, and nothing that is none.
    assert sorted(seen) == sorted((ROOT / "dashboards").glob("*.json"))
    assert on_disk(grafana, grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).is_file()


def paths_of(value: object) -> list[str]:
    """Returns every string in the value that is an absolute path."""
    if isinstance(value, dict):
        return [path for inner in value.values() for path in paths_of(inner)]
    if isinstance(value, list):
        return [path for inner in value for path in paths_of(inner)]
    return [value] if isinstance(value, str) and value.startswith("/") else []


def test_alertmanager_finds_its_templates_and_has_a_place_for_its_secrets(services: dict[str, dict[str, Any]]) -> None:
    alertmanager = services["alertmanager"]
    config_path = PurePosixPath("/etc/alertmanager/alertmanager.yml")
    config = yaml.safe_load(on_disk(alertmanager, str(config_path)).read_text())
    for pattern in config["templates"]:
        absolute = config_path.parent / pattern
        assert list(on_disk(alertmanager, str(absolute.parent)).glob(absolute.name)), pattern
    secrets = [path for path in paths_of(config) if "*" not in path]
    assert secrets
    for secret in secrets:
        assert on_disk(alertmanager, secret).parent == FOLDER / "secrets", secret
        assert f"| `{PurePosixPath(secret).name}` |" in (FOLDER / "secrets/README.md").read_text()


def test_no_secret_can_be_committed() -> None:
    ignored = (FOLDER / "secrets/.gitignore").read_text().split()
    assert ignored[0] == "*"


@pytest.mark.parametrize("path", ["deploy/compose/exporter.yml", "deploy/kubernetes/config.yml"])
def test_the_exporter_takes_the_configuration(path: str) -> None:
    printed("python", "-m", "exporter", "check-config", f"--config.file={ROOT / path}")
