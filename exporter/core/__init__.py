"""The judging core: values in, values out.

Rules for this package: no I/O, no clock, no thread, no logging. Every function is given the time it needs and
returns a new value; a returned value is never changed. The core imports only numpy and itself.
"""
