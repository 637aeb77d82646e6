"""What a measurement says of where it was made."""

from __future__ import annotations

from vivavoce.bench.surroundings import PACKAGES, versions


def test_the_packages_that_shape_the_words_are_named_with_their_versions() -> None:
    found = versions()
    assert tuple(found) == PACKAGES
    assert all(version[0].isdigit() for version in found.values())
