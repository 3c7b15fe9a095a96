"""Settings for all tests."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("digestfeed", deadline=None)  # a slow machine is no fault of a law
settings.load_profile("digestfeed")
