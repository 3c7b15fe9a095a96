"""Fuzzing: what is tried on any bytes (`targets`), how new bytes are made (`mutate`), and what was found (`corpus`).

`python -m tests.fuzz TARGET` runs one with atheris, guided by coverage; `tests/test_fuzz.py` replays the corpus
without it.
"""
