"""The HTTP port: the metrics page, health, status pages, and Burrow's API."""
