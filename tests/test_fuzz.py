"""The corpus of the fuzz targets, without the fuzzer: what once failed, and what covers most, still ends well."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.mutate import changed
from tests.fuzz.targets import CORPUS, TARGETS

MOST_BYTES = 300_000


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_is_replayed(name: str) -> None:
    """Each input that fuzzing kept ends without an exception and keeps the target's law."""
    found = sorted((CORPUS / name).iterdir())
    assert found
    for path in found:
        try:
            TARGETS[name].run(path.read_bytes())
        except Exception as error:
            raise AssertionError(path.name) from error


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_are_good(name: str) -> None:
    """What a target begins with keeps its law, so that a failure is something new."""
    count = 0
    for seed in TARGETS[name].seeds():
        TARGETS[name].run(seed[: TARGETS[name].longest])
        count += 1
    assert count


def test_the_corpus_is_of_these_targets_and_small() -> None:
    """Nothing in it is of a target that is gone, and it stays small enough to be kept."""
    assert {path.name for path in CORPUS.iterdir()} == TARGETS.keys()
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES


@settings(max_examples=200)
@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.integers(0),
)
def test_a_mutation_follows_from_its_seed(data: bytes, seed: int) -> None:
    """So that a failure can be had again; and it keeps to the length."""
    assert changed(data, 200, seed) == changed(data, 200, seed)
    assert len(changed(data, 200, seed)) <= 200


def test_a_target_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that loses a line, and a renderer that lets a script through, are caught."""
    from digestfeed.parse import Fate
    from tests import laws
    from tests.fuzz import targets

    monkeypatch.setattr(laws, "account", lambda *_: {1: Fate.CHATTER})
    with pytest.raises(AssertionError):
        TARGETS["parse"].run(b"one\ntwo")
    for html in ("<script>1</script>", "<p onclick=x>a</p>", '<a href="javascript:x">a</a>', "<em>a", "<p>\x00</p>"):
        monkeypatch.setattr(targets, "markdown_html", lambda _text, made=html: made)
        with pytest.raises(AssertionError):
            TARGETS["markdown"].run(b"a")
