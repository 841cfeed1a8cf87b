"""What is checked of the dashboards: the rules of Grafana's dashboard-linter, and what each query asks."""
