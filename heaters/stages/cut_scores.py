"""How much the frames of a source look like cuts, from its stored scores."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from heaters.stages.stage import Row
from heaters.storage import Store

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def cut_scores_of(store: Store, source: Row) -> npt.NDArray[np.float32] | None:
    """A score for each frame, float32[n]: 1 is what the detector of the source asks for.

    Args:
        source: its row.

    Returns:
        None where the scores are not there or damaged: `heaters verify` tells, and nobody needs them to decide.
    """
    import pyarrow as pa  # noqa: PLC0415 - 0.1 s that only those who ask pay
    from pyarrow import parquet  # noqa: PLC0415

    from heaters.media.content_rules import cut_scores  # noqa: PLC0415 - numpy only where scores are read

    if source["scores_filepath"] is None:
        return None
    try:
        table = parquet.read_table(
            store.local_path(source["scores_filepath"]), columns=["hue", "saturation", "luma"]
        )
    except (OSError, pa.ArrowException):
        return None
    columns = {name: table.column(name).to_numpy() for name in table.column_names}
    threshold = json.loads(source["detector_params"] or "{}").get("threshold")
    return cut_scores(**columns, detector=source["detector"], threshold=threshold)
