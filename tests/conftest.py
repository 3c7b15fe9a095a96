"""Settings and sites for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.sites import build_corpus, build_samples

settings.register_profile("digestfeed", deadline=None)  # a slow machine is no fault of a law
settings.load_profile("digestfeed")


@pytest.fixture(scope="session")
def sample_sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build the site of the samples in both languages, with search; to be looked at, not changed."""
    return {language: build_samples(tmp_path_factory.mktemp(language), language) for language in ("ko", "en")}


@pytest.fixture(scope="session")
def corpus_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site of the corpus, with search; to be looked at, not changed."""
    return build_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session", autouse=True)
def _unhurried_disk() -> None:
    """Sync nothing: it waits for what all the machine has to write, and no test cuts the power."""
    setattr(os, "sync", lambda: None)  # noqa: B010 -- mypy
    setattr(os, "fsync", lambda _: None)  # noqa: B010
