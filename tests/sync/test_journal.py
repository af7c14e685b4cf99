"""What is written down of a fault is its sort and its place, never its words."""

from __future__ import annotations

from sync.journal import FRAMES_MAX, traced


def test_a_fault_is_written_down_without_what_it_says() -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        raise ValueError("13812345678")

    try:
        deep(20)
    except ValueError as error:
        told = traced(error)

    assert told["error"] == "ValueError"
    assert len(told["frames"]) == FRAMES_MAX  # type: ignore[arg-type]
    assert "13812345678" not in str(told)
    assert "deep" in str(told)
