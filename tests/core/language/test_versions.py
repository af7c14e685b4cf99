import pytest

from core.language.versions import in_range, is_range, parse_version


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("1.0.0", "^1"), ("1.9.3", "^1"), ("1.2.0", "^1.2"), ("0.2.9", "^0.2"), ("0.0.3", "^0.0.3"),
        ("1.2.9", "~1.2"), ("1.2.9", "~1.2.3"), ("1.9.0", "~1"), ("7.0.0", ">=1.2"), ("1.2.3", "1.2"),
        ("1.2.3", "1.2.x"), ("1.2.3", "1.2.3"), ("9.9.9", "*"),
    ],
)  # fmt: skip
def test_a_version_in_its_range(version: str, wanted: str) -> None:
    assert in_range(version, wanted)


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("2.0.0", "^1"), ("0.9.9", "^1"), ("1.1.9", "^1.2"), ("0.3.0", "^0.2"), ("0.0.4", "^0.0.3"),
        ("1.3.0", "~1.2"), ("2.0.0", "~1"), ("1.1.9", ">=1.2"), ("1.3.0", "1.2"), ("1.2.4", "1.2.3"),
        ("1", "^1"), ("1.0.0", "newest"),
    ],
)  # fmt: skip
def test_a_version_outside_its_range(version: str, wanted: str) -> None:
    assert not in_range(version, wanted)


def test_what_is_a_version_and_what_is_a_range() -> None:
    assert parse_version("1.2.3") == (1, 2, 3)
    assert parse_version("1.2") is None
    assert is_range("^1")
    assert not is_range("latest")
