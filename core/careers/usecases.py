"""Applying and withdrawing on the careers site; the scope runs these by the type of the request.

Strangers run them, so they ask for no permission. What an applicant writes never changes what is
known of a candidate: an e-mail address in a form proves nothing.
"""

from core.careers.contracts import Apply, Receipt, WithdrawByLink
from core.careers.errors import LinkNotFound
from core.careers.events import SubmissionReceived, SubmissionWithdrawn
from core.careers.model import Submission
from core.careers.ports import Applicants, FormSeals, Notices, Submissions
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.usecase import handles
from core.tenancy.contracts import Quotas

UNEXPLAINED = "Withdrawn on the careers site, without a reason."
UNPROVEN = (
    "Someone who applied again with this candidate's e-mail address withdrew on the careers site. "
    "The first application is as it was: ask the candidate before you act on it."
)


@handles(Apply, action=None)
async def apply(
    command: Apply,
    *,
    applicants: Applicants,
    submissions: Submissions,
    notices: Notices,
    seals: FormSeals,
    quotas: Quotas,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> Receipt:
    """Make candidate, application and file in one transaction.

    The same form sent twice is one submission. An address that has an active application for the
    job gets no second one; the answer is the same, so that it tells nobody who has applied. For the
    same reason a plan without room for another candidate refuses everybody's form.
    """
    job_id = command.form.job_id
    await applicants.require_open(job_id)
    present = await notices.present()
    version = present.version if present else 0
    flaws = list(await applicants.flaws(command))
    if command.notice_version != version:
        flaws.append(_notice_flaw(command.notice_version))
    if flaws:
        raise InvalidInput(*flaws)
    link = seals.link(command.form.form_id, job_id, command.email.strip().casefold())
    link_hash = seals.link_hash(link)
    await submissions.hold(command.email)
    if await submissions.by_link(link_hash) is not None:
        return Receipt(link)
    await quotas.require_room("candidates", 1)
    known = await submissions.known_applicant(command.email, job_id)
    candidate_id = known.candidate_id if known else await applicants.add(command)
    if command.resume is not None:
        await applicants.attach(candidate_id, command.resume)
    earlier = known.application_id if known else None
    application_id = earlier or await applicants.apply(candidate_id, command)
    now = clock.now()
    submission = Submission(
        id=ids.new(),
        application_id=application_id,
        link_hash=link_hash,
        full_name=command.full_name.strip(),
        email=command.email.strip(),
        phone=command.phone.strip() or None,
        is_repeated=earlier is not None,
        notice_version=version,
        agreed_at=now,
        received_at=now,
        form_id=command.form.form_id,
        language=command.language,
    )
    await submissions.add(submission)
    recorder.record(
        SubmissionReceived(
            aggregate_id=submission.id,
            application_id=application_id,
            notice_version=version,
            is_repeated=submission.is_repeated,
        ),
        after={"notice_version": version},
    )
    return Receipt(link)


@handles(WithdrawByLink, action=None)
async def withdraw_by_link(
    command: WithdrawByLink,
    *,
    applicants: Applicants,
    submissions: Submissions,
    seals: FormSeals,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """Withdraw once, however often it is asked for.

    The link of a repeated submission ends only that one and leaves the team a note: it may be in
    the hands of somebody who knows no more than the address.
    """
    submission = await submissions.by_link(seals.link_hash(command.link))
    if submission is None:
        raise LinkNotFound("This link opens nothing.")
    if submission.withdrawn_at is not None:
        return
    if submission.is_repeated:
        await applicants.note(submission.application_id, UNPROVEN)
    else:
        note = UNEXPLAINED if command.reason is None else None
        await applicants.withdraw(submission.application_id, command.reason or "other", note)
    submission.withdrawn_at = clock.now()
    await submissions.save(submission)
    recorder.record(
        SubmissionWithdrawn(
            aggregate_id=submission.id,
            application_id=submission.application_id,
            is_repeated=submission.is_repeated,
        )
    )


def _notice_flaw(agreed_to: int | None) -> FieldError:
    if agreed_to is None:
        return FieldError("notice", "Read the privacy notice and agree to it.", "required")
    message = "The privacy notice has changed since you opened this form. Read it again."
    return FieldError("notice", message, "privacy_notice_changed")
