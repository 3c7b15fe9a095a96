"""Rendering: one module a format, each a function from frozen values to bytes.

Refuses sorting (what comes in order goes out in order) and the disk.
"""
