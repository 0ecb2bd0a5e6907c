from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heaters.storage.ranges import ByteRange, RangeRefused, parse_range

SIZES = st.integers(1, 10**15)


@given(SIZES, st.data())
def test_first_and_last_byte_are_both_included(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first, 2 * size))
    assert parse_range(f"bytes={first}-{last}", size) == ByteRange(first, min(last + 1, size), size)
    assert parse_range(f"bytes={first}-", size) == ByteRange(first, size, size)


@given(SIZES, SIZES)
def test_a_suffix_is_the_last_bytes_at_most_all_of_them(size: int, length: int) -> None:
    assert parse_range(f"bytes=-{length}", size) == ByteRange(max(0, size - length), size, size)


@given(SIZES)
def test_no_header_is_the_whole_file(size: int) -> None:
    whole = parse_range(None, size)
    assert (whole.start, whole.end, whole.length) == (0, size, size)
    assert whole.content_range == f"bytes 0-{size - 1}/{size}"


@given(SIZES, st.text())
def test_any_text_gives_a_range_inside_of_the_file_or_the_one_refusal(size: int, header: str) -> None:
    try:
        found = parse_range(header, size)
    except RangeRefused as error:
        assert error.content_range == f"bytes */{size}"  # noqa: PT017 - either is right
    else:
        assert 0 <= found.start < found.end <= size


@given(SIZES, st.integers(0, 10**17))
def test_what_begins_behind_the_end_is_refused(size: int, more: int) -> None:
    with pytest.raises(RangeRefused, match=f"file of {size}"):
        parse_range(f"bytes={size + more}-", size)


@pytest.mark.parametrize(
    "header",
    [
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=2-1", "bytes=--1", "bytes=-1-2", "bytes=0-1,2-3",
        "bytes=0-1,", "frames=0-1", "bytes=0x1-0x2", "bytes=+1-2", "bytes=1.0-2", "bytes=٣-٤", "bytes=0 - 1", "bytes=-0",
        f"bytes={'9' * 40}-", f"bytes=0-{'9' * 4000}", "bytes=0-1\n",
    ],
)  # fmt: skip
def test_malformed_and_several_ranges_are_refused(header: str) -> None:
    with pytest.raises(RangeRefused) as refused:
        parse_range(header, 100)
    assert refused.value.content_range == "bytes */100"
    assert len(refused.value.message) < 250


@pytest.mark.parametrize("header", [None, "bytes=0-", "bytes=-1", "bytes=0-0"])
def test_an_empty_file_has_no_range(header: str | None) -> None:
    with pytest.raises(RangeRefused):
        parse_range(header, 0)


@pytest.mark.parametrize("header", ["Bytes=1-2", "BYTES=1-2", " bytes=1-2 ", "bytes = 1-2"])
def test_case_and_blanks_around_do_not_matter(header: str) -> None:
    assert parse_range(header, 10) == ByteRange(1, 3, 10)


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 3), (4, 3), (0, 11)])
def test_a_range_is_never_empty_and_never_outside(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not inside"):
        ByteRange(start, end, 10)
