from __future__ import annotations

from pathlib import Path

from heaters import open_workspace


def test_a_truncated_file_that_was_refused_is_taken_when_it_is_allowed_later(
    shared_media: Path, tmp_path: Path
) -> None:
    film = shared_media / "torture" / "truncated_mid_frame.mkv"
    ws = open_workspace(tmp_path / "ws", create=True)
    ws.ingest(film)
    refused = ws.run()
    assert [one["stage"] for one in refused.failed] == ["prepare"]
    assert "19 could be decoded" in refused.failed[0]["error"]
    assert ws.source(1)["ingest_state"] == "parked"

    again = ws.ingest(film, allow_truncated=True)[0]
    assert again["duplicate"]
    assert ws.run().failed == []
    assert ws.source(1)["n_frames"] == 19
    assert "19 could be decoded" in str(ws.source(1)["warnings"])
