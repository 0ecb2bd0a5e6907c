"""Names of copies: made of titles and labels, and never outside of their folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heaters.domain.name_template import FIELDS, check, fill
from heaters.errors import UsageError

VALUES = dict.fromkeys(FIELDS, None) | {
    "title": "A show",
    "clip_no": 7,
    "extension": "mp4",
    "tags": ["a", "b"],
    "ref": "1.7",
}


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{title}", "A show.mp4"), ("{clip_no:03d}", "007.mp4"), ("{clip_no:02}", "07.mp4"), ("{label}/{ref}", "none/1.7.mp4"),
        ("{tags}.{extension}", "a-b.mp4"), ("{title:.3}-{clip_no}", "A s-7.mp4"), ("clip {group_id}", "clip none.mp4"),
    ],
)  # fmt: skip
def test_a_template_gives_a_name(template: str, name: str) -> None:
    assert fill(check(template), VALUES) == name


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{lable}", "did you mean label"), ("{title", "expected"), ("{}", "no field ''"), ("{0}", "no field '0'"),
        ("{title.__class__}", "no field"), ("{title!r}", "not understood"), ("{title:>9}", "not understood"),
        ("{clip_no:999999}", "not understood"), ("{title:03d}", "not understood"), ("../{title}", "leaves its folder"),
        ("/x/{title}", "leaves its folder"), ("{title}/", "empty part"), ("", "empty part"), ("a/./b", "leaves its folder"),
        ("a\\{title}", "sign that files"), ("a:{title}", "sign that files"), ("a\n", "sign that files"),
    ],
)  # fmt: skip
def test_a_template_that_is_wrong_says_why(template: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check(template)


@given(
    st.sampled_from(["{title}", "{label}/{title}_{clip_no}", "x/{label}{title}", "{title}/{title}/{ref}"]),
    st.text(max_size=300), st.text(max_size=300),
)  # fmt: skip
def test_no_value_leaves_the_folder_or_is_refused_by_the_file_system(
    template: str, title: str, label: str
) -> None:
    name = fill(check(template), {**VALUES, "title": title, "label": label})
    path = PurePosixPath(name)
    assert not path.is_absolute()
    assert len(path.parts) == template.count("/") + 1
    assert not {"..", "."} & set(path.parts)
    assert all(
        part == part.strip() and not part.startswith(".") and len(part.encode()) <= 210 for part in path.parts
    )
    assert name.isprintable()
    assert (Path("folder") / name).resolve().is_relative_to(Path("folder").resolve())
