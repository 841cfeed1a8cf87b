"""How fast the exporter is and what it costs, measured on a real Kafka that is started and filled for it.

`python -m tools.bench` (`make bench`) measures some sizes of cluster, prints the table, and keeps all numbers as JSON
in `.bench/`. With ``--write`` they go into `docs/` too. With ``--peers FOLDER`` it builds other exporters from the
sources there, and scrapes them in turns with this one.
"""
