"""The real servers, consumers and producers that the demo, the tests and the benchmarks start on this machine.

Everything listens on loopback only, on free ports, keeps its files in a folder that the caller names, and is
stopped by process id.
"""
