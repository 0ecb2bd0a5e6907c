"""Settings: the only reader of the environment and of `heaters.toml`.

A value comes from, first found wins: an argument, the environment, `heaters.toml` of the workspace, the default.
A plain table instead of pydantic-settings: importing that costs 0.35 s, more than a whole idle `heaters run` may take.
"""

from __future__ import annotations

import getpass
import math
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from heaters.domain.nearest import did_you_mean
from heaters.errors import SettingsError, WorkspaceNotFound

SETTINGS_FILE: Final = "heaters.toml"
PREFIX: Final = "HEATERS_"
_LONGEST_NAME: Final = 100
_OUTSIDE_SETTINGS: Final = frozenset({"HEATERS_WORKSPACE"})


def _one_of(*names: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return str(value)

    return parse


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        number = int(str(value))
        if not low <= number <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return number

    return parse


def _share(value: Any) -> float:
    number = float(value)
    if not 0 < number <= 1:
        raise ValueError("a number above 0, at most 1")
    return number


def _positive(value: Any) -> float:
    number = float(value)
    if not 0 < number < math.inf:
        raise ValueError("a number above 0")
    return number


def _switch(value: Any) -> bool:
    words = {
        "on": True,
        "true": True,
        "1": True,
        "yes": True,
        "off": False,
        "false": False,
        "0": False,
        "no": False,
    }
    if str(value).lower() not in words:
        raise ValueError("on or off")
    return words[str(value).lower()]


def _web_address(value: Any) -> str:
    text = str(value).strip()
    if text and not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", text):
        raise ValueError("an address that begins with http:// or https://")
    return text


def _file_name(value: Any) -> str:
    text = str(value).strip()
    if not text.isprintable():
        raise ValueError("the name of a file")
    return text


def _endpoint(value: Any) -> str:
    text = _web_address(value).rstrip("/")
    if "@" in text or "?" in text:
        raise ValueError(
            "an address without a name, a password or a query: credentials come from boto3's own places"
        )
    return text


def _bucket(value: Any) -> str:
    text = str(value).strip()
    if text and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}", text):
        raise ValueError("the name of a bucket, without s3://")
    return text


def _key_prefix(value: Any) -> str:
    text = str(value).strip().strip("/")
    if not re.fullmatch(r"[A-Za-z0-9!_.*'()/-]*", text) or ".." in text or "//" in text:
        raise ValueError("a path of letters, digits and -_.!*'() between slashes")
    return text


def _domain(value: Any) -> str:
    text = str(value).strip().rstrip("/")
    if text and not re.fullmatch(r"(https?://)?[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?", text):
        raise ValueError("a domain, such as cdn.example.com")
    return text


def person_name(value: Any) -> str:
    """The name of somebody who decides.

    Raises:
        ValueError: it is none, in words.
    """
    text = str(value).strip()
    if not text or len(text) > _LONGEST_NAME or not text.isprintable():
        raise ValueError("a name of 1 to 100 printable characters")
    return text


def _login_name() -> str:
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (OSError, KeyError):  # a container may run as a user id that has no name
        return f"user-{os.getuid()}"


def _setting(default: Any, parse: Callable[[Any], Any], about: str, env: str | None = None) -> Any:
    metadata = {"parse": parse, "about": about, "env": env}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


_STORAGE_CLASS: Final = _one_of(
    "STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"
)
_ALSO_READ: Final[Mapping[str, str]] = {"AWS_ENDPOINT_URL_S3": "s3_endpoint_url"}
"""Variables that others have made, by the setting that they stand for where its own variable is not set."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one workspace. Each field's metadata says what it is and how a text becomes its value."""

    app_env: str = _setting(
        "development", _one_of("development", "production"), "Which environment this is.", "APP_ENV"
    )
    reviewer: str = _setting(
        _login_name, person_name, "Who decides; default: JupyterHub's user, else the login name."
    )
    originals: str = _setting(
        "copy", _one_of("copy", "reference"), "Copy uploads into the store, or use them where they lie."
    )
    master_mode: str = _setting(
        "ffv1", _one_of("ffv1", "source"), "Gold master: an FFV1 copy, or the original file itself (no copy, no encode).")  # fmt: skip
    verify: bool = _setting(
        default=True, parse=_switch, about="Read every master back in full after detection."
    )
    preset: str = _setting("h264", _one_of("h264", "ffv1"), "Default export preset.")
    detector: str = _setting(
        "heaters", _one_of("heaters", "adaptive", "content", "threshold", "hash", "histogram"), "Default shot detector.")  # fmt: skip
    min_shot_frames: int = _setting(5, _whole(1, 10_000), "Shortest shot that detection makes, in frames.")
    proxy_height: int = _setting(720, _whole(64, 4320), "Upper limit of the review proxy's height.")
    proxy_crf: int = _setting(
        23, _whole(0, 51), "x264 quality of the review proxy; lower is better and larger."
    )
    proxy_fastdecode: bool = _setting(
        default=False, parse=_switch, about="Tune the proxy for weak reviewers' machines (16 % more bytes)."
    )
    workers: int = _setting(1, _whole(1, 64), "Worker processes; one pass already fills two cores.")
    export_workers: int = _setting(
        2, _whole(1, 64), "Clips that are exported at a time; a short one does not fill two cores."
    )
    max_attempts: int = _setting(
        3, _whole(1, 100), "Tries of a failing stage, over several runs, before the source is parked."
    )
    max_pixels: int = _setting(
        8192 * 4320, _whole(1, 1 << 30), "Largest picture, in pixels, that ingest accepts."
    )
    probe_seconds: float = _setting(60.0, _positive, "Longest time that looking into one file may take.")
    free_space_share: float = _setting(
        0.8, _share, "Part of the free disk space that a run may project to fill."
    )
    webcodecs_enabled: bool = _setting(
        default=True, parse=_switch, env="WEBCODECS_ENABLED",
        about="Decode single frames in the browser; off shows everything by its <video> element.",
    )  # fmt: skip
    s3_bucket_name: str = _setting(
        "",
        _bucket,
        "Bucket for the files of new sources; without one they go into the workspace.",
        "S3_BUCKET_NAME",
    )
    s3_dev_bucket_name: str = _setting(
        "", _bucket, "Bucket where app_env is development and s3_bucket_name is empty.", "S3_DEV_BUCKET_NAME"
    )
    s3_prod_bucket_name: str = _setting(
        "", _bucket, "Bucket where app_env is production and s3_bucket_name is empty.", "S3_PROD_BUCKET_NAME"
    )
    s3_prefix: str = _setting("", _key_prefix, "Begins all keys in the bucket; one for each workspace.")
    s3_endpoint_url: str = _setting(
        "", _endpoint, "Address of an S3 server that is not Amazon's; AWS_ENDPOINT_URL_S3 is read, too."
    )
    original_storage_class: str = _setting("STANDARD", _STORAGE_CLASS, "Storage class of originals.")
    gold_master_storage_class: str = _setting(
        "GLACIER", _STORAGE_CLASS, "Storage class of gold masters.", "GOLD_MASTER_STORAGE_CLASS"
    )
    proxy_storage_class: str = _setting(
        "STANDARD", _STORAGE_CLASS, "Storage class of review proxies.", "PROXY_STORAGE_CLASS"
    )
    final_clip_storage_class: str = _setting("STANDARD", _STORAGE_CLASS, "Storage class of exported clips.")
    proxy_cdn_domain: str = _setting(
        "", _domain, "Domain of the CDN from which pages read proxies.", "PROXY_CDN_DOMAIN"
    )
    cloudfront_dev_domain: str = _setting(
        "", _domain, "That domain where app_env is development and proxy_cdn_domain is empty.", "CLOUDFRONT_DEV_DOMAIN")  # fmt: skip
    cloudfront_prod_domain: str = _setting(
        "", _domain, "That domain where app_env is production and proxy_cdn_domain is empty.", "CLOUDFRONT_PROD_DOMAIN")  # fmt: skip
    cache_bytes: int = _setting(
        20_000_000_000,
        _whole(1_000_000, 1 << 50),
        "Most bytes of copies on this machine of what lies in a bucket.",
    )
    presigned_seconds: int = _setting(
        3600, _whole(60, 604_800), "How long a signed address lets a page read a file of a bucket."
    )
    lock_seconds: float = _setting(
        30.0, _positive, "How long to wait for the catalog while another process holds it."
    )
    owner_idle_seconds: float = _setting(
        300.0,
        _positive,
        "The catalog's owner leaves when nobody was connected and nothing was done for so long.",
    )
    lease_seconds: float = _setting(
        60.0, _positive, "How long a review page that says nothing any more keeps its clips from others."
    )
    keep_reports: int = _setting(
        30, _whole(1, 100_000), "How many scheduled runs keep their executed notebook and its page."
    )
    heartbeat_url: str = _setting(
        "", _web_address, "Asked for when a run begins (with /start), ends well, or fails (with /fail)."
    )
    lease_clips: int = _setting(10, _whole(1, 500), "How many clips a review page holds at a time.")
    require_best_quality: bool = _setting(
        default=False,
        parse=_switch,
        about="From the web: take the largest pictures that are offered, or fail.",
    )
    playlist_limit: int = _setting(50, _whole(1, 10_000), "Most films that one playlist may bring in.")
    max_download_bytes: int = _setting(50_000_000_000, _whole(1, 1 << 50), "Most bytes that one download may have.")  # fmt: skip
    max_source_hours: float = _setting(12.0, _positive, "Longest film that is downloaded, in hours.")
    download_seconds: float = _setting(21_600.0, _positive, "Longest time that one download may take in one go.")  # fmt: skip
    lookup_seconds: float = _setting(120.0, _positive, "Longest time that looking at one web page may take.")
    allow_private_addresses: bool = _setting(
        default=False, parse=_switch, about="Download from addresses that are not public, too: this machine, your network."
    )  # fmt: skip
    cookies_file: str = _setting(
        "", _file_name, "Cookies for downloads that need a login, a file in Netscape's format."
    )

    @classmethod
    def load(
        cls, workspace: Path | None = None, environ: Mapping[str, str] | None = None, **arguments: Any
    ) -> Settings:
        """Read all settings.

        Raises:
            SettingsError: an unknown name, or a value that the setting does not take.
        """
        values, _ = _gather(workspace, os.environ if environ is None else environ, arguments)
        return cls(**values)

    @classmethod
    def describe(
        cls, workspace: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """One row for each setting: name, value, origin, variable, about."""
        environ = os.environ if environ is None else environ
        values, origins = _gather(workspace, environ, {})
        settings = cls(**values)
        return [
            {
                "name": one.name, "value": getattr(settings, one.name), "origin": origins.get(one.name, "default"),
                "variable": variable_of(one.name), "about": one.metadata["about"],
            }
            for one in fields(cls)
        ]  # fmt: skip


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    metadata = {one.name: one.metadata for one in fields(Settings)}[name]
    return metadata["env"] or PREFIX + name.upper()


def find_workspace(given: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The folder of the workspace: as given, else `HEATERS_WORKSPACE`, else the nearest parent that is one.

    Raises:
        WorkspaceNotFound: there is none; it is never made silently.
    """
    environ = os.environ if environ is None else environ
    named = given or environ.get("HEATERS_WORKSPACE")
    if named:
        folder = Path(named).expanduser().resolve()
        if not (folder / SETTINGS_FILE).is_file():
            raise WorkspaceNotFound(
                f"{folder} is not a workspace: make one with `heaters init {folder}`",
                path=str(folder),
                named=True,
            )
        return folder
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    raise WorkspaceNotFound(
        f"no workspace in {here} or above it: name one with --workspace or HEATERS_WORKSPACE, or make one with `heaters init`",
        path=str(here),
        named=False,
    )


def _gather(
    workspace: Path | None, environ: Mapping[str, str], arguments: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    known = {one.name: one for one in fields(Settings)}
    file = workspace / SETTINGS_FILE if workspace else None
    layers: list[tuple[str, dict[str, Any]]] = [
        (str(file), _read_file(file)),
        ("environment", _read_environment(environ, set(known))),
        ("argument", {name: value for name, value in arguments.items() if value is not None}),
    ]
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, layer in layers:
        for name, raw in layer.items():
            if name not in known:
                raise SettingsError(f"unknown setting {name!r} in {origin}{_nearest(name, known)}", name=name)
            try:
                values[name] = known[name].metadata["parse"](raw)
            except (ValueError, TypeError) as error:
                raise SettingsError(
                    f"setting {name} in {origin} is {_shown(raw)!r}; it takes {_expected(error)}",
                    name=name,
                ) from None
            origins[name] = (
                f"environment ({_variable_read(name, environ)})" if origin == "environment" else origin
            )
    return values, origins


def _shown(value: Any) -> Any:
    """A refused value, without what may be a secret in an address."""
    return re.sub(r"//[^/@]*@|\?.*", "…", value) if isinstance(value, str) and "://" in value else value


def _variable_read(name: str, environ: Mapping[str, str]) -> str:
    """The variable that a setting came from."""
    also = {setting: variable for variable, setting in _ALSO_READ.items()}
    own = variable_of(name)
    return own if own in environ else also.get(name, own)


def _expected(error: Exception) -> str:
    text = str(error)
    return "a number" if "invalid literal" in text or "could not convert" in text else text


def _read_file(file: Path | None) -> dict[str, Any]:
    if file is None or not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}", path=str(file)) from error


def _read_environment(environ: Mapping[str, str], known: set[str]) -> dict[str, str]:
    by_variable = {variable_of(name): name for name in known}
    found = {name: environ[variable] for variable, name in _ALSO_READ.items() if variable in environ}
    found |= {by_variable[variable]: value for variable, value in environ.items() if variable in by_variable}
    for variable in environ:
        if variable.startswith(PREFIX) and variable not in by_variable and variable not in _OUTSIDE_SETTINGS:
            raise SettingsError(
                f"unknown setting {variable} in the environment{_nearest(variable, by_variable)}",
                name=variable,
            )
    return found


def _nearest(name: str, known: Any) -> str:
    return did_you_mean(name, known, otherwise="; `heaters config` lists them all")
