# Everything that can be done here, as one command each; `make help` lists them.
# Downloads are kept in $KBE_CACHE (by default ~/.cache/kafka-burrow-exporter) and in .venv, so that a second
# run needs no network.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The name changes when what is to be installed does. Times would not do: a fresh checkout has new ones.
INSTALLED := $(VENV)/.installed-$(shell cat setup.cfg pyproject.toml | sha256sum | cut -c 1-16)

# gssapi is compiled, for which not everybody has what it takes.
KERBEROS := $(INSTALLED)-kerberos

.DEFAULT_GOAL := help
# Every target that `make help` lists, and one that it does not.
.PHONY: python $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(MAKEFILE_LIST))

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: python ## a real Kafka with consumers of every kind, judged live; SECONDS=90 ends by itself
	@$(PYTHON) -m testbed.prerequisites demo
	@$(MAKE) -s --no-print-directory $(INSTALLED)
	@$(BIN)/python -m testbed.demo $(if $(SECONDS),--seconds $(SECONDS))

test: python ## every test, those against real servers included
	@$(PYTHON) -m testbed.prerequisites tests
	@$(MAKE) -s --no-print-directory $(INSTALLED)
	@$(PYTHON) -m testbed.distribution
	@$(BIN)/python -m pytest -q -n 3 --dist worksteal tests/unit
	@$(BIN)/python -m pytest -n 2 --dist loadfile tests/accuracy tests/real

test-security: python ## Kerberos, with a key distribution centre of its own; WRITE=1 records it in docs/security.md
	@$(PYTHON) -m testbed.prerequisites tests kerberos
	@$(MAKE) -s --no-print-directory $(KERBEROS)
	@mkdir -p build
	@$(BIN)/python -m pytest tests/security --junitxml=build/security.xml
	@$(if $(WRITE),$(BIN)/python -m tools.recorded_tests docs/security.md kerberos outcome=build/security.xml)

test-matrix: python ## the verdicts on Kafka from 2.8 to the newest; VERSIONS="2.8.2 4.0.0", WRITE=1 records docs/versions.md
	@$(PYTHON) -m testbed.prerequisites tests
	@$(MAKE) -s --no-print-directory $(INSTALLED)
	@$(BIN)/python -m tests.matrix $(VERSIONS) $(if $(WRITE),--write)

test-lowest: python ## the unit tests with the lowest versions of all dependencies at run time, in an environment of their own
	@$(PYTHON) -m testbed.prerequisites venv
	@$(PYTHON) -m venv --clear build/lowest
	@build/lowest/bin/pip --disable-pip-version-check -q install --constraint tests/matrix/lowest.txt --editable '.[dev]'
	@build/lowest/bin/python -m pytest -q -m "not real" -n 2 --dist worksteal tests/unit

fuzz: $(INSTALLED) ## anything where input is read; SECONDS=60 for each target, TARGETS="a b", WRITE=1 keeps what is found
	@$(BIN)/pip --disable-pip-version-check -q install --editable '.[fuzz]'
	@$(BIN)/python -m tests.fuzz $(if $(SECONDS),--seconds $(SECONDS)) $(if $(WRITE),--keep) $(TARGETS)

audit: $(INSTALLED) ## licences, and known vulnerabilities; fails if their database cannot be reached
	@$(BIN)/pip --disable-pip-version-check -q install --editable '.[audit]'
	@$(BIN)/python -m tools.audit

check: python ## lint, types and unit, side by side: a few minutes
	@$(PYTHON) -m testbed.prerequisites packages
	@$(MAKE) -s --no-print-directory -j 2 --output-sync=target unit types lint

lint: $(INSTALLED) ## format, lint, import contracts and alert rules
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/lint-imports
	promtool check rules alerts/rules/*

types: $(INSTALLED) ## the types, strictly
	$(BIN)/mypy

unit: $(INSTALLED) ## the tests that start no servers
	$(BIN)/python -m pytest -q -m "not real" -n 3 --dist worksteal tests/unit

accuracy: $(INSTALLED) ## how good the verdicts are on labelled traces, Burrow's beside ours; WRITE=1 updates the docs
	@$(BIN)/python -m tests.accuracy $(if $(WRITE),--write)

faults: $(INSTALLED) ## three real brokers and every fault there is, docs/reliability.md; ROWS="a b", WRITE=1 updates it
	@$(PYTHON) -m testbed.prerequisites tests
	@$(BIN)/python -m tests.faults $(ROWS) $(if $(WRITE),--write)

bench: python ## how fast it is and what it costs, on a real Kafka; SIZES=1k,10k chooses, WRITE=1 updates the docs
	@$(PYTHON) -m testbed.prerequisites bench
	@$(MAKE) -s --no-print-directory $(INSTALLED)
	@$(BIN)/python -m tools.bench $(if $(SIZES),--sizes $(SIZES)) $(if $(PEERS),--peers $(PEERS)) $(if $(WRITE),--write)

bench-peers: ## the same beside other exporters, built from the folders of sources in PEERS=folder
	@test -n "$(PEERS)" || { echo "Whose sources? make bench-peers PEERS=FOLDER, which has kminion, kafka_exporter and\
	 Burrow in it (those that are missing are left out)" >&2; exit 2; }
	@$(MAKE) -s --no-print-directory bench

dashboards-at-size: python ## all that the dashboards ask, of a Prometheus with 5,000 groups; PARTITIONS=20, WRITE=1 updates the docs
	@$(PYTHON) -m testbed.prerequisites tests
	@$(MAKE) -s --no-print-directory $(INSTALLED)
	@$(BIN)/python -m tools.dashboards.at_size $(if $(PARTITIONS),--partitions $(PARTITIONS)) $(if $(WRITE),--write)

generate: $(INSTALLED) ## what is made from something else: references, tables, dashboards, manifests
	$(BIN)/python -m tools.documentation
	$(BIN)/python -m tools.dashboards
	$(BIN)/python -m tools.manifests

packages: $(INSTALLED) ## wheel, sdist and bill of materials, in dist/
	@$(BIN)/python -m tools.packages

constraints: $(INSTALLED) ## what the image installs, pinned with hashes to what is installed here
	@$(BIN)/python -m tools.constraints

chart: $(INSTALLED) ## the Helm chart linted and rendered by Helm, which Go builds; WRITE=1 updates the renderings
	@$(BIN)/python -m tools.chart $(if $(WRITE),--write)

workflows: $(INSTALLED) ## the public host's workflows, linted with actionlint; needs Go
	@$(BIN)/python -m tools.workflows

image: ## the Dockerfile's steps replayed in a clean root, where no container engine is; as root
	$(PYTHON) tools/replay_image.py

clean: ## remove the virtual environment and what the tools leave here (not the downloads)
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find examples exporter testbed tests tools -name __pycache__ -prune -exec rm -rf {} +

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Python 3.11 or newer\
	 is missing as $(PYTHON): install it (Debian: apt-get install python3), or name it: make PYTHON=..." >&2; exit 1; }

$(INSTALLED): | python
	@$(PYTHON) -m testbed.prerequisites venv
	@echo "Installing the exporter, its dependencies and the tools for its tests into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip --disable-pip-version-check install --editable '.[dev]'
	@rm -f $(VENV)/.installed-*
	@touch $@

$(KERBEROS): $(INSTALLED)
	@$(BIN)/pip --disable-pip-version-check install --editable '.[kerberos]'
	@touch $@
