from __future__ import annotations

import gc
import threading
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from shots_made import HEIGHT, WIDTH, flat, scores_of, shot, video_frame

from heaters.media.scores import FrameScores, ScoreTaker, scored_size

DIFFERENCES = ("hue", "saturation", "luma", "edges")


def score_file(path: Path) -> FrameScores:
    taker = ScoreTaker()
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            taker.take(frame)
    return taker.finish()


def components_of_pyscenedetect(path: Path) -> np.ndarray:
    """Hue, saturation, luma by its documented recipe: full picture to BGR, cv2.resize, HSV, mean difference."""
    rows: list[tuple[float, ...]] = []
    before = None
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            picture = frame.to_ndarray(format="bgr24")
            scale = max(1.0, max(picture.shape[:2]) / 256)
            size = (round(picture.shape[1] / scale), round(picture.shape[0] / scale))
            hsv = cv2.cvtColor(cv2.resize(picture, size), cv2.COLOR_BGR2HSV).astype(np.int32)
            rows.append((0.0, 0.0, 0.0) if before is None else tuple(np.abs(hsv - before).mean((0, 1))))
            before = hsv
    return np.array(rows)


@pytest.mark.parametrize("name", ["labelled/bikes.mp4", "labelled/psd_vfr_drop3.mp4", "clips/friday.mp4"])
def test_differences_are_those_of_pyscenedetect_within_a_few_tenths(shared_media: Path, name: str) -> None:
    scores = score_file(shared_media / name)
    theirs = components_of_pyscenedetect(shared_media / name)
    ours = np.stack([scores.hue, scores.saturation, scores.luma], axis=1)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).mean() < 0.4
    assert np.corrcoef(ours.mean(1), theirs.mean(1))[0, 1] > 0.999


def test_the_first_frame_differs_from_nothing_and_a_cut_from_everything() -> None:
    scores = scores_of(shot(1, 4) + shot(2, 4))
    for name in DIFFERENCES:
        curve = scores.columns()[name]
        assert curve[0] == 0
        assert curve[[1, 2, 3, 5, 6, 7]].max() < 1
        assert curve[4] > 10


def test_the_small_picture_shows_the_frame() -> None:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[: HEIGHT // 3, WIDTH // 2 :] = 255
    small = scores_of([picture]).picture[0]
    assert small.shape == (27, 48)
    assert small[:8, 26:].min() > 240
    assert small[:8, :22].max() < 15
    assert small[11:].max() < 15


def test_mean_luma_is_the_grey_level() -> None:
    levels = scores_of(flat(0, 1) + flat(120, 1) + flat(255, 1)).mean_luma
    assert levels == pytest.approx([0, 120, 255], abs=4)


@pytest.mark.parametrize(
    "pixels", ["gray", "yuv420p10le", "yuv444p", "rgb24", "yuva420p", "nv12", "yuvj420p"]
)
def test_every_pixel_format_gives_about_the_same_scores(pixels: str) -> None:
    taker = ScoreTaker()
    for picture in shot(1, 2) + shot(2, 2):
        taker.take(video_frame(picture, pixels))
    scores = taker.finish()
    assert len(scores) == 4
    assert scores.luma[2] > 20
    assert max(scores.luma[[1, 3]]) < 0.5


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (16, 2), (2, 300), (321, 181), (1080, 1920)])
def test_every_size_is_scored(size: tuple[int, int]) -> None:
    taker = ScoreTaker()
    for level in (30, 200):
        taker.take(
            av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), level, np.uint8), format="bgr24")
        )
    assert taker.finish().mean_luma == pytest.approx([30, 200], abs=2)


def test_the_longer_side_becomes_256_and_small_pictures_stay() -> None:
    assert scored_size(1280, 720) == (256, 144)
    assert scored_size(1080, 1920) == (144, 256)
    assert scored_size(200, 100) == (200, 100)
    assert scored_size(10000, 1) == (256, 1)


def test_a_size_that_changes_keeps_the_first_ones_measure() -> None:
    taker = ScoreTaker()
    for size in ((320, 180), (640, 360)):
        picture = cv2.resize(shot(1, 1)[0], size)
        taker.take(video_frame(picture))
    assert taker.finish().luma[1] < 5


def test_no_frames_give_empty_scores() -> None:
    scores = ScoreTaker().finish()
    assert len(scores) == 0
    assert scores.picture.shape == (0, 27, 48)


def test_small_pictures_lie_in_an_unnamed_file_of_the_given_folder(tmp_path: Path) -> None:
    taker = ScoreTaker(tmp_path)
    for picture in shot(3, 3):
        taker.take(video_frame(picture))
    scores = taker.finish()
    assert list(tmp_path.iterdir()) == []
    assert isinstance(scores.picture, np.memmap)
    assert scores.picture.shape == (3, 27, 48)


def test_an_abandoned_taker_leaves_nothing(tmp_path: Path) -> None:
    taker = ScoreTaker(tmp_path)
    taker.take(video_frame(shot(3, 1)[0]))
    del taker
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_two_takers_in_two_threads_do_not_disturb_each_other() -> None:
    films = [shot(seed, 20, speed=seed) for seed in (1, 2)]
    results: dict[int, FrameScores] = {}

    def work(number: int) -> None:
        results[number] = scores_of(films[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, film in enumerate(films):
        alone = scores_of(film)
        for name, column in alone.columns().items():
            assert np.array_equal(column, results[number].columns()[name]), name


def test_columns_come_back_from_a_table() -> None:
    scores = scores_of(shot(1, 3, speed=2))
    stored = {name: column.tolist() for name, column in scores.columns().items() if name != "picture"}
    for picture in (scores.picture.reshape(3, -1), scores.picture.ravel(), scores.picture):
        back = FrameScores.of_columns(picture=np.array(picture), **stored)
        for name, column in back.columns().items():
            assert np.array_equal(column, scores.columns()[name])


def test_columns_of_different_lengths_are_refused() -> None:
    scores = scores_of(shot(1, 3))
    with pytest.raises(ValueError, match="shapes"):
        FrameScores.of_columns(**{**scores.columns(), "edges": scores.edges[:2]})
    with pytest.raises(ValueError, match="shapes"):
        FrameScores.of_columns(**{**scores.columns(), "picture": scores.picture[:2]})
