"""The exporter beside a real Kafka on its worst days: what is done, what the page says meanwhile, and what returns."""
