from itertools import pairwise
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from rnd_actors.workers._stream import LineParser

_TIMES: Final = st.sampled_from([2, 18, 19, 255, 256, 257, 600])


def parse(chunks: list[bytes]) -> tuple[list[int], list[bytes], int]:
    """Feed all chunks; return the numbers, the malformed lines and the count of lines."""
    malformed: list[bytes] = []
    parser = LineParser(malformed.append)
    values = [value for chunk in chunks for value in parser.feed(chunk)]
    parser.finish()
    return values, malformed, parser.received


def test_a_line_is_a_number() -> None:
    assert parse([b"rnd=17\n"]) == ([17], [], 1)


def test_a_line_may_come_in_pieces_and_a_chunk_may_hold_many() -> None:
    assert parse([b"rn", b"d=1", b"7\nrnd=4\nrnd", b"=5\n"]) == ([17, 4, 5], [], 3)


def test_crlf_ends_a_line_too_even_when_split() -> None:
    assert parse([b"rnd=1\r\nrnd=2\r", b"\n"]) == ([1, 2], [], 2)


def test_empty_lines_do_not_count() -> None:
    assert parse([b"\n\r\nrnd=1\n\n"]) == ([1], [], 1)


def test_a_number_that_was_cut_off_is_malformed_and_never_a_sample() -> None:
    assert parse([b"rnd=4\nrnd=1"]) == ([4], [b"rnd=1"], 2)


def test_integers_of_up_to_eighteen_digits_are_accepted() -> None:
    assert parse([b"rnd=%d\nrnd=-%d\n" % (10**18 - 1, 5)])[0] == [10**18 - 1, -5]


def test_what_is_no_number_is_malformed_and_the_stream_goes_on() -> None:
    wrong = [b"oops", b"rnd=", b"rnd=1.5", b"rnd=" + b"1" * 19, b"RND=1", b" rnd=1", b"\xff\xfe"]
    lines = b"".join(line + b"\n" for line in wrong)
    assert parse([lines, b"rnd=1\n"]) == ([1], wrong, len(wrong) + 1)


def test_only_the_beginning_of_an_endless_line_is_kept() -> None:
    parser = LineParser(lambda line: None)
    for _ in range(100):
        parser.feed(b"x" * 10_000)
        assert len(parser._tail) <= 256
    assert parser.feed(b"\nrnd=3\n") == [3]
    assert parser.received == 2


def test_an_endless_line_whose_kept_part_looks_like_a_sample_is_malformed() -> None:
    values, malformed, _ = parse([b"rnd=1" + b" " * 300, b"\n"])
    assert values == []
    assert len(malformed) == 1


def test_carriage_returns_alone_are_no_empty_line_however_they_are_cut() -> None:
    line = b"\r" * 300 + b"x"
    whole = parse([line + b"\n"])
    assert whole == ([], [b"\r" * 256], 1)
    assert parse([line, b"\n"]) == whole


_BYTES = st.lists(
    st.binary(max_size=30)
    | st.sampled_from([b"rnd=12\n", b"rnd=3\r\n", b"\n", b"\r", b"rnd=-", b"4", b"\xff"])
    | st.builds(lambda piece, times: piece * times, st.sampled_from([b"\r", b"7", b"x"]), _TIMES)
).map(b"".join)


@given(_BYTES, st.lists(st.integers(0, 2000)))
def test_any_split_of_any_bytes_reads_the_same(data: bytes, cuts: list[int]) -> None:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[begin:end] for begin, end in pairwise(ends)]
    whole = parse([data])
    assert parse(pieces) == whole
    assert parse([data[i : i + 1] for i in range(len(data))]) == whole


@given(st.lists(_BYTES))
def test_every_line_is_either_a_sample_or_malformed(pieces: list[bytes]) -> None:
    values, malformed, received = parse(pieces)
    assert received == len(values) + len(malformed)


@given(st.lists(_BYTES))
def test_never_more_is_kept_than_the_beginning_of_a_line(pieces: list[bytes]) -> None:
    shown: list[bytes] = []
    parser = LineParser(shown.append)
    for piece in pieces:
        parser.feed(piece)
        assert len(parser._tail) <= 256
    parser.finish()
    assert all(len(line) <= 256 for line in shown)
