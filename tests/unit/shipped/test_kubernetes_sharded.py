"""The manifests of several shards: the same pod as alone, once for each of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from exporter.config import Flag, load
from exporter.settings import Shard
from tests.support.deploy_tools import printed
from tests.support.repository import ROOT

Manifest = dict[str, Any]


def rendered(folder: Path) -> dict[str, Manifest]:
    """The manifests by their kind and name."""
    manifests = yaml.safe_load_all(printed("kubectl", "kustomize", folder))
    return {f"{manifest['kind']}/{manifest['metadata']['name']}": manifest for manifest in manifests}


@pytest.fixture(scope="module")
def alone() -> dict[str, Manifest]:
    return rendered(ROOT / "deploy/kubernetes")


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Manifest]:
    """As the comment in the kustomization says."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "dashboards", copy / "dashboards")
    shutil.copytree(ROOT / "deploy/kubernetes", copy / "deploy/kubernetes")
    kustomization = copy / "deploy/kubernetes/kustomization.yaml"
    text = kustomization.read_text()
    assert text.count("# components: [sharded]\n") == 1
    kustomization.write_text(text.replace("# components: [sharded]\n", "components: [sharded]\n"))
    return rendered(kustomization.parent)


@pytest.fixture(scope="module")
def stateful_set(sharded: dict[str, Manifest]) -> Manifest:
    return sharded["StatefulSet/kafka-burrow-exporter"]


@pytest.mark.parametrize("version", ["1.29", kubernetes_validate.latest_version()])
def test_it_is_what_the_schema_allows_and_nothing_more(stateful_set: Manifest, version: str) -> None:
    kubernetes_validate.validate(stateful_set, version, strict=True)


def test_only_the_deployment_is_replaced(alone: dict[str, Manifest], sharded: dict[str, Manifest]) -> None:
    assert sharded.keys() - alone.keys() == {"StatefulSet/kafka-burrow-exporter"}
    assert alone.keys() - sharded.keys() == {"Deployment/kafka-burrow-exporter"}
    assert all(sharded[name] == alone[name] for name in sharded.keys() & alone.keys())


def test_each_pod_is_the_one_of_the_deployment_with_its_shard_and_a_history_of_its_own(
    alone: dict[str, Manifest], stateful_set: Manifest
) -> None:
    spec = json.loads(json.dumps(stateful_set["spec"]))
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    container.pop("env")
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    claimed = {claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]}
    assert claimed == {"history"}
    assert mounted == claimed | {volume["name"] for volume in pod["volumes"]}
    before = json.loads(json.dumps(alone["Deployment/kafka-burrow-exporter"]["spec"]))
    volumes = before["template"]["spec"]["volumes"]
    before["template"]["spec"]["volumes"] = [volume for volume in volumes if volume["name"] not in claimed]
    assert spec["template"] == before["template"]
    assert spec["selector"] == before["selector"]


def test_there_are_as_many_pods_as_shards_and_each_is_told_which_it_is(stateful_set: Manifest, tmp_path: Path) -> None:
    spec = stateful_set["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    env = {variable["name"]: variable for variable in container["env"]}
    assert env["KBE_SHARD_INDEX"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    count = env["KBE_SHARD_COUNT"]["value"]
    assert spec["replicas"] == int(count) > 1
    (tmp_path / "config.yml").write_text("clusters: {c: {bootstrap_servers: 'a:1'}}\n")
    for index in range(int(count)):
        given = [
            Flag("shard.count", count, "KBE_SHARD_COUNT"),
            Flag("shard.index", f"{stateful_set['metadata']['name']}-{index}", "KBE_SHARD_INDEX"),
        ]
        assert load(str(tmp_path / "config.yml"), given).shard == Shard(int(count), index)


def test_the_service_that_it_names_is_there(sharded: dict[str, Manifest], stateful_set: Manifest) -> None:
    service = sharded[f"Service/{stateful_set['spec']['serviceName']}"]
    labels = stateful_set["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
