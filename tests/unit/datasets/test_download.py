from __future__ import annotations

import httpx
import pytest

from w2s_mol.datasets.download import TRIES, download
from w2s_mol.errors import DownloadError, InputError

HALF_MIB = 1 << 19


@pytest.fixture
def part(tmp_path):
    return tmp_path / "file.part"


@pytest.fixture
def server(server, content):
    server.files["file"] = content
    return server


@pytest.fixture
def get(server, part):
    """Download the server's file with little patience."""

    def run(size=None, path="file", **options):
        download(server.url(path), part, size, pause=0.001, **{"timeout": 5, **options})

    return run


@pytest.mark.parametrize("known", [True, False])
def test_a_file_arrives_byte_for_byte_in_one_request(get, server, part, content, known):
    get(len(content) if known else None)
    assert part.read_bytes() == content
    assert server.ranges == [None]


def test_only_the_file_is_left_beside_it(get, server, part, content):
    server.next(cut=HALF_MIB)
    get(len(content))
    assert list(part.parent.iterdir()) == [part]


def test_the_bytes_are_asked_for_as_they_are(get, server):
    get()
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


def test_a_redirect_is_followed(get, server, part, content):
    server.next(status=302, headers={"Location": server.url()})
    get(path="elsewhere")
    assert part.read_bytes() == content


@pytest.mark.parametrize("known", [True, False])
def test_a_cut_connection_is_resumed_where_it_stopped(get, server, part, content, known):
    server.next(cut=HALF_MIB)
    get(len(content) if known else None)
    assert part.read_bytes() == content
    assert server.ranges == [None, f"bytes={HALF_MIB}-"]
    assert server.requests[1].headers["If-Range"] == server.etag


def test_every_byte_that_came_before_a_cut_is_kept(get, server, part, content):
    server.next(cut=1000)
    get(len(content))
    assert server.ranges == [None, "bytes=1000-"]
    assert part.read_bytes() == content


def test_any_number_of_cuts_is_survived_as_long_as_bytes_come(get, server, part, content):
    step = len(content) // (TRIES + 3)
    for _ in range(TRIES + 2):
        server.next(cut=step)
    get(len(content))
    assert server.ranges[1:] == [f"bytes={n * step}-" for n in range(1, TRIES + 3)]
    assert part.read_bytes() == content


def test_a_cut_file_is_fetched_from_its_start_where_the_server_ignores_range(
    get, server, part, content
):
    server.honours_range = False
    server.next(cut=HALF_MIB)
    get(len(content))
    assert server.ranges == [None, f"bytes={HALF_MIB}-"]
    assert part.read_bytes() == content


def test_what_an_earlier_run_left_is_kept(get, server, part, content):
    part.write_bytes(content[:777])
    get(len(content))
    assert server.ranges == ["bytes=777-"]
    assert part.read_bytes() == content


def test_what_came_before_a_failure_is_kept_for_the_next_run(get, server, part, content):
    server.next(cut=HALF_MIB)
    server.next(status=404)
    with pytest.raises(DownloadError):
        get(len(content))
    get(len(content))
    assert server.ranges[-1] == f"bytes={HALF_MIB}-"
    assert part.read_bytes() == content


def test_a_whole_file_is_not_asked_for_again(get, server, part, content):
    part.write_bytes(content)
    get(len(content))
    assert server.requests == []


def test_a_part_longer_than_the_file_is_thrown_away(get, server, part, content):
    part.write_bytes(content + b"!")
    get(len(content))
    assert server.ranges == [None]
    assert part.read_bytes() == content


def test_an_unnamed_part_of_a_file_of_unknown_size_is_thrown_away(get, server, part, content):
    part.write_bytes(b"of who knows what")
    get()
    assert server.ranges == [None]
    assert part.read_bytes() == content


def test_a_part_from_one_address_is_not_finished_from_another(get, server, part, content):
    server.files["other"] = content[::-1]
    server.next(cut=HALF_MIB)
    server.next(status=404)
    with pytest.raises(DownloadError):
        get()
    get(path="other")
    assert server.ranges[-1] is None
    assert part.read_bytes() == content[::-1]


@pytest.mark.parametrize("honours_if_range", [True, False])
def test_two_versions_of_a_file_are_never_mixed(get, server, part, content, honours_if_range):
    server.etag = '"version 2"'
    server.honours_if_range = honours_if_range
    server.next(body=content[::-1], headers={"ETag": '"version 1"'}, cut=HALF_MIB)
    get()
    assert part.read_bytes() == content


def test_a_weak_tag_does_not_vouch_for_a_part(get, server, part, content):
    server.etag = 'W/"version 1"'
    server.next(cut=HALF_MIB)
    get()
    assert server.ranges == [None, None]
    assert part.read_bytes() == content


def test_a_tag_with_odd_characters_does_no_harm(get, server, part, content):
    server.etag = '"première"'
    server.next(cut=HALF_MIB)
    get()
    assert part.read_bytes() == content


@pytest.mark.parametrize("left", ["{", "[]", '{"url": 1}', ""])
def test_a_damaged_tag_is_passed_over(get, part, content, left):
    part.write_bytes(content[:777])
    part.with_name(part.name + ".tag").write_text(left)
    get()
    assert part.read_bytes() == content


def test_something_shorter_than_the_file_is_refused_after_some_tries(get, server, content):
    server.always(body=b"<html>Come back later</html>")
    with pytest.raises(DownloadError, match=r"28 bytes, expected 2,?097,?152"):
        get(len(content))
    assert len(server.requests) == TRIES


def test_a_page_that_once_stands_in_for_the_file_leaves_no_trace_in_it(get, server, part, content):
    server.etag = None
    server.next(body=b"<html>Come back later</html>")
    get(len(content))
    assert part.read_bytes() == content


def test_a_page_that_stands_in_for_the_file_does_not_cost_what_was_there(
    get, server, part, content
):
    part.write_bytes(content[:777])
    server.next(body=b"<html>Come back later</html>")
    get(len(content))
    assert server.ranges == ["bytes=777-", "bytes=777-"]
    assert part.read_bytes() == content


def test_a_file_that_is_shorter_at_its_origin_is_given_up(get, server, content):
    server.files["file"] = content[:HALF_MIB]
    with pytest.raises(DownloadError):
        get(len(content))
    assert len(server.requests) <= 2 * TRIES


def test_a_server_that_cuts_and_then_sends_the_wrong_part_is_given_up(get, server, content):
    for _ in range(TRIES * 3):
        server.next(cut=HALF_MIB)
        server.next(status=206, headers={"Content-Range": "bytes 5-9/10"}, body=b"12345")
    with pytest.raises(DownloadError):
        get(len(content))
    assert len(server.requests) <= 2 * TRIES


def test_too_many_bytes_are_refused_at_once_and_thrown_away(get, server, part, content):
    with pytest.raises(DownloadError, match="more than the 1,000 bytes expected"):
        get(1000)
    assert len(server.requests) == 1
    assert not part.exists()


def test_an_empty_202_is_no_file(get, server, part, content):
    server.always(status=202)
    with pytest.raises(DownloadError, match="HTTP 202 Accepted in place of the file"):
        get(len(content))
    assert len(server.requests) == TRIES
    assert not part.exists()


def test_an_empty_200_is_no_file(get, server):
    server.always(body=b"")
    with pytest.raises(DownloadError, match="got 0 bytes, expected some"):
        get()


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_final(get, server, part, status):
    server.next(status=status, body=b"an error page")
    with pytest.raises(DownloadError, match=rf"{server.url()}.* HTTP {status}"):
        get()
    assert len(server.requests) == 1
    assert not part.exists()


@pytest.mark.parametrize("status", [202, 408, 429, 500, 503])
def test_a_passing_trouble_is_waited_out(get, server, part, content, status):
    server.next(status=status, body=b"an error page")
    get(len(content))
    assert len(server.requests) == 2
    assert part.read_bytes() == content


def test_a_lasting_trouble_is_given_up(get, server, part):
    server.always(status=500)
    with pytest.raises(DownloadError, match="HTTP 500"):
        get()
    assert len(server.requests) == TRIES
    assert not part.exists()


def test_a_range_that_cannot_be_served_is_followed_by_a_fresh_start(get, server, part, content):
    part.write_bytes(content[:777])
    server.next(status=416)
    get(len(content))
    assert server.ranges == ["bytes=777-", None]
    assert part.read_bytes() == content


def test_another_range_than_asked_for_is_not_put_into_the_file(get, server, part, content):
    part.write_bytes(content[:777])
    server.next(status=206, body=content[5:], headers={"Content-Range": "bytes 5-9/10"})
    get(len(content))
    assert server.ranges == ["bytes=777-", None]
    assert part.read_bytes() == content


def test_a_stalled_connection_is_given_up_and_resumed(get, server, part, content):
    server.next(pause_after=HALF_MIB)
    get(len(content), timeout=0.3)
    assert server.ranges == [None, f"bytes={HALF_MIB}-"]
    assert part.read_bytes() == content


def test_a_server_that_stays_silent_is_given_up(get, server):
    server.always(pause_after=0)
    with pytest.raises(DownloadError, match="timed out"):
        get(timeout=0.1)
    assert len(server.requests) == TRIES


def test_nobody_listening_is_an_error_that_names_the_address(server, part):
    address = server.url()
    server.close()
    with pytest.raises(DownloadError, match=rf"{address}: .*refused"):
        download(address, part, pause=0.001)


@pytest.mark.parametrize("address", ["http://localhost:port/file", "http://", "http://[::1/file"])
def test_an_address_that_is_none_is_an_error_that_names_it(part, address):
    with pytest.raises(DownloadError) as caught:
        download(address, part, pause=0.001)
    assert address in str(caught.value)


def test_an_error_without_words_is_named_by_its_kind(monkeypatch, part):
    def fail(*_, **__):
        raise httpx.ReadError("")

    monkeypatch.setattr(httpx, "stream", fail)
    with pytest.raises(DownloadError, match="ReadError"):
        download("http://somewhere/file", part, pause=0.001)


def test_a_place_that_cannot_be_written_to_is_an_input_error(server, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="cannot write"):
        download(server.url(), tmp_path / "file" / "x.part", pause=0.001)


def test_progress_goes_from_what_was_there_to_the_end(get, part, content):
    part.write_bytes(content[:HALF_MIB])
    told = []
    get(len(content), progress=lambda *report: told.append(report))
    assert {(work, total) for work, _, total in told} == {("fetching file", len(content))}
    done = [done for _, done, _ in told]
    assert done == sorted(done)
    assert done[0] > HALF_MIB
    assert done[-1] == len(content)


def test_progress_knows_the_total_that_the_server_announced(get, content):
    told = []
    get(progress=lambda *report: told.append(report))
    assert told[-1] == ("fetching file", len(content), len(content))
