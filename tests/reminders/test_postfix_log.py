"""What Postfix's log shows about a mail, and what it does not: a second copy hangs on every `absent`."""

import datetime as dt
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders import log_files
from reminders.mail_log import Fate, Span
from reminders.postfix_log import PostfixLog, Reading
from tests.reminders.postfix import RFC, TRADITIONAL, WARSAW, body_comes_in, delivered, line, queued, stamp, write

START = dt.datetime(2026, 11, 27, 10, 0, tzinfo=WARSAW)
MINUTE, SECOND = dt.timedelta(minutes=1), dt.timedelta(seconds=1)
SPAN = Span(START, START + 20 * MINUTE)
NOW = START + 40 * MINUTE
MAIL = "<rem.0123456789abcdef0123456789abcdef@learn.example.com>"
BEFORE, AFTER = START - 5 * MINUTE, START + 30 * MINUTE
NOISE = "smtpd: connect from localhost[127.0.0.1]"


def log_of(*said: str, style: str = RFC, zone: dt.tzinfo = WARSAW, host: str = "mail") -> list[bytes]:
    """A log without gaps around the span, with these lines a minute after its begin."""
    moments = [BEFORE, *(START + MINUTE + n * SECOND for n in range(len(said))), AFTER]
    return [
        line(at, words, style=style, zone=zone, host=host)
        for at, words in zip(moments, [NOISE, *said, NOISE], strict=True)
    ]


def look(*paths, span: Span = SPAN, now: dt.datetime = NOW, mail: str = MAIL, zone: dt.tzinfo = WARSAW):
    log = PostfixLog([str(path) for path in paths], zone=zone)
    return log.fates({mail: span}, since=span.begin, now=now)[mail]


@pytest.fixture
def fate(tmp_path):
    """The fate of the mail in a log of these lines, last written when its last line says."""

    def ask(lines: list[bytes], *, written: dt.datetime = AFTER, **asked) -> Fate:
        return look(write(tmp_path / "mail.log", lines, written=written), **asked).fate

    return ask


def test_what_the_queue_manager_took_is_accepted(tmp_path):
    log = write(tmp_path / "mail.log", log_of(*body_comes_in("4F1A2B3C4D", MAIL), queued("4F1A2B3C4D")))
    assert look(log).fate == Fate.ACCEPTED
    assert "4F1A2B3C4D" in look(log).note


def test_a_body_that_came_in_proves_nothing(fate):
    """The sender was gone before the final dot: cleanup had read the headers by then."""
    gone = "smtpd: lost connection after DATA (3311 bytes) from localhost[127.0.0.1]"
    assert fate(log_of(*body_comes_in("4F1A2B3C4D", MAIL), gone)) == Fate.ABSENT


@pytest.mark.parametrize("status", ["sent", "deferred"])
def test_a_delivery_shows_acceptance_also_where_the_line_of_the_queue_is_missing(fate, status):
    assert fate(log_of(*body_comes_in("4F1A2B3C4D", MAIL), delivered("4F1A2B3C4D", status))) == Fate.ACCEPTED


def test_what_bounced_later_was_accepted_and_says_so(tmp_path):
    bounced = delivered("4F1A2B3C4D", "bounced", "host mx said: 550 5.1.1 no such user")
    log = write(tmp_path / "mail.log", log_of(*body_comes_in("4F1A2B3C4D", MAIL), queued("4F1A2B3C4D"), bounced))
    found = look(log)
    assert found.fate == Fate.ACCEPTED
    assert "bounced (host mx said: 550 5.1.1 no such user)" in found.note


def test_any_of_several_tries_that_was_accepted_counts(fate):
    tries = [*body_comes_in("AAAAAAAAAA", MAIL), *body_comes_in("BBBBBBBBBB", MAIL), queued("BBBBBBBBBB")]
    assert fate(log_of(*tries, *body_comes_in("CCCCCCCCCC", MAIL))) == Fate.ACCEPTED


@pytest.mark.parametrize("again", [["cleanup: 4F1A2B3C4D: message-id=<other@example.com>"], []])
def test_a_queue_number_that_serves_another_mail_later_shows_nothing(fate, again):
    """Postfix gives short numbers out again soon."""
    second = ["smtpd: 4F1A2B3C4D: client=localhost[127.0.0.1]", *again, queued("4F1A2B3C4D")]
    expected = Fate.ABSENT if again else Fate.ACCEPTED
    assert fate(log_of(*body_comes_in("4F1A2B3C4D", MAIL), *second)) == expected


def test_another_mail_shows_nothing(fate):
    other = MAIL.replace("0123", "fff3")
    assert fate(log_of(*body_comes_in("4F1A2B3C4D", other), queued("4F1A2B3C4D"))) == Fate.ABSENT


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "milter-reject: END-OF-MESSAGE from localhost[127.0.0.1]: 5.7.1 not wanted; from=<a@b> to=<c@d>",
            Fate.REFUSED,
        ),
        ("reject: header Subject: Hi from localhost[127.0.0.1]; to=<c@d> proto=ESMTP: 5.7.1 content", Fate.REFUSED),
        ("milter-reject: END-OF-MESSAGE from localhost[127.0.0.1]: 4.7.1 try again; from=<a@b>", Fate.ABSENT),
        ("hold: header Subject: Hi from localhost[127.0.0.1]; from=<a@b>", Fate.UNSURE),
        ("milter-discard: END-OF-MESSAGE from localhost[127.0.0.1]: milter triggers DISCARD action", Fate.UNSURE),
    ],
)
def test_what_filters_did_with_the_body(fate, said, expected):
    assert fate(log_of(*body_comes_in("4F1A2B3C4D", MAIL), f"cleanup: 4F1A2B3C4D: {said}")) == expected


def test_the_refusal_of_an_earlier_try_says_nothing_about_this_one(fate):
    refused = "cleanup: 4F1A2B3C4D: milter-reject: END-OF-MESSAGE from x[192.0.2.1]: 5.7.1 no; from=<a@b>"
    early = [line(START - MINUTE, said) for said in [*body_comes_in("4F1A2B3C4D", MAIL), refused]]
    assert fate([line(BEFORE, NOISE), *early, line(AFTER, NOISE)]) == Fate.ABSENT


# Does the log cover the time?


@pytest.mark.parametrize("style", [RFC, TRADITIONAL])
@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (START - SECOND, SPAN.end + SECOND, Fate.ABSENT),
        (START, SPAN.end + SECOND, Fate.UNSURE),
        (START + MINUTE, SPAN.end + SECOND, Fate.UNSURE),
        (START - SECOND, SPAN.end, Fate.UNSURE),
        (START - SECOND, SPAN.end - MINUTE, Fate.UNSURE),
    ],
)
def test_absent_needs_a_line_before_and_a_line_after(fate, style, first, last, expected):
    assert fate([line(at, NOISE, style=style) for at in (first, last)], written=last) == expected


def test_acceptance_needs_no_cover(fate):
    said = [*body_comes_in("4F1A2B3C4D", MAIL), queued("4F1A2B3C4D")]
    assert fate([line(START + MINUTE, words) for words in said]) == Fate.ACCEPTED


def test_an_empty_a_missing_and_an_unreadable_log_show_nothing(tmp_path):
    empty, folder = write(tmp_path / "empty.log", []), tmp_path / "folder.log"
    folder.mkdir()
    whole = write(tmp_path / "mail.log", log_of())
    assert look(whole).fate == Fate.ABSENT
    assert look(empty).note == "it is empty"
    for broken in (folder, tmp_path / "none.log"):
        assert look(broken).fate == Fate.UNSURE
        assert look(whole, broken).fate == Fate.UNSURE, "one of the files may hold the line"
        assert str(broken) in look(whole, broken).note


def test_a_truncated_archive_shows_acceptance_but_never_absence(tmp_path):
    lines = log_of(*body_comes_in("4F1A2B3C4D", MAIL), queued("4F1A2B3C4D"), *[NOISE] * 20_000)
    archive = write(tmp_path / "mail.log.1.gz", lines)
    archive.write_bytes(archive.read_bytes()[:-200])
    live = write(tmp_path / "mail.log", [line(AFTER, NOISE)])
    assert look(archive, live).fate == Fate.ACCEPTED
    assert look(archive, live, mail="<other@example.com>").fate == Fate.UNSURE


@pytest.mark.parametrize(
    "said",
    [
        b"postfix/master[1]: daemon started -- version 3.7.11, configuration /etc/postfix",
        b"rsyslogd[8]: imjournal: 4721 messages lost due to rate-limiting",
        b"rsyslogd: imuxsock lost 14 messages from pid 4711",
        b"systemd-journald[3]: Suppressed 312 messages from postfix@-.service",
    ],
)
def test_a_gap_shows_nothing_while_it_falls_into_the_time(tmp_path, said):
    for at, expected in ((START + MINUTE, Fate.UNSURE), (START - MINUTE, Fate.ABSENT), (AFTER, Fate.ABSENT)):
        gap = f"{stamp(at, RFC)} mail ".encode() + said + b"\n"
        log = write(tmp_path / "mail.log", sorted([line(BEFORE, NOISE), gap, line(AFTER, NOISE)]))
        assert look(log).fate == expected


def test_a_damaged_line_that_names_the_mail_leaves_it_unsure(fate):
    damaged = f"\x00\x00\x00 4F1A2B3C4D: message-id={MAIL}\n".encode()
    first, last = log_of()
    assert fate([first, damaged, last]) == Fate.UNSURE
    assert fate([first, damaged, last], mail="<other@example.com>") == Fate.ABSENT


def test_a_line_inside_another_is_no_line(fate):
    """A client may say anything; it must not be able to forge an acceptance or to hide one."""
    forged = f"smtpd: warning: x {stamp(START, RFC)} mail postfix/cleanup[1]: AAAAAAAAAA: message-id={MAIL}"
    again = f"smtpd: warning: x {stamp(START, RFC)} mail postfix/{queued('AAAAAAAAAA')}".replace("qmgr", "qmgr[1]")
    assert fate(log_of(forged, again)) == Fate.ABSENT


# Clocks


@pytest.mark.parametrize("style", [RFC, TRADITIONAL])
@pytest.mark.parametrize("host", ["mail", "mail.example.com", "2001:db8::1", "web-1_x"])
def test_both_kinds_of_time_stamps_and_any_host_are_read(fate, style, host):
    assert fate(log_of(style=style, host=host)) == Fate.ABSENT
    said = [*body_comes_in("4BhGd21TyLz3Kq", MAIL), queued("4BhGd21TyLz3Kq")]
    assert fate(log_of(*said, style=style, host=host)) == Fate.ACCEPTED


def test_priorities_and_instances_before_the_daemon_are_read(fate):
    said = [*body_comes_in("4F1A2B3C4D", MAIL), queued("4F1A2B3C4D")]
    lines = [b"<22>" + words.replace(b"postfix/", b"postfix-out/submission/") for words in log_of(*said)]
    assert fate(lines) == Fate.ACCEPTED


@pytest.mark.parametrize("zone", [dt.timezone(dt.timedelta(hours=5, minutes=30)), dt.timezone(dt.timedelta(hours=-3))])
def test_a_clock_that_no_known_zone_explains_shows_nothing(tmp_path, monkeypatch, zone):
    monkeypatch.setattr("reminders.postfix_log.machine_zone", lambda: dt.UTC)
    log = write(tmp_path / "mail.log", log_of(style=TRADITIONAL, zone=zone), written=AFTER)
    assert look(log).note == "its clock is unknown"
    assert look(log, zone=zone).fate == Fate.ABSENT


def test_a_copied_file_without_its_time_has_no_clock_unless_its_stamps_are_complete(tmp_path):
    for style, expected in ((RFC, Fate.ABSENT), (TRADITIONAL, Fate.UNSURE)):
        assert look(write(tmp_path / "copy.log", log_of(style=style), written=NOW)).fate == expected


def test_the_zone_of_the_machine_counts_not_only_that_of_the_company(tmp_path, monkeypatch):
    zone = dt.timezone(dt.timedelta(hours=9))
    monkeypatch.setattr("reminders.postfix_log.machine_zone", lambda: zone)
    log = write(tmp_path / "mail.log", log_of(style=TRADITIONAL, zone=zone), written=AFTER)
    assert look(log).fate == Fate.ABSENT


def test_a_clock_ahead_shows_nothing(fate):
    assert fate(log_of(), now=AFTER - 3 * MINUTE) == Fate.UNSURE


@pytest.mark.parametrize("begins", [dt.datetime(2026, 12, 31, 23, 58), dt.datetime(2028, 2, 28, 23, 58)])
def test_the_year_is_inferred_over_its_end_and_over_29_february(fate, begins):
    begin = begins.replace(tzinfo=WARSAW)
    span = Span(begin, begin + 20 * MINUTE)
    lines = [line(at, NOISE, style=TRADITIONAL) for at in (begin - MINUTE, begin + MINUTE, span.end + MINUTE)]
    asked = {"span": span, "now": span.end + 2 * MINUTE, "written": span.end + MINUTE}
    assert fate(lines, **asked) == Fate.ABSENT
    assert fate(lines[1:], **asked) == Fate.UNSURE


def test_a_rotated_file_of_last_leap_year_keeps_its_29_february():
    written = dt.datetime(2029, 1, 5, tzinfo=dt.UTC)
    assert log_files.moment(b"Feb 29 12:00:00", written=written, zone=dt.UTC) == dt.datetime(
        2028, 2, 29, 12, tzinfo=dt.UTC
    )
    for nonsense in (b"Foo 29 12:00:00", b"Feb 30 12:00:00", b"Feb  1 25:00:00", b"2026-13-01T00:00:00Z", b""):
        assert log_files.moment(nonsense, written=written, zone=dt.UTC) is None


def test_of_the_hour_that_comes_twice_the_log_claims_less(tmp_path):
    """25 October 2026, 02:30 in Warsaw: the log may begin at either."""
    first_time, second_time = (dt.datetime(2026, 10, 25, hour, 30, tzinfo=dt.UTC) for hour in (0, 1))
    end = second_time + 60 * MINUTE
    lines = [line(second_time, NOISE, style=TRADITIONAL), line(end, NOISE, style=TRADITIONAL)]
    log = write(tmp_path / "mail.log", lines, written=end)
    between = Span(first_time + 20 * MINUTE, first_time + 40 * MINUTE)
    assert look(log, span=between, now=end).fate == Fate.UNSURE
    after = Span(second_time + MINUTE, second_time + 20 * MINUTE)
    assert look(log, span=after, now=end).fate == Fate.ABSENT


# Files


@pytest.mark.parametrize("style", [RFC, TRADITIONAL])
@pytest.mark.parametrize("cut", range(1, 5))
def test_a_mail_whose_lines_are_in_two_files_is_found_in_any_order_of_the_paths(tmp_path, style, cut):
    lines = log_of(*body_comes_in("4F1A2B3C4D", MAIL), queued("4F1A2B3C4D"), style=style)
    moments = [BEFORE, *(START + MINUTE + n * SECOND for n in range(3)), AFTER]
    old = write(tmp_path / "mail.log.1.gz", lines[:cut], written=moments[cut - 1])
    live = write(tmp_path / "mail.log", lines[cut:], written=AFTER)
    for paths in ((old, live), (live, old), (tmp_path / "mail.log*",)):
        assert look(*paths).fate == Fate.ACCEPTED
        assert look(*paths, mail="<other@example.com>").fate == Fate.ABSENT


@pytest.mark.parametrize("first_rotation", [True, False])
def test_files_that_are_rotated_while_they_are_opened_are_opened_again(tmp_path, monkeypatch, first_rotation):
    """Otherwise the file that was live a moment ago would be missing between the two that were opened."""
    lines = log_of(*body_comes_in("4F1A2B3C4D", MAIL), queued("4F1A2B3C4D"))
    old, live = tmp_path / "mail.log.1", write(tmp_path / "mail.log", lines)
    if not first_rotation:
        write(old, [line(BEFORE - MINUTE, NOISE)])
    real, rotations = log_files.Part.open, []

    def open_slowly(path):
        if path == live and not rotations:
            rotations.append(live.rename(old))
            write(live, [line(AFTER + SECOND, NOISE)])
        return real(path)

    monkeypatch.setattr(log_files.Part, "open", open_slowly)
    assert look(tmp_path / "mail.log*").fate == Fate.ACCEPTED
    assert rotations


def test_a_log_that_is_renamed_all_the_time_shows_nothing(tmp_path, monkeypatch):
    log = write(tmp_path / "mail.log", log_of())
    monkeypatch.setattr(log_files.Part, "still_at_its_path", lambda part: False)
    assert look(log).fate == Fate.UNSURE


def test_garbage_changes_nothing(tmp_path):
    said = [*body_comes_in("4F1A2B3C4D", MAIL), queued("4F1A2B3C4D")]
    garbage = [b"\xff\xfe\x00\x00", bytes(range(256)) * 50, b"\x00" * 300_000 + b"\n", b"\n", b"-- MARK --\n"]
    lines = [part for words in log_of(*said) for part in (*garbage, b"\n", words)]
    log = write(tmp_path / "mail.log", lines)
    assert look(log).fate == Fate.ACCEPTED
    assert look(log, mail="<other@example.com>").fate == Fate.ABSENT


def test_the_rest_of_a_line_that_is_too_long_is_no_line(fate):
    forged = [line(START, said) for said in [*body_comes_in("4F1A2B3C4D", MAIL), queued("4F1A2B3C4D")]]
    first, last = log_of()
    assert fate([first, *(b"x" * log_files.LONGEST_LINE + words for words in forged), last]) == Fate.ABSENT


def test_a_large_log_is_read_as_a_stream(tmp_path):
    """Also where a damaged file has no line ends at all."""
    first, last = log_of()
    with (tmp_path / "mail.log").open("wb") as file:
        file.write(first)
        for _megabyte in range(8):
            file.write(b"".join([line(START, NOISE)] * 10_000))
        file.write(b"\x00" * 16_000_000 + b"\n" + last)
    tracemalloc.start()
    assert look(tmp_path / "mail.log").fate == Fate.ABSENT
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize("style", [RFC, TRADITIONAL])
def test_of_a_long_log_only_the_end_that_matters_is_read(tmp_path, monkeypatch, style):
    """A day of a busy server, and archives: a tick must not read all of it again and again."""
    begin = START - dt.timedelta(hours=20)
    noise = [line(begin + n * SECOND, NOISE, style=style) for n in range(0, 22 * 3600, 4)]
    said = [*body_comes_in("4F1A2B3C4D", MAIL), queued("4F1A2B3C4D")]
    late = [line(begin + dt.timedelta(hours=22), words, style=style) for words in said]
    written = begin + dt.timedelta(hours=22)
    write(tmp_path / "mail.log", noise + late, written=written)
    for days in range(1, 4):
        old = begin - dt.timedelta(days=days)
        write(tmp_path / f"mail.log.{days}.gz", [line(old, NOISE, style=style)] * 2000, written=old)
    read = []
    take = Reading.take
    monkeypatch.setattr(Reading, "take", lambda self, part, said: read.append(part.path.name) or take(self, part, said))
    asked = {"span": Span(written - 30 * MINUTE, written - MINUTE), "now": written}
    assert look(tmp_path / "mail.log*", **asked).fate == Fate.ACCEPTED
    assert look(tmp_path / "mail.log*", mail="<other@example.com>", **asked).fate == Fate.ABSENT
    assert 40 * 60 / 4 <= read.count("mail.log") / 2 < 1000, "forty minutes and what lies around, twice"
    assert not {"mail.log.2.gz", "mail.log.3.gz"} & set(read)


@pytest.mark.parametrize("slow", [0, 9])
@pytest.mark.parametrize("minutes", range(0, 1200, 291))
def test_what_matters_is_found_wherever_it_stands_in_a_long_log(tmp_path, minutes, slow):
    """Also where the clock of the mail server is minutes slow."""
    begin = START - dt.timedelta(hours=20)
    at = begin + minutes * MINUTE
    span = Span(at + slow * MINUTE, at + 20 * MINUTE)
    said = [line(at, words) for words in [*body_comes_in("4F1A2B3C4D", MAIL), queued("4F1A2B3C4D")]]
    noise = [line(begin + n * SECOND, NOISE) for n in range(0, 21 * 3600, 7)]
    log = write(tmp_path / "mail.log", sorted(noise + said))
    assert look(log, span=span, now=START + 60 * MINUTE).fate == Fate.ACCEPTED
    expected = Fate.ABSENT if minutes or slow else Fate.UNSURE
    assert look(log, span=span, now=START + 60 * MINUTE, mail="<other@example.com>").fate == expected


# Against a model


@st.composite
def histories(draw):
    """Tries of three mails, interleaved: what each leaves in the log, and which mails were accepted."""
    mails = [MAIL, MAIL.replace("0123", "4567"), "<someone.else@example.com>"]
    accepted: set[str] = set()
    tries = []
    for number in range(draw(st.integers(0, 8))):
        mail = draw(st.sampled_from(mails))
        queue_id = draw(st.sampled_from(["4F1A2B3C4D", "4BhGd21TyLz3Kq", f"5E{number:08d}"]))
        said = body_comes_in(queue_id, mail)
        if draw(st.booleans()):
            accepted.add(mail)
            said += draw(st.sampled_from([[queued(queue_id)], [queued(queue_id), delivered(queue_id)]]))
        tries.append((queue_id, said))
    return interleaved(draw, tries), accepted, mails


def interleaved(draw, tries) -> list[str]:
    """In any order, but one number serves one mail at a time."""
    waiting, running, lines = list(tries), [], []
    while waiting or running:
        busy = {queue_id for queue_id, _said in running}
        free = [each for each in waiting if each[0] not in busy]
        if free and (not running or draw(st.booleans())):
            waiting.remove(free[0])
            running.append((free[0][0], list(free[0][1])))
        chosen = running[draw(st.integers(0, len(running) - 1))]
        lines.append(chosen[1].pop(0))
        running = [each for each in running if each[1]]
    return lines


@settings(max_examples=150, deadline=None)
@given(histories(), st.data())
def test_whatever_happens_the_log_is_read_as_it_was_written(tmp_path_factory, history, data):
    said, accepted, mails = history
    style = data.draw(st.sampled_from([RFC, TRADITIONAL]))
    moments = [BEFORE, *(START + MINUTE + n * SECOND for n in range(len(said))), AFTER]
    lines = [line(at, words, style=style) for at, words in zip(moments, [NOISE, *said, NOISE], strict=True)]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(lines) - 1), max_size=2)))
    folder = tmp_path_factory.mktemp("log")
    for number, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(lines)], strict=True)):
        name = data.draw(st.sampled_from([f"mail.log.{9 - number}", f"mail.log.{9 - number}.gz"]))
        write(folder / name, lines[begin:end], written=moments[end - 1])
    log = PostfixLog([f"{folder}/mail.log*"], zone=WARSAW)
    found = log.fates(dict.fromkeys(mails, SPAN), since=SPAN.begin, now=NOW)
    assert {mail for mail in mails if found[mail].fate == Fate.ACCEPTED} == accepted
    assert {found[mail].fate for mail in set(mails) - accepted} <= {Fate.ABSENT}
    late = log.fates(dict.fromkeys(mails, Span(BEFORE, SPAN.end)), since=BEFORE, now=NOW)
    assert {late[mail].fate for mail in set(mails) - accepted} <= {Fate.UNSURE}
