"""E-mail, escalation and limits: promised once, held, dropped, sent on, told once a month."""

from datetime import timedelta

import asyncpg
import pytest

from core.candidates.contracts import AddNote
from core.jobs.contracts import ChangeJobStatus, CreateJob
from core.notifications.contracts import (
    ChangeSettings,
    DigestTime,
    ListNotifications,
    MarkRead,
    MarkSeen,
    PruneNotifications,
    QuietHours,
    TypeChoice,
    TypeDefault,
)
from core.notifications.deliveries import DueMail, collect_due
from core.shared.actor import system
from plugins.postgres.notification_deliveries import PostgresMailDeliveries
from plugins.postgres.notifications import PostgresNotificationDesk
from plugins.postgres.tasks import PostgresTasks
from tenants.due_work import DueWork
from tenants.injection import Session
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.telling import (
    CHANNEL,
    admin,
    decide,
    enabled,
    given,
    hiring,
    nobody_mails,
    plugged,
    woken,
    worker,
)

__all__ = ["admin", "enabled", "hiring", "nobody_mails", "plugged", "worker"]


async def collected(hiring: Hiring, *, settle: bool = True) -> DueMail | None:
    """What the recruiter would be mailed now."""
    now = hiring.runtime.clock.now()

    async def work(session: Session) -> DueMail | None:
        kept = PostgresMailDeliveries(session.writer)
        found = await collect_due(
            hiring.tenant.members["recruiter"].member_id,
            desk=PostgresNotificationDesk(session.writer),
            deliveries=kept,
            tasks=PostgresTasks(session.writer, session.ids, "test"),
            now=now,
        )
        if found is not None and settle:
            await kept.settle([each.view.id for each in found.items], "sent", now)
        return found

    tenant = hiring.tenant.context
    scope = hiring.runtime.scope(tenant, system(tenant.id), "test-mail")
    found: list[DueMail | None] = []

    async def keep(session: Session) -> None:
        found.append(await work(session))

    await scope.run_in_transaction(keep)
    return found[0]


async def test_mail_is_promised_once_and_read_on_one_is_read_on_all(
    hiring: Hiring, worker: DueWork, admin: asyncpg.Connection, examined: Examined
) -> None:
    job = await hiring.open_job(title="Engineer")
    await given(hiring, job)
    await worker.run_due()
    found = await collected(hiring)
    assert found is not None
    (item,) = found.items
    assert (item.cadence, item.round) == ("at_once", 1)
    recruiter = hiring.tenant.members["recruiter"].member_id
    assert woken == [recruiter]
    assert item.view.title.endswith("was given to you")
    assert await collected(hiring) is None, "mailed once"

    await given(hiring, job)  # It grows, and is promised once more, an hour later.
    await worker.run_due()
    assert await collected(hiring) is None
    row = await admin.fetchrow(
        "SELECT state, round, due_at - now() > interval '50 minutes' AS later "
        "FROM notification_deliveries"
    )
    assert tuple(row) == ("waiting", 2, True)
    # Whoever was to mail it failed: the nightly housekeeping looks after it.
    woken.clear()
    long_ago = "UPDATE notification_deliveries SET due_at = now() - interval '2 hours'"
    await admin.execute(long_ago)
    tenant = hiring.tenant.context
    keeper = hiring.runtime.scope(tenant, system(tenant.id), "test-housekeeping")
    await keeper.execute(PruneNotifications())
    assert woken == [recruiter]
    await hiring.scope().execute(MarkRead())
    assert await collected(hiring) is None
    assert await admin.fetchval("SELECT state FROM notification_deliveries") == "dropped"
    examined("promises", 2)


async def test_without_the_unique_row_two_are_sent(
    hiring: Hiring, worker: DueWork, admin: asyncpg.Connection, examined: Examined
) -> None:
    """The planted defect: a promise that is kept twice, as when its transaction is repeated."""
    await given(hiring)
    await worker.run_due()
    copy = (
        "INSERT INTO notification_deliveries SELECT tenant_id, notification_id, channel, "
        "member_id, cadence, due_at, state, round, settled_at FROM notification_deliveries"
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        await admin.execute(copy)
    key = "pk_notification_deliveries"
    await admin.execute(f"ALTER TABLE notification_deliveries DROP CONSTRAINT {key}")
    try:
        await admin.execute(copy)
        found = await collected(hiring)
    finally:
        await admin.execute("DELETE FROM notification_deliveries")
        await admin.execute(
            f"ALTER TABLE notification_deliveries ADD CONSTRAINT {key} "
            "PRIMARY KEY (tenant_id, notification_id, channel)"
        )
    assert found is not None
    assert len(found.items) == 2
    examined("mails with the defect", 2)


async def test_quiet_hours_and_digests_hold_and_choices_are_kept(
    hiring: Hiring, worker: DueWork, admin: asyncpg.Connection
) -> None:
    now = hiring.runtime.clock.now()
    hours = QuietHours(
        starts=(now - timedelta(hours=1)).strftime("%H:%M"),
        ends=(now + timedelta(hours=2)).strftime("%H:%M"),
        zone="UTC",
    )
    later = (now + timedelta(hours=4)).hour
    settings = await hiring.scope().execute(
        ChangeSettings(
            types=(TypeChoice("application_note", email="daily"),),
            quiet_hours=hours,
            digest=DigestTime(hour=later, weekday="fri"),
        )
    )
    assert settings.digest_zone == "UTC"
    application = await given(hiring)
    await worker.run_due()
    note = AddNote(candidate_id=application.candidate_id, text="Hello")
    await hiring.scope("admin").execute(note)
    await worker.run_due()
    due = dict(await admin.fetch("SELECT cadence, due_at FROM notification_deliveries"))
    assert due["at_once"].strftime("%H:%M") == hours.ends
    assert (due["daily"].hour, due["daily"].minute) == (later, 0)
    # It comes due, and quiet hours have begun meanwhile: it waits, and isn't dropped.
    await admin.execute("UPDATE notification_deliveries SET due_at = now() - interval '1 minute'")
    assert await collected(hiring) is None
    states = await admin.fetch("SELECT state, due_at > now() FROM notification_deliveries")
    assert [tuple(each) for each in states] == [("waiting", True)] * 2
    # Who wants no more of it gets none of what waits.
    await hiring.scope().execute(
        ChangeSettings(types=(TypeChoice("assignment", email="off"),), quiet_hours=None)
    )
    await admin.execute("UPDATE notification_deliveries SET due_at = now() - interval '1 minute'")
    found = await collected(hiring)
    assert found is not None
    assert [each.view.type for each in found.items] == ["application_note"]


async def test_what_nobody_looks_at_goes_on_once(
    hiring: Hiring, worker: DueWork, admin: asyncpg.Connection, examined: Examined
) -> None:
    await decide(
        hiring,
        types=(TypeDefault("assignment", email="weekly"),),
        escalate_after_hours=4,
        chat_escalations=True,
    )
    await given(hiring)
    await given(hiring)
    await worker.run_due()
    assert await collected(hiring) is None, "a week is long"
    pending = await admin.fetch(
        "SELECT payload ->> 'channel' AS channel, run_at - now() > interval '3 hours' AS later "
        "FROM tasks WHERE kind = 'escalate_notification'"
    )
    assert [tuple(each) for each in pending] == [("email", True)] * 2
    (first, _) = (await hiring.scope().ask(ListNotifications())).items
    await hiring.scope().execute(MarkRead(ids=(first.id,)))
    left = "SELECT count(*) FROM tasks WHERE kind = 'escalate_notification'"
    assert await admin.fetchval(left) == 1, "reading takes it back"

    soon = "UPDATE tasks SET run_at = now() WHERE kind = 'escalate_notification'"
    await admin.execute(soon)
    await worker.run_due()
    found = await collected(hiring)
    assert found is not None
    assert [each.cadence for each in found.items] == ["at_once"]
    assert CHANNEL.posted == []
    await admin.execute(soon)
    await worker.run_due()
    await worker.run_due()
    (told,) = CHANNEL.posted
    assert "Not looked at for 1 h: Recruiter of Acme." in told.text
    assert told.title == "Somebody was assigned"
    await admin.execute("UPDATE tasks SET run_at = now()")
    await worker.run_due()
    assert len(CHANNEL.posted) == 1
    assert await collected(hiring) is None

    await given(hiring)
    await worker.run_due()
    await hiring.scope().execute(MarkSeen())
    open_tasks = f"{left} AND finished_at IS NULL"
    assert await admin.fetchval(open_tasks) == 0, "seeing takes it back as well"
    # Members may wait longer or not at all.
    await hiring.scope().execute(ChangeSettings(escalate_after_hours=0))
    await given(hiring)
    await worker.run_due()
    assert await admin.fetchval(open_tasks) == 0
    examined("escalations", 3)


async def test_admins_are_told_of_limits_once_a_month(
    hiring: Hiring, worker: DueWork, admin: asyncpg.Connection, examined: Examined
) -> None:
    limit = 100  # open jobs of the plan Pro
    used = "INSERT INTO quota_usage VALUES ($1, 'open_jobs', $2) ON CONFLICT (tenant_id, quota) DO UPDATE SET used = $2"  # noqa: E501
    tenant_id = hiring.tenant.context.id

    async def told_after(before: int) -> list[str]:
        await admin.execute(used, tenant_id, before)
        # By the admin, who doesn't know of it either.
        job = await hiring.scope("admin").execute(CreateJob(title="Engineer"))
        await hiring.scope("admin").execute(ChangeJobStatus(job_id=job.id, status="open"))
        await worker.run_due()
        found = await hiring.scope("admin").ask(ListNotifications(type="quota"))
        return [f"{each.title} ({each.message})" for each in found.items]

    assert await told_after(78) == []
    near = f"Four fifths of your plan are used: Open jobs (80 of {limit})"
    assert await told_after(79) == [near]
    assert await told_after(85) == [near], "once"
    full = f"Your plan allows no more: Open jobs ({limit} of {limit})"
    assert await told_after(99) == [full, near]
    await admin.execute("UPDATE quota_marks SET period = '2001-01'")
    assert len(await told_after(90)) == 3, "again in another month"
    recruiter = await hiring.scope().ask(ListNotifications())
    assert [each for each in recruiter.items if each.type == "quota"] == []
    await admin.execute("DELETE FROM quota_usage WHERE quota = 'open_jobs'")
    examined("thresholds", 5)
