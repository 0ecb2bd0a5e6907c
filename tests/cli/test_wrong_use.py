from __future__ import annotations

from pathlib import Path

import pytest
from driving import Heaters


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("wibble",), "wibble"),
        (("run", "--wibble"), "--wibble"),
        (("run", "--limit", "many"), "many"),
        (("run", "--limit", 0), "0"),
        (("show",), "REF"),
        (("decide", "approve"), "CLIP"),
        (("export", "first"), "first"),
        (("retune", "first"), "first"),
        (("catalog", "wibble"), "wibble"),
        (("clips", "--source", "x"), "x"),
    ],
)
def test_a_wrong_call_ends_with_2_and_one_sentence_that_names_what_is_wrong(
    fresh: Heaters, words: tuple[object, ...], named: str
) -> None:
    assert named in fresh.refused(*words, status=2, kind="UsageError")


@pytest.mark.parametrize("words", [(), ("catalog",)])
def test_no_verb_shows_the_help_and_ends_with_2(words: tuple[str, ...]) -> None:
    assert "Usage: heaters" in Heaters()(*words, status=2).text


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("catalog", "--help"), ("--version",)])
def test_help_and_version_are_no_errors(words: tuple[str, ...]) -> None:
    assert Heaters()(*words).out


def test_an_unknown_verb_is_answered_with_the_nearest_one_or_the_way_to_the_list() -> None:
    assert "heaters --help" in Heaters().refused("wibble", status=2, kind="UsageError")
    assert "export" in Heaters().refused("exprot", status=2, kind="UsageError")


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        (("run", "--stage", "wibble"), "ingest, prepare, detect, verify, export"),
        (("export", "--preset", "wibble"), "h264 and ffv1"),
    ],
)
def test_an_unknown_stage_or_preset_is_answered_with_those_that_there_are(
    fresh: Heaters, words: tuple[str, ...], choices: str
) -> None:
    said = fresh.refused(*words, status=2, kind="UsageError")
    assert "wibble" in said
    assert choices in said


def test_a_version_that_was_seen_is_held_to(cli: Heaters) -> None:
    cli("decide", "approve", "1.2", "--version", 1)
    said = cli.refused("decide", "skip", "1.2", "--version", 1, status=1, kind="StaleVersion")
    assert "clip 1.2 has changed since version 1: it is approved" in said
    assert "single clip" in cli.refused(
        "decide", "skip", "1.1", "1.2", "--version", 1, status=2, kind="UsageError"
    )


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("approve", "1.2", "--frame", 9), "approve takes no frame; split and move-cut do"),
        (("merge", "1.2", "--frame", 25), "merge takes no frame"),
        (("retune", "1.1"), "`heaters retune SOURCE_ID --apply`"),
    ],
)
def test_an_action_refuses_what_it_does_not_take(cli: Heaters, words: tuple[object, ...], part: str) -> None:
    assert part in cli.refused("decide", *words, status=2, kind="UsageError")
    assert {row["state"] for row in cli.json("clips")} == {"pending"}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("show", 7), "7"), (("show", "7.1"), "7.1"), (("show", "seven"), "seven"), (("clips", "--source", 7), "7"),
        (("decide", "approve", 7), "7"), (("decide", "approve", "7.1"), "7.1"), (("decide", "approve", "a.b"), "a.b"),
        (("park", 7), "7"), (("retry", 7), "7"), (("retune", 7), "7"), (("export", 7), "7"), (("verify", 7), "7"),
    ],
)  # fmt: skip
def test_a_source_or_clip_that_there_is_not_is_named(
    fresh: Heaters, words: tuple[object, ...], named: str
) -> None:
    said = fresh(*words, status=2).err
    assert said.startswith("error: ")
    assert named in said
    error = fresh.json(*words, status=2)["error"]
    assert error["type"] in {"UnknownReference", "UsageError"}


def test_a_state_that_there_is_not_is_answered_with_those_that_there_are(fresh: Heaters) -> None:
    said = fresh.refused("clips", "--state", "approvd", status=2, kind="UsageError")
    assert "approved" in said


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "HEATERS_PROXY_CRV",
            "20",
            "unknown setting HEATERS_PROXY_CRV in the environment; did you mean HEATERS_PROXY_CRF?",
        ),
        (
            "HEATERS_ZZZZZZZZZZZZZZZZZZZZ",
            "1",
            "unknown setting HEATERS_ZZZZZZZZZZZZZZZZZZZZ in the environment; `heaters config` lists them all",
        ),
        ("HEATERS_PROXY_CRF", "low", "setting proxy_crf in environment is 'low'; it takes a number"),
        ("HEATERS_PRESET", "mp4", "setting preset in environment is 'mp4'; it takes one of h264, ffv1"),
        (
            "APP_ENV",
            "moon",
            "setting app_env in environment is 'moon'; it takes one of development, production",
        ),
    ],
)
def test_a_wrong_variable_is_refused_before_anything_is_done(
    fresh: Heaters, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert fresh.refused("run", status=2, kind="SettingsError") == sentence


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (b"presett = 'h264'\n", ["unknown setting 'presett'", "did you mean preset?"]),
        (b"proxy_crf = 99\n", ["setting proxy_crf", "99", "a whole number from 0 to 51"]),
        (b"preset = \n", ["is not valid TOML"]),
        (b"preset = '\xff'\n", ["is not valid TOML"]),
        (b"verify = 'perhaps'\n", ["setting verify", "'perhaps'", "on or off"]),
    ],
)
def test_a_wrong_settings_file_is_named_with_what_is_wrong_in_it(
    fresh: Heaters, text: bytes, parts: list[str]
) -> None:
    assert fresh.workspace is not None
    file = fresh.workspace / "heaters.toml"
    file.write_bytes(text)
    said = fresh.refused("run", status=2, kind="SettingsError")
    for part in [str(file), *parts]:
        assert part in said


def test_retry_wants_names_or_all_but_not_both(fresh: Heaters) -> None:
    for words in (("retry",), ("retry", 1, "--all")):
        assert "--all" in fresh.refused(*words, status=2, kind="UsageError")


@pytest.mark.parametrize("address", ["ftp://example.org/film.mp4", "file:///etc/passwd", "https://"])
def test_an_address_of_another_kind_is_refused_with_the_way_out(fresh: Heaters, address: str) -> None:
    (row,) = fresh.json("ingest", address, status=2)
    assert row["source"] == address
    assert "begins with http:// or https://" in row["error"]["message"]


def test_a_broken_pipe_ends_quietly(fresh: Heaters, tmp_path: Path) -> None:
    child = fresh.start("config")
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    assert child.stderr.read() == ""
    assert child.wait(60) in {0, 1}
    child.stderr.close()
