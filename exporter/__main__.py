"""`python -m exporter` is `kafka-burrow-exporter`."""

from exporter.cli import main

main()
