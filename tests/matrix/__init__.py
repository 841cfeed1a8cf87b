"""The end-to-end tests of the verdicts, on one version of Kafka after the other: `make test-matrix`."""
