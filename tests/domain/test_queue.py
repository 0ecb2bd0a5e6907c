from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from heaters.domain.queue import REFILL_AT, Queue


@st.composite
def queues(draw: st.DrawFn) -> Queue:
    """Pending clips of which some are held; gaps between them are clips that were decided on."""
    starts = sorted(draw(st.sets(st.integers(0, 60), max_size=25)))
    holders = draw(
        st.lists(st.sampled_from(["mine", "other", "nobody"]), min_size=len(starts), max_size=len(starts))
    )
    ids = [100 - start for start in starts]  # ids need not follow the frames
    mine, others = (
        {one for one, who in zip(ids, holders, strict=True) if who == name} for name in ("mine", "other")
    )
    return Queue(starts, ids, mine, others)


@given(queue=queues(), at=st.integers(0, 61), length=st.integers(1, 30))
def test_a_refill_takes_free_clips_and_never_more_than_asked_for(queue: Queue, at: int, length: int) -> None:
    taken = queue.refill(at, length)

    assert len(set(taken)) == len(taken)
    assert set(taken) <= set(queue.ids) - queue.mine - queue.others
    assert not taken or len(queue.mine) + len(taken) <= length


@given(queue=queues(), at=st.integers(0, 61), length=st.integers(1, 30))
def test_what_is_taken_are_neighbours_with_nobody_elses_clip_between_them(
    queue: Queue, at: int, length: int
) -> None:
    places = [queue.ids.index(one) for one in queue.refill(at, length)]

    assert places == sorted(places)
    for one, following in pairwise(places):
        assert set(queue.ids[one + 1 : following]) <= queue.mine


@given(queue=queues(), at=st.integers(0, 61), length=st.integers(REFILL_AT + 1, 30))
def test_whoever_has_few_gets_something_as_long_as_anything_is_free(
    queue: Queue, at: int, length: int
) -> None:
    free = set(queue.ids) - queue.mine - queue.others
    assert bool(queue.refill(at, length)) == bool(free and len(queue.mine) <= REFILL_AT)


@given(queue=queues(), at=st.integers(0, 61))
def test_the_run_begins_with_the_first_free_clip_from_where_the_reviewer_is(queue: Queue, at: int) -> None:
    free = [place for place, one in enumerate(queue.ids) if one not in queue.mine | queue.others]
    ahead = [place for place in free if queue.starts[place] >= at]
    taken = queue.refill(at, 30)
    if taken:
        assert taken[0] == queue.ids[(ahead or free)[0]]


@given(queue=queues(), at=st.integers(0, 61))
def test_only_a_held_clip_comes_next_and_the_nearest_one_ahead_before_those_behind(
    queue: Queue, at: int
) -> None:
    held = [(start, one) for start, one in zip(queue.starts, queue.ids, strict=True) if one in queue.mine]
    ahead = [one for start, one in held if start >= at]
    expected = (ahead or [one for _, one in held] or [None])[0]
    assert queue.next_clip(at) == expected


def test_two_sessions_that_review_one_source_get_runs_side_by_side() -> None:
    starts, ids = list(range(0, 200, 10)), list(range(1, 21))
    first = Queue(starts, ids, set(), set()).refill(0, 8)
    second = Queue(starts, ids, set(), set(first)).refill(0, 8)
    more = Queue(starts, ids, set(first[5:]), set(second)).refill(50, 8)

    assert (first, second, more) == ([*range(1, 9)], [*range(9, 17)], [17, 18, 19, 20])
