from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from shots_made import shot

from heaters.errors import VerificationFailed
from heaters.media.thumbnails import decode_frame, read_packets, thumbnail

FRAMES = 12


@dataclass(frozen=True)
class Proxy:
    path: Path
    avcc: bytes
    offsets: list[int]
    sizes: list[int]
    crcs: list[int]
    pictures: list[np.ndarray]


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Proxy:
    """An all-intra film with sound between its pictures, index first, as a review proxy is."""
    path = tmp_path_factory.mktemp("proxy") / "proxy.mp4"
    pictures = shot(1, FRAMES // 2, 6) + shot(2, FRAMES // 2, 6)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=25, options={"crf": "18", "x264-params": "keyint=1"})
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=48000, layout="mono")
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
            noise = av.AudioFrame.from_ndarray(np.zeros((1, 1920), np.float32), format="fltp", layout="mono")
            noise.sample_rate, noise.pts = 48000, number * 1920
            container.mux(sound.encode(noise))
        for stream in (video, sound):
            container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        entries = [(entry.pos, entry.size) for entry in stream.index_entries]
        avcc = stream.codec_context.extradata
    assert avcc is not None
    data = path.read_bytes()
    crcs = [zlib.crc32(data[at : at + size]) for at, size in entries]
    return Proxy(path, avcc, [at for at, _ in entries], [size for _, size in entries], crcs, pictures)


def packets(proxy: Proxy, *numbers: int) -> list[bytes]:
    columns = [[column[number] for number in numbers] for column in (proxy.offsets, proxy.sizes, proxy.crcs)]
    return list(read_packets(proxy.path, *columns))


def test_every_frame_decodes_alone_and_in_any_order(proxy: Proxy) -> None:
    order = [11, 0, 6, 5, 3]
    for number, packet in zip(order, packets(proxy, *order), strict=True):
        got = np.asarray(decode_frame(proxy.avcc, packet)).astype(int)
        wanted = proxy.pictures[number][:, :, ::-1].astype(int)
        apart = [np.abs(got - one[:, :, ::-1].astype(int)).mean() for one in proxy.pictures]
        assert np.abs(got - wanted).mean() < 4
        assert int(np.argmin(apart)) == number


@pytest.mark.parametrize(
    ("width", "size"), [(320, (320, 180)), (100, (100, 56)), (5000, (320, 180)), (1, (1, 1))]
)
def test_a_thumbnail_is_a_webp_of_the_width_asked_for_and_never_larger_than_the_proxy(
    proxy: Proxy, width: int, size: tuple[int, int]
) -> None:
    picture = Image.open(io.BytesIO(thumbnail(proxy.avcc, packets(proxy, 2)[0], width)))
    assert (picture.format, picture.size) == ("WEBP", size)


def test_a_thumbnail_shows_its_frame(proxy: Proxy) -> None:
    small = Image.open(io.BytesIO(thumbnail(proxy.avcc, packets(proxy, 8)[0], 160))).convert("RGB")
    wanted = Image.fromarray(proxy.pictures[8][:, :, ::-1]).resize((160, 90), Image.Resampling.BOX)
    assert np.abs(np.asarray(small).astype(int) - np.asarray(wanted)).mean() < 6


def test_lower_quality_takes_fewer_bytes(proxy: Proxy) -> None:
    packet = packets(proxy, 0)[0]
    assert len(thumbnail(proxy.avcc, packet, quality=20)) < len(thumbnail(proxy.avcc, packet, quality=90))


def test_other_bytes_than_recorded_are_refused_and_name_the_frame(proxy: Proxy, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.mp4"
    data = bytearray(proxy.path.read_bytes())
    data[proxy.offsets[7] + 20] ^= 1
    damaged.write_bytes(data)
    reading = read_packets(damaged, proxy.offsets, proxy.sizes, proxy.crcs)
    assert len([next(reading) for _ in range(7)]) == 7
    with pytest.raises(VerificationFailed, match=r"frame 7 of the proxy .*damaged\.mp4 .* another checksum"):
        next(reading)
    with pytest.raises(VerificationFailed, match="frame 107 of the proxy") as caught:
        list(read_packets(damaged, proxy.offsets[7:], proxy.sizes[7:], proxy.crcs[7:], range(107, 112)))
    assert caught.value.facts["frame"] == 107


def test_a_proxy_that_ends_early_is_refused(proxy: Proxy, tmp_path: Path) -> None:
    short = tmp_path / "short.mp4"
    short.write_bytes(proxy.path.read_bytes()[: proxy.offsets[-1] + 5])
    with pytest.raises(VerificationFailed, match=r"frame 11 .* ends after 5 of its"):
        list(read_packets(short, proxy.offsets, proxy.sizes, proxy.crcs))


def test_a_proxy_that_is_gone_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(VerificationFailed, match=r"gone\.mp4 can't be read \(No such file"):
        list(read_packets(tmp_path / "gone.mp4", [0], [1], [2]))


@pytest.mark.parametrize("packet", [b"", b"\0\0\0\4abcd", b"no picture at all" * 10])
def test_bytes_that_are_no_picture_are_refused(proxy: Proxy, packet: bytes) -> None:
    with pytest.raises(VerificationFailed, match=r"of the proxy (are no picture|hold 0 pictures)"):
        decode_frame(proxy.avcc, packet)


def test_a_picture_cut_short_is_refused(proxy: Proxy) -> None:
    packet = packets(proxy, 4)[0]
    with pytest.raises(VerificationFailed):
        decode_frame(proxy.avcc, packet[: len(packet) // 2])
