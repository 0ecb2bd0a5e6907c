from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shots_made import dissolve, fade, flat, mix, scores_of, shot, wipe

from heaters.domain.cuts import find_tiling_fault, tiling
from heaters.errors import MediaError, SettingsError, UsageError
from heaters.media.content_rules import adaptive_ratio
from heaters.media.detectors import DETECTORS, detect
from heaters.media.scores import PICTURE_SHAPE, FrameScores

STORED = [name for name, row in DETECTORS.items() if not row.replays]
REPLAYED = [name for name, row in DETECTORS.items() if row.replays]


def made_up(n: int, seed: int = 0, level: float = 30.0) -> FrameScores:
    """Scores of no film: any numbers."""
    random = np.random.default_rng(seed)
    columns = {name: random.gamma(1.0, level, n) for name in ("hue", "saturation", "luma", "edges")}
    return FrameScores.of_columns(
        mean_luma=random.uniform(0, 255, n), picture=random.integers(0, 256, (n, *PICTURE_SHAPE)), **columns
    )


class TestHardCuts:
    def test_each_is_found_at_the_first_frame_of_the_new_shot(self) -> None:
        film = shot(1, 30, 1) + shot(2, 6, 2) + shot(3, 6) + shot(4, 25, 3)
        assert detect(scores_of(film)).cuts == [30, 36, 42]

    def test_a_flash_inside_a_shot_is_none(self) -> None:
        for length in (1, 2, 4):
            film = shot(1, 60, 1)
            film[30 : 30 + length] = [mix(one, flat(255, 1)[0], 0.9) for one in film[30 : 30 + length]]
            assert detect(scores_of(film)).cuts == []

    def test_a_light_that_is_switched_on_is_none(self) -> None:
        film = shot(1, 60, 1)
        film[30:] = [mix(one, flat(255, 1)[0], 0.4) for one in film[30:]]
        assert detect(scores_of(film)).cuts == []

    def test_a_shot_shorter_than_the_shortest_is_merged_and_no_frame_is_lost(self) -> None:
        film = shot(1, 30) + shot(2, 3) + shot(3, 30)
        cuts = detect(scores_of(film), min_shot_frames=5).cuts
        assert len(cuts) == 1
        assert cuts[0] in {30, 33}
        assert find_tiling_fault(tiling(cuts, len(film)), len(film)) is None
        assert detect(scores_of(film), min_shot_frames=3).cuts == [30, 33]

    def test_a_cut_too_near_to_the_ends_is_left_out(self) -> None:
        film = shot(1, 4) + shot(2, 40) + shot(3, 4)
        assert detect(scores_of(film)).cuts == []
        assert detect(scores_of(film), min_shot_frames=4).cuts == [4, 44]


class TestFades:
    def test_a_fade_through_black_is_one_cut_in_the_gap(self) -> None:
        for hold in (0, 1, 12, 60):
            film = [
                *shot(1, 40), *fade(shot(1, 10), 0), *flat(0, hold), *fade(shot(2, 10), 0)[::-1], *shot(2, 40),
            ]  # fmt: skip
            cuts = detect(scores_of(film)).cuts
            assert len(cuts) == 1
            assert 48 <= cuts[0] <= 52 + hold

    def test_a_fade_through_white_is_one_cut_in_the_gap(self) -> None:
        film = [*shot(1, 40), *fade(shot(1, 12), 255), *fade(shot(2, 12), 255)[::-1], *shot(2, 40)]
        cuts = detect(scores_of(film)).cuts
        assert len(cuts) == 1
        assert 45 <= cuts[0] <= 58

    def test_a_fade_to_black_and_back_into_the_same_shot_is_a_cut_but_a_blink_is_none(self) -> None:
        slow = [*shot(1, 40), *fade(shot(1, 10), 0), *flat(0, 8), *fade(shot(1, 10), 0)[::-1], *shot(1, 40)]
        assert len(detect(scores_of(slow)).cuts) == 1
        blink = [*shot(1, 40), *flat(0, 3), *shot(1, 40)]
        assert detect(scores_of(blink)).cuts == []

    def test_a_fade_in_at_the_start_and_out_at_the_end_are_no_cuts(self) -> None:
        film = [*flat(0, 10), *fade(shot(1, 20), 0)[::-1], *shot(1, 40), *fade(shot(1, 20), 0), *flat(0, 10)]
        assert detect(scores_of(film)).cuts == []

    def test_a_small_light_that_moves_over_black_is_none(self) -> None:
        film = []
        for k in range(90):
            picture = flat(0, 1)[0].copy()
            picture[60:75, 3 * k : 3 * k + 20] = 200
            film.append(picture)
        assert detect(scores_of(film)).cuts == []

    def test_fades_of_plain_pictures_are_found(self) -> None:
        ramp = [flat(level, 1)[0] for level in range(0, 200, 8)]
        assert len(detect(scores_of([*ramp[::-1], *ramp])).cuts) == 1

    def test_a_hard_cut_to_black_stands_where_the_black_begins(self) -> None:
        film = [*shot(1, 40), *flat(0, 20), *fade(shot(2, 20), 0)[::-1], *shot(2, 40)]
        assert 40 in detect(scores_of(film)).cuts


class TestDissolves:
    @pytest.mark.parametrize("length", [8, 12, 20, 30, 40])
    @pytest.mark.parametrize("change", [dissolve, wipe])
    def test_one_is_found_near_its_middle(self, length: int, change: object) -> None:
        between = change(shot(1, length), shot(2, length))  # type: ignore[operator]
        film = [*shot(1, 60), *between, *shot(2, 60)]
        cuts = detect(scores_of(film)).cuts
        assert len(cuts) == 1
        assert 60 + length * 0.25 <= cuts[0] <= 60 + length * 0.75

    def test_it_is_found_between_hard_cuts(self) -> None:
        film = [*shot(1, 50), *shot(2, 30), *dissolve(shot(2, 16), shot(3, 16)), *shot(3, 30), *shot(4, 50)]
        cuts = detect(scores_of(film)).cuts
        assert len(cuts) == 3
        assert (cuts[0], cuts[2]) == (50, 126)
        assert 82 <= cuts[1] <= 94

    @pytest.mark.parametrize("speed", [0.5, 2, 5])
    def test_a_pan_is_none(self, speed: float) -> None:
        assert detect(scores_of(shot(1, 120, speed))).cuts == []

    def test_a_slow_change_of_light_is_none(self) -> None:
        ground = flat(255, 1)[0]
        film = [mix(one, ground, min(0.7, k / 60)) for k, one in enumerate(shot(1, 120, 0.5))]
        assert detect(scores_of(film)).cuts == []

    def test_something_that_passes_the_camera_is_none(self) -> None:
        film = shot(1, 100)
        passing = shot(2, 1)[0]
        for k in range(20):
            film[40 + k][:, 12 * k : 12 * k + 80] = passing[:, :80]
        assert detect(scores_of(film)).cuts == []


class TestWhatItSays:
    def test_the_curve_has_a_value_for_each_frame_and_peaks_at_the_cut(self) -> None:
        for name in STORED:
            found = detect(scores_of(shot(1, 20, 1) + shot(2, 20, 1)), name)
            assert found.score.shape == (40,)
            assert found.score.dtype == np.float32
            assert found.score.argmax() == 20
            assert (found.detector, found.replayed, found.note) == (name, False, None)

    def test_the_threshold_is_the_detectors_own_unless_given(self) -> None:
        scores = made_up(100)
        for name in STORED:
            assert detect(scores, name).params["threshold"] == DETECTORS[name].threshold
            assert detect(scores, name, threshold=5).params == {"threshold": 5.0, "min_shot_frames": 5}

    def test_a_lower_threshold_finds_a_weaker_cut(self) -> None:
        film = [*shot(1, 30), *[mix(one, shot(2, 1)[0], 0.3) for one in shot(1, 30)]]
        scores = scores_of(film)
        assert detect(scores, threshold=10).cuts == []
        assert detect(scores, threshold=1.5).cuts == [30]

    def test_an_unknown_detector_is_refused_with_the_nearest_name(self) -> None:
        with pytest.raises(SettingsError, match=r"no detector 'adaptiv'.*did you mean adaptive"):
            detect(made_up(10), "adaptiv")

    @pytest.mark.parametrize("name", DETECTORS)
    @pytest.mark.parametrize("value", [0, -1, 1e9, math.nan, math.inf, True, "3"])
    def test_a_threshold_out_of_range_is_refused_with_the_range(self, name: str, value: float) -> None:
        with pytest.raises(SettingsError, match=f"the threshold of {name} is .* takes a number from"):
            detect(made_up(10), name, threshold=value)

    @pytest.mark.parametrize("value", [0, -3, 2.5, True])
    def test_a_shortest_shot_that_is_no_length_is_refused(self, value: int) -> None:
        with pytest.raises(SettingsError, match="shortest shot"):
            detect(made_up(10), min_shot_frames=value)

    def test_detection_from_scores_loads_no_codec(self) -> None:
        code = (
            "import sys, heaters.media.detectors;"
            "sys.exit(str([one for one in ('av', 'cv2', 'scenedetect', 'PIL') if one in sys.modules]))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.stderr.strip() == "[]"


class TestEdges:
    @pytest.mark.parametrize("name", STORED)
    @pytest.mark.parametrize("n", range(8))
    def test_very_short_sources_have_no_cut_that_breaks_the_shortest_shot(self, name: str, n: int) -> None:
        assert detect(made_up(n), name).cuts in ([], [5])

    @pytest.mark.parametrize("name", STORED)
    @pytest.mark.parametrize("level", [0, 128, 255])
    def test_constant_pictures_have_no_cut(self, name: str, level: int) -> None:
        assert detect(scores_of(flat(level, 60)), name).cuts == []

    @pytest.mark.parametrize("name", STORED)
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        n=st.integers(0, 400),
        seed=st.integers(0, 1000),
        threshold=st.floats(1, 40),
        shortest=st.integers(1, 30),
    )
    def test_whatever_the_scores_the_cuts_tile_the_source(
        self, name: str, n: int, seed: int, threshold: float, shortest: int
    ) -> None:
        cuts = detect(made_up(n, seed), name, threshold, shortest).cuts
        assert cuts == sorted(set(cuts))
        assert all(type(cut) is int and 0 < cut < n for cut in cuts)
        if n:
            shots = tiling(cuts, n)
            assert find_tiling_fault(shots, n) is None
            if name == "heaters" and len(shots) > 1:
                assert min(map(len, shots)) >= shortest

    def test_standing_pictures_around_a_change_have_the_largest_ratio(self) -> None:
        value = np.zeros(11)
        value[5] = 20
        assert adaptive_ratio(value)[5] == 255
        value[5] = 10
        assert adaptive_ratio(value).max() == 0
        assert len(adaptive_ratio(np.zeros(4))) == 4


class TestReplayNeeds:
    @pytest.mark.parametrize("name", REPLAYED)
    def test_the_proxy(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="replays the review proxy"):
            detect(made_up(10), name)
        with pytest.raises(MediaError, match=r"gone\.mp4 can't be decoded"):
            detect(made_up(10), name, proxy=tmp_path / "gone.mp4")

    def test_a_proxy_that_is_a_video(self, tmp_path: Path) -> None:
        broken = tmp_path / "broken.mp4"
        broken.write_bytes(b"no video" * 100)
        with pytest.raises(MediaError, match=r"broken\.mp4 can't be decoded"):
            detect(made_up(10), "hash", proxy=broken)
