"""The privacy notice: reading it and publishing a new version."""

from core.careers.contracts import (
    GetPrivacyNotice,
    ListPrivacyNotices,
    NoticeVersion,
    PrivacyNotice,
    PublishPrivacyNotice,
)
from core.careers.errors import NoticeChanged, NoticeNotFound
from core.careers.events import PrivacyNoticePublished
from core.careers.model import first_notice
from core.careers.ports import CareersQueries, Notices
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.tenant import TenantContext
from core.shared.usecase import handles


@handles(GetPrivacyNotice, action=Action.VIEW_TENANT)
async def get_privacy_notice(
    query: GetPrivacyNotice, *, tenant: TenantContext, careers: CareersQueries
) -> PrivacyNotice:
    """Return a version of the notice, or the present one."""
    return await notice_of(careers, tenant, query.version)


@handles(ListPrivacyNotices, action=Action.VIEW_TENANT)
async def list_privacy_notices(
    query: ListPrivacyNotices,  # noqa: ARG001 - the request has no fields
    *,
    careers: CareersQueries,
) -> tuple[NoticeVersion, ...]:
    """Return what was published, the newest first."""
    return await careers.notices()


@handles(PublishPrivacyNotice, action=Action.MANAGE_TENANT)
async def publish_privacy_notice(
    command: PublishPrivacyNotice,
    *,
    actor: Actor,
    notices: Notices,
    clock: Clock,
    recorder: Recorder,
) -> PrivacyNotice:
    """Publish the next version; the same text again is none."""
    text = command.text.strip()
    if not text:
        raise InvalidInput(FieldError("text", "Write something.", "required"))
    before = await notices.present()
    version = before.version if before else 0
    if command.expected_version not in {None, version}:
        raise NoticeChanged(
            "Somebody published another version after you opened this one. Load it again.",
            current_version=version,
        )
    if before is not None and before.text == text:
        return before
    notice = PrivacyNotice(text, version + 1, clock.now(), actor.member_id)
    await notices.add(notice)
    recorder.record(
        PrivacyNoticePublished(aggregate_id=actor.tenant_id, notice_version=notice.version),
        before=before,
        after=notice,
    )
    return notice


async def notice_of(
    careers: CareersQueries, tenant: TenantContext, version: int | None
) -> PrivacyNotice:
    """Return a version of the notice, or the present one. Raises NoticeNotFound."""
    found = None if version == 0 else await careers.notice(version)
    if found is not None:
        return found
    if version:
        raise NoticeNotFound("There is no such version of the privacy notice.")
    return PrivacyNotice(first_notice(tenant.name), 0, None, None)
