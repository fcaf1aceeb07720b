"""What members are told of, in which words, and when it is quiet; without a database."""

from datetime import UTC, datetime, timedelta
from string import Formatter
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from api.web import notification_words
from core.notifications.chat_ports import Post, PostId
from core.notifications.chatting import message_of
from core.notifications.contracts import QuietHours
from core.notifications.mentions import mentioned
from core.notifications.notices import NOTICES
from core.notifications.ports import Colleague
from core.notifications.preferences import (
    Defaults,
    Preferences,
    hears,
    settings_of,
)
from core.notifications.quiet import is_quiet, quiet_until
from core.notifications.reach import reach_of_role, roles_with
from core.notifications.types import TYPES
from core.notifications.wording import said, sentences, worded
from core.shared.audience import AUDIENCES, PERSONAL, whose
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.permissions import Action
from tests.fixtures.examined import Examined

WORDS = {"candidate", "job", "stage", "actor", "count"}


def test_each_notice_can_be_said(examined: Examined) -> None:
    """Its words are known ones or what its event is read into, and they are translated."""
    details = {
        "import_finished": {"created", "updated", "failed", "import_id"},
        "bulk_rejection": {"rejected", "skipped"},
        "plugin_broken": {"plugin"},
        "sender_failing": {"plugin"},
        "domain_worsened": {"domain"},
        "automation": {"text"},
        "quota_neared": {"quota", "used", "limit"},
        "quota_reached": {"quota", "used", "limit"},
    }
    for name, notice in NOTICES.items():
        texts = [text for text in (notice.title, notice.titles, notice.message) if text]
        for text in (*texts, notice.link, notice.links):
            fields = {field for _, field, _, _ in Formatter().parse(text) if field}
            known = WORDS | {"candidate_id", "job_id"} | details.get(name, set())
            assert fields <= known, (name, text)
        # One that isn't grouped never grows; of one that is, several are said in the plural.
        assert bool(notice.titles) == (bool(notice.grouping) and not notice.is_once), name
        assert set(texts) - {"{job}"} <= set(notification_words.SENTENCES), name
        assert notice.type in TYPES
        assert notice.link.startswith("/")
    told = [text for each in TYPES.values() for text in (each.label, each.description)]
    assert set(told) <= set(notification_words.TYPE_WORDS)
    assert TYPES.keys() == notification_words.ICONS.keys() == {n.type for n in NOTICES.values()}
    examined("notices", len(NOTICES))


def test_sentences_are_those_of_the_view() -> None:
    view = worded(
        notice="new_application",
        count=3,
        names={"candidate": "{job} Mallory", "job": "Engineer", "actor": None},
        details={},
        id=uuid4(),
        type="new_application",
        actor=None,
        application_id=None,
        candidate_id=uuid4(),
        job_id=(job := uuid4()),
        created_at=datetime.now(UTC),
        updated_at=datetime.now(UTC),
        seen_at=None,
        read_at=None,
    )
    assert (view.title, view.link) == ("3 new applications for Engineer", f"/jobs/{job}")
    title, message = sentences(view.wording)
    assert said(title, view.words) == view.title
    assert message == ""
    one = said(sentences("new_application")[0], view.words)
    assert one == "{job} Mallory applied for Engineer", "what people are called is no template"
    assert sentences("of a later release")[0] == "Something happened"


ANN, LEE, ANNLEE, TWIN = (MemberId(uuid4()) for _ in range(4))
TEAM = [
    Colleague(ANN, "Ann", "ann@acme.example"),
    Colleague(LEE, "Lee O'Neil", "lee.oneil@acme.example"),
    Colleague(ANNLEE, "Ann Lee", "annie@acme.example"),
    Colleague(TWIN, "Ann", "ann2@acme.example"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Please look, @Ann Lee!", {ANNLEE}),
        ("Please look, @ann", {ANN, TWIN}),
        ("(@ANN LEE)", {ANNLEE}),
        ("@Ann\n  Lee", {ANNLEE}),
        ("@lee.oneil and @annie", {LEE, ANNLEE}),
        ("@Lee O'Neil's idea", {LEE}),
        ("@Annabel", set()),
        ("write to mia@ann", set()),
        ("@@ann", set()),
        ("nobody @ all", set()),
        ("@ann2", {TWIN}),
        ("@Ann, @Lee O'Neil", {ANN, TWIN, LEE}),
    ],
)
def test_who_is_mentioned(text: str, expected: set[MemberId]) -> None:
    assert mentioned(text, TEAM) == expected


NIGHT = QuietHours(starts="22:00", ends="07:00", zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        # Winter: an hour ahead. The clocks go forward on 29 March 2026 at 01:00 UTC.
        ("2026-03-28T20:59", False),
        ("2026-03-28T21:00", True),
        ("2026-03-29T00:59", True),
        ("2026-03-29T01:00", True),
        ("2026-03-29T04:59", True),
        ("2026-03-29T05:00", False),  # 07:00 by then is an hour earlier in UTC
        # They go back on 25 October 2026 at 01:00 UTC: the night is an hour longer.
        ("2026-10-24T19:59", False),
        ("2026-10-24T20:00", True),
        ("2026-10-25T05:59", True),
        ("2026-10-25T06:00", False),
    ],
)
def test_quiet_hours_keep_to_the_wall_clock(utc: str, expected: bool) -> None:
    now = UtcDatetime(datetime.fromisoformat(utc).replace(tzinfo=UTC))
    assert is_quiet(NIGHT, now) is expected


def test_quiet_hours_within_a_day() -> None:
    noon = QuietHours(starts="12:00", ends="13:00", zone="Asia/Kolkata")
    hours = [
        hour
        for hour in range(24)
        if is_quiet(noon, UtcDatetime(datetime(2026, 6, 1, hour, 30, tzinfo=UTC)))
    ]
    assert hours == [6]
    assert not Preferences(pop_ups=False).pops_up(UtcDatetime(datetime.now(UTC)))


def test_what_an_admin_locked_holds() -> None:
    own = Preferences(choices={"mention": {"in_app": False}, "feedback": {"in_app": True}})
    decided = Defaults(choices={"mention": {"in_app": True}, "feedback": {"in_app": False}})
    locked = Defaults(choices=decided.choices, locked=["mention"])
    assert hears("assignment", own, decided)
    assert not hears("mention", own, decided)
    assert hears("mention", own, locked)
    assert hears("feedback", own, locked)
    assert not hears("feedback", Preferences(), locked)
    shown = {each.type: (each.in_app, each.locked) for each in settings_of(own, locked)}
    assert shown["mention"] == (True, True)
    assert shown["feedback"] == (True, False)


def test_roles_hear_of_what_they_may_see() -> None:
    assert roles_with("assigned", Action.VIEW_CANDIDATES) == ["interviewer"]
    interviewer = reach_of_role("interviewer")
    assert interviewer.only_assigned
    assert "message_failed" not in interviewer.types
    assert not reach_of_role("viewer").only_assigned
    assert set(reach_of_role("admin").types) == set(TYPES)
    assert "plugin_broken" not in reach_of_role("recruiter").types


def test_personal_events_have_one_listener(examined: Examined) -> None:
    member = uuid4()
    for name in PERSONAL:
        assert AUDIENCES[name] is Action.OWN_ACCOUNT
        assert whose(name, {"member_id": str(member)}) == member
        for broken in ({}, {"member_id": None}, {"member_id": "me"}):
            nobody = whose(name, broken)
            assert nobody is not None
            assert nobody.int == 0
    assert whose("job.created", {"member_id": str(member)}) is None
    examined("personal types", len(PERSONAL))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("ends", ["02:30", "07:00"])
def test_quiet_hours_end_once_at_the_right_time(zone: str, ends: str) -> None:
    """Through a whole year, and so through both nights of each zone's change of clocks."""
    hours = QuietHours(starts="22:00", ends=ends, zone=zone)
    now, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    found: set[datetime] = set()
    while now < until:
        end = quiet_until(hours, UtcDatetime(now))
        if end != now:
            assert now < end <= now + timedelta(hours=11)
            found.add(end)
        now += timedelta(minutes=15)
    walls = [end.astimezone(ZoneInfo(zone)) for end in sorted(found)]
    assert len({wall.date() for wall in walls}) == len(walls), "one end a night"
    assert 364 <= len(walls) <= 366
    odd = [wall for wall in walls if wall.strftime("%H:%M") != ends]
    # 02:30 isn't there in the night that skips it: the end is the moment it would have been.
    assert len(odd) <= (ends == "02:30")


def test_a_chat_is_told_in_the_language_of_the_workspace() -> None:
    moment = UtcDatetime(datetime(2027, 1, 4, 12, tzinfo=UTC))
    found = Post(
        id=PostId(uuid4()),
        plugin="slack",
        notice="assignment",
        times=1,
        unseen_hours=2,
        details={},
        state="waiting",
        attempts=0,
        created_at=moment,
        candidate="Ada Löw",
        candidate_id=uuid4(),
        job="Owl",
        job_id=uuid4(),
        actor=None,
        members=("Mia", "Tom"),
        due_at=moment,
    )
    german = message_of(found, "https://acme.example", "de", names=False)
    assert german.title == "Jemand wurde zugeteilt"
    assert german.text == "Owl\nSeit 2 Std. nicht angesehen: Mia, Tom."
    assert german.language == "de"
    english = message_of(found, "https://acme.example", "en", names=True)
    assert english.title == "Ada Löw was assigned"
    assert english.text == "Owl\nNot looked at for 2 h: Mia, Tom."
