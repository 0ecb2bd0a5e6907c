from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from heaters.errors import UsageError
from heaters.media.barcode import burn_number, read_number
from heaters.media.sample import RATE, SAMPLE_RATE, SampleTruth, make_sample

SECONDS = 10.0


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> SampleTruth:
    return make_sample(tmp_path_factory.mktemp("sample") / "show.mp4", seconds=SECONDS)


@pytest.fixture(scope="module")
def lumas(show: SampleTruth) -> list[np.ndarray]:
    with av.open(str(show.path)) as container:
        return [plane(frame, 0) for frame in container.decode(video=0)]


def plane(frame: av.VideoFrame, index: int) -> np.ndarray:
    one = frame.planes[index]
    return np.frombuffer(one, np.uint8).reshape(one.height, one.line_size)[:, : one.width].copy()


def test_every_decoded_picture_carries_its_own_number(show: SampleTruth, lumas: list[np.ndarray]) -> None:
    assert [read_number(luma) for luma in lumas] == list(range(show.n_frames))


def test_the_show_has_the_promised_size_rate_and_length(show: SampleTruth) -> None:
    with av.open(str(show.path)) as container:
        video = container.streams.video[0]
        assert (video.width, video.height, video.average_rate) == (1280, 720, RATE)
        assert video.codec_context.colorspace == video.codec_context.color_primaries == 1
        times = [frame.pts * frame.time_base * RATE for frame in container.decode(video)]
    assert times == list(range(show.n_frames))
    assert show.n_frames == SECONDS * RATE


def test_pictures_change_at_cuts_and_at_the_trap_more_than_anywhere_else(
    show: SampleTruth, lumas: list[np.ndarray]
) -> None:
    small = [luma[::8, ::8].astype(int) for luma in lumas]
    change = np.array([np.abs(b - a).mean() for a, b in pairwise(small)])
    loud = {*show.cuts, show.wrong_cut, *show.flashes, show.flashes[-1] + 1}
    quiet = [value for frame, value in enumerate(change, 1) if frame not in loud]
    assert min(change[frame - 1] for frame in show.cuts) > 2 * max(quiet)
    assert change[show.wrong_cut - 1] > 2 * max(quiet)


def test_a_dissolve_goes_from_one_shot_to_the_next_without_a_jump(
    show: SampleTruth, lumas: list[np.ndarray]
) -> None:
    ((first, end),) = show.dissolves
    before, after = lumas[first - 1].astype(int), lumas[end].astype(int)
    shares = [
        np.abs(lumas[frame] - before).mean()
        / (np.abs(lumas[frame] - before).mean() + np.abs(lumas[frame] - after).mean())
        for frame in range(first, end)
    ]
    assert shares[0] < 0.3
    assert shares[-1] > 0.7
    assert max(b - a for a, b in pairwise(shares)) < 0.25


def test_the_flash_is_brighter_than_its_neighbours_and_ends_where_it_began(
    show: SampleTruth, lumas: list[np.ndarray]
) -> None:
    before, lit, after = (
        lumas[frame].mean() for frame in (show.flashes[0] - 1, show.flashes[0], show.flashes[-1] + 1)
    )
    assert lit > before + 60
    assert abs(after - before) < 10


def test_the_sound_of_each_shot_is_its_own_and_as_long_as_the_pictures(show: SampleTruth) -> None:
    with av.open(str(show.path)) as container:
        blocks = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    sound = np.concatenate(blocks)
    per_frame = SAMPLE_RATE // RATE
    assert 0 <= len(sound) - show.n_frames * per_frame < 1024
    starts = [0, *show.boundaries, show.n_frames]
    for tone, start, end in zip(show.tones, starts[:-1], starts[1:], strict=True):
        part = sound[start * per_frame : end * per_frame]
        loudest = np.fft.rfftfreq(len(part), 1 / SAMPLE_RATE)[np.abs(np.fft.rfft(part)).argmax()]
        if tone is not None:
            assert loudest == pytest.approx(tone, abs=6)


def test_the_same_call_gives_the_same_bytes(show: SampleTruth, tmp_path: Path) -> None:
    seen: list[int] = []
    again = make_sample(tmp_path / "again.mp4", seconds=SECONDS, progress=seen.append)
    assert again.path.read_bytes() == show.path.read_bytes()
    assert seen == list(range(1, again.n_frames + 1))
    assert [file.name for file in tmp_path.iterdir()] == ["again.mp4"]


def test_an_interrupted_writer_leaves_the_old_file_alone(tmp_path: Path) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "show.mp4"
    path.write_text("what was there")
    with pytest.raises(KeyboardInterrupt):
        make_sample(path, seconds=SECONDS, progress=stop)
    assert path.read_text() == "what was there"


@pytest.mark.parametrize("seconds", [0, -1, 7.9, 1e9])
def test_a_length_that_can_not_hold_the_shots_is_refused_in_words(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(UsageError, match="8 to 2600 seconds"):
        make_sample(tmp_path / "show.mp4", seconds=seconds)


@pytest.mark.parametrize("number", [0, 1, 255, 4096, 65535])
def test_a_number_survives_a_picture_of_a_third_of_the_size(number: int) -> None:
    luma = np.full((720, 1280), 90, np.uint8)
    burn_number(luma, number)
    assert read_number(luma) == number
    assert read_number(luma[1::3, 1::3]) == number


def test_a_picture_without_a_number_reads_as_none() -> None:
    assert read_number(np.full((720, 1280), 90, np.uint8)) is None
    assert read_number(np.random.default_rng(1).integers(16, 235, (720, 1280)).astype(np.uint8)) is None
