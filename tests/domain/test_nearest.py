from __future__ import annotations

import threading

import pytest

from heaters.domain.nearest import did_you_mean, refuse_unknown
from heaters.domain.stopping import heed, listen_to
from heaters.errors import UsageError


def test_the_nearest_name_is_offered_and_none_where_none_is_near() -> None:
    assert did_you_mean("tresh", ["threshold", "hash", "hold"]) == "; did you mean threshold?"
    assert did_you_mean("zzz", ["threshold"], otherwise="; look it up") == "; look it up"


def test_an_unknown_keyword_is_refused_with_all_there_are() -> None:
    refuse_unknown(["note"], ["label", "note"], "decide")
    with pytest.raises(
        UsageError, match=r"^decide takes no lable; it takes label, note; did you mean label\?$"
    ):
        refuse_unknown(["note", "lable"], ["label", "note"], "decide")


def test_only_a_thread_that_was_told_to_stop_stops() -> None:
    told, seen = threading.Event(), list[str]()
    told.set()
    heed()

    def work() -> None:
        listen_to(told)
        try:
            heed()
        except KeyboardInterrupt:
            seen.append("stopped")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    heed()
    assert seen == ["stopped"]
