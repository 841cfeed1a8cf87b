"""The judging core: values in, values out.

House rules of this folder: no I/O, no clock, no thread, no logging. Every function is given the time it
needs and returns a new value; nothing here is changed after it has been handed out. What the core imports
is numpy and itself.
"""
