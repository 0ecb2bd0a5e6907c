"""Every error of yt-dlp that a user can meet becomes one of ours, in one sentence with a way out."""

from __future__ import annotations

import socket

import pytest
from yt_dlp.networking import exceptions as network
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError, UnsupportedError

from heaters.errors import DownloadFailed, MediaError, NotAvailable, NotAVideo
from heaters.media.web_errors import as_ours

URL = "https://site.example/film"


class Answer:
    """What an HTTP error holds of its response."""

    def __init__(self, status: int) -> None:
        self.status, self.reason, self.headers, self.url = status, "because", {}, URL

    def close(self) -> None:
        pass


def raised(error: Exception) -> DownloadError:
    """As `extract_info` hands an error on."""
    return DownloadError(f"ERROR: [site] abc: {error}", (type(error), error, None))


def http(status: int) -> Exception:
    cause = network.HTTPError(Answer(status))  # type: ignore[arg-type]
    return raised(ExtractorError(f"Unable to download webpage: HTTP Error {status}: because", cause=cause))


PERMANENT = {
    "gone": (http(404), "check the address"),
    "forbidden": (http(403), "cookies_file"),
    "DRM": (raised(ExtractorError("This video is DRM protected", expected=True)), "without protection"),
    "login": (raised(ExtractorError("Sign in to confirm your age. Use --cookies", expected=True)), "cookies_file"),
    "private": (raised(ExtractorError("Private video. Sign in if you've been granted access", expected=True)), "cookies_file"),
    "country": (raised(GeoRestrictedError("This video is not available from your location")), "country"),
    "unsupported": (raised(UnsupportedError(URL)), "download it and ingest the file"),
    "no formats": (raised(ExtractorError("No video formats found!", expected=True)), "download it and ingest the file"),
    "later": (raised(ExtractorError("This live event will begin in 3 hours.", expected=True)), "when it has ended"),
    "removed": (raised(ExtractorError("This video has been removed by the uploader", expected=True)), "removed by the uploader"),
}  # fmt: skip
TRANSIENT = {
    "busy": http(503),
    "too many": http(429),
    "time-out": raised(ExtractorError("Unable to download webpage: timed out", cause=network.TransportError("timed out"))),
    "name": raised(ExtractorError("Unable to download webpage: [Errno -2] Name or service not known", cause=network.TransportError("x"))),
    "reset": ConnectionResetError(104, "Connection reset by peer"),
    "resolver": socket.gaierror(-3, "Temporary failure in name resolution"),
    "incomplete": network.IncompleteRead(10, 20),
    "certificate": network.CertificateVerifyError("certificate verify failed"),
    "a fault of an extractor": raised(KeyError("videoDetails")),
    "a fragment": DownloadError("[download] Got error: HTTP Error 500: oops. Giving up after 3 retries"),
}  # fmt: skip


def sentence(error: MediaError) -> str:
    text = str(error)
    assert "\n" not in text
    assert "ERROR" not in text
    assert "please report" not in text
    assert URL in text
    return text


@pytest.mark.parametrize(("error", "way_out"), PERMANENT.values(), ids=PERMANENT)
def test_what_time_does_not_heal_is_told_with_the_way_out(error: Exception, way_out: str) -> None:
    ours = as_ours(URL, error, (), looking=True)
    assert isinstance(ours, NotAvailable)
    assert way_out in sentence(ours)


@pytest.mark.parametrize("error", TRANSIENT.values(), ids=TRANSIENT)
def test_what_may_pass_is_tried_again(error: Exception) -> None:
    ours = as_ours(URL, error, (), looking=True)
    assert isinstance(ours, DownloadFailed)
    assert "tries it again" in sentence(ours) or "try it again" in sentence(ours)


def test_a_link_that_ran_out_while_it_was_downloaded_is_asked_for_anew_by_a_later_run() -> None:
    assert isinstance(as_ours(URL, http(403), (), looking=False), DownloadFailed)


def test_an_address_that_was_refused_is_the_reason_whatever_came_of_it() -> None:
    ours = as_ours(URL, TRANSIENT["reset"], ["10.0.0.1"], looking=True)
    assert isinstance(ours, NotAvailable)
    assert "10.0.0.1" in sentence(ours)


def test_our_own_errors_stay_as_they_are() -> None:
    error = NotAVideo("x is no film")
    assert as_ours(URL, error, (), looking=True) is error
