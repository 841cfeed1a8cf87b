"""Draws the dashboards without Grafana: Grafana's own components in a headless browser, data from a Prometheus."""
