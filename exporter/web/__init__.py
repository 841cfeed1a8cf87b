"""The exporter's port: the page for Prometheus, health, and what people see."""
