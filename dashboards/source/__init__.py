"""What the Grafana dashboards beside this folder are made from: `python -m dashboards.source` writes them."""
