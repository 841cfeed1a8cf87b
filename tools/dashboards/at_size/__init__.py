"""Asks every question of the dashboards of a real Prometheus that has an hour of thousands of groups."""
