"""What a measurement says of where it was made."""

from __future__ import annotations

import pytest

from vivavoce.bench.surroundings import PACKAGES, vector_instructions, versions


def test_the_packages_that_shape_the_words_are_named_with_their_versions() -> None:
    found = versions()
    assert tuple(found) == PACKAGES
    assert all(version[0].isdigit() for version in found.values())


@pytest.mark.parametrize(
    ("info", "found"),
    [
        (
            "flags\t: fpu sse sse4_1 ssse3 fma smep avx2 avx512_vnni avx_vnni amx_int8 vaes\nbugs\t: x\n",
            "sse sse4_1 ssse3 fma avx2 avx512_vnni avx_vnni amx_int8",
        ),
        ("Features\t: fp asimd crc32 asimddp sve i8mm svei8mm bf16\n", "asimd asimddp sve i8mm svei8mm bf16"),
        ("processor\t: 0\nmodel name\t: avx\n", ""),
        ("", ""),
    ],
)
def test_the_instructions_that_shape_what_small_integers_give_are_named(info: str, found: str) -> None:
    assert vector_instructions(info) == found.split()


def test_of_many_processors_one_is_named() -> None:
    assert vector_instructions("flags : avx sse\n\nflags : avx sse\n") == ["avx", "sse"]
