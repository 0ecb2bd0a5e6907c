from __future__ import annotations

import pytest

from heaters.domain import layout


def test_every_kind_of_artefact_has_the_key_that_it_is_known_by() -> None:
    assert layout.original(12, "MKV") == "originals/video_12.mkv"
    assert layout.gold_master(12) == "gold_masters/video_12_master.mkv"
    assert layout.review_proxy(12) == "review_proxies/video_12_proxy.mp4"
    assert layout.proxy_audio(12) == "review_proxies/video_12_audio.m4a"
    assert layout.frame_index(12) == "metadata/video_12_frames.parquet"
    assert layout.frame_scores(12) == "metadata/video_12_scores.parquet"
    assert layout.source_keyframe(12, 345) == "keyframes/video_12_frame_0000345.webp"
    assert layout.final_clip(12, 7, "mp4") == "final_clips/video_12_clip_007.mp4"
    assert layout.final_clip(12, 1234, "mp4") == "final_clips/video_12_clip_1234.mp4"


def test_a_preset_that_is_not_the_default_is_named() -> None:
    assert layout.final_clip(12, 7, "mkv", "ffv1") == "final_clips/video_12_clip_007_ffv1.mkv"


def test_a_manifest_stands_beside_its_clip() -> None:
    assert (
        layout.manifest(layout.final_clip(12, 7, "mkv", "ffv1")) == "final_clips/video_12_clip_007_ffv1.json"
    )


@pytest.mark.parametrize(
    ("extension", "safe"),
    [
        (".MP4", "mp4"),
        ("../../etc/passwd", "etcpassw"),
        ("", "bin"),
        ("...", "bin"),
        ("mp4\0", "mp4"),
        ("m p 4", "mp4"),
        ("ü", "bin"),
    ],
)
def test_an_untrusted_extension_can_not_leave_the_folder(extension: str, safe: str) -> None:
    assert layout.original(1, extension) == f"originals/video_1.{safe}"


def test_every_key_lies_in_a_folder_of_artefacts() -> None:
    keys = [
        layout.original(1, "mp4"), layout.gold_master(1), layout.review_proxy(1), layout.proxy_audio(1), layout.frame_index(1),
        layout.frame_scores(1), layout.source_keyframe(1, 2), layout.final_clip(1, 2, "mp4"),
    ]  # fmt: skip
    assert {key.split("/")[0] for key in keys} == set(layout.ARTIFACT_FOLDERS)
    assert len(set(keys)) == len(keys)


def test_the_numbers_of_a_key_are_read_from_it_and_only_from_one_of_ours() -> None:
    assert layout.numbers_of(layout.original(12, "mp4")) == (12, 0)
    assert layout.numbers_of(layout.source_keyframe(12, 345)) == (12, 0)
    clip = layout.final_clip(12, 7, "mkv", "ffv1")
    assert layout.numbers_of(clip) == layout.numbers_of(layout.manifest(clip)) == (12, 7)
    for key in (
        "originals/show.mp4",
        "originals/video_0.mp4",
        "final_clips/video_1.mp4",
        "other/video_1.mp4",
        "video_1",
    ):
        assert layout.numbers_of(key) is None
