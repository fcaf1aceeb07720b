"""Taking a report from outside: the signature first, then once and never over a newer change."""

import hashlib
from typing import Final, cast
from uuid import UUID

from core.applications.contracts import ApplicationId, RejectionReason, WithdrawalReason
from core.ports.secrets import Secrets
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.errors import FieldError, Forbidden, InvalidInput
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.secret import Secret
from core.shared.usecase import handles
from core.status.contracts.reports import (
    AdmitReport,
    AdmittedReport,
    ReportId,
    ReportReceived,
    TakeReport,
)
from core.status.contracts.sources import SourceId, Target
from core.status.errors import ReportIdTaken, ReportRefused
from core.status.events import StatusReported
from core.status.model import Decision, Place, Source, decide, word_key
from core.status.ports import NewReport, Reports, SourceQueries, Transitions
from core.status.signatures import (
    PREFIX,
    is_fresh,
    is_signed,
    read_id,
    read_signatures,
    read_timestamp,
)
from core.status.sources import place_of_previous, place_of_secret

_NOBODYS: Final = Secret(f"{PREFIX}{'A' * 44}")
"""Compared with where there is no source, so that this takes as long as a wrong signature."""
_LONGEST_REASON: Final = 2_000
_CHANGES: Final = frozenset({"moved", "rejected", "withdrawn"})


@handles(AdmitReport, action=None)
async def admit_report(
    query: AdmitReport, *, sources: SourceQueries, secrets: Secrets, clock: Clock
) -> AdmittedReport:
    """Return whose report it is. Nothing of the body is read before its signature is right."""
    webhook_id = read_id(query.webhook_id)
    timestamp = read_timestamp(query.timestamp)
    codes = read_signatures(query.signatures)
    now = clock.now()
    source_id = _source_id(query.source_id)
    source = None if source_id is None else await sources.reporting(source_id)
    keys = [_NOBODYS] if source is None else await _keys(source, secrets, now)
    is_right = is_signed(keys, webhook_id, timestamp, query.body, codes)
    if source is None or not is_right or not is_fresh(timestamp, now):
        raise ReportRefused(ReportRefused.TEXT)
    return AdmittedReport(
        source_id=source.id,
        source_name=source.name,
        webhook_id=webhook_id,
        body_hash=hashlib.sha256(query.body).digest(),
    )


@handles(TakeReport, action=Action.MOVE_APPLICATION)
async def take_report(
    command: TakeReport,
    *,
    actor: Actor,
    reports: Reports,
    transitions: Transitions,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> ReportReceived:
    """Do what it stands for; the same delivery again is answered as the first time."""
    admitted, data = command.admitted, command.report.data
    if actor.kind != "source" or actor.id != admitted.source_id:
        raise Forbidden("Statuses are reported by a source, with its signature.")
    source = await reports.hold(admitted.source_id, admitted.webhook_id)
    if source is None:
        raise ReportRefused(ReportRefused.TEXT)
    known = await reports.known(admitted.source_id, admitted.webhook_id)
    if known is not None:
        if known.body_hash != admitted.body_hash:
            raise ReportIdTaken("This webhook-id came before with another body. Use a new id.")
        return known.answer
    application_id = ApplicationId(data.application_id)
    place = await transitions.place(application_id)
    if place is None:
        raise InvalidInput(
            FieldError("data.application_id", "There is no such application.", "unknown")
        )
    target = source.mapping.get(word_key(data.status))
    decision = decide(data, target, place)
    if decision.outcome in _CHANGES and target is not None:
        said = f"{source.name}: {data.status}" + (f"\n{data.note}" if data.note else "")
        await _act(transitions, place, target, decision, said[:_LONGEST_REASON])
    after = await transitions.place(application_id) or place
    answer = ReportReceived(
        id=ReportId(ids.new()),
        application_id=application_id,
        outcome=decision.outcome,
        stage_id=after.stage_id,
        stage=after.stage,
        disposition=after.disposition,
        application_version=after.version,
    )
    await reports.add(
        NewReport(
            source_id=admitted.source_id,
            webhook_id=admitted.webhook_id,
            body_hash=admitted.body_hash,
            report=command.report,
            outcome=decision.outcome,
            change_id=after.change_id if decision.outcome in _CHANGES else None,
            received_at=clock.now(),
            answer=answer,
        )
    )
    recorder.record(
        StatusReported(
            aggregate_id=application_id,
            report_id=answer.id,
            source_id=admitted.source_id,
            state=decision.outcome,
        ),
        after={"status": data.status, "outcome": decision.outcome},
    )
    return answer


async def _act(
    transitions: Transitions, place: Place, target: Target, decision: Decision, said: str
) -> None:
    if decision.to_stage_id is not None:
        await transitions.move(place, decision.to_stage_id, said)
    elif decision.outcome == "rejected":
        await transitions.reject(place, cast("RejectionReason", target.reason), said)
    else:
        await transitions.withdraw(place, cast("WithdrawalReason", target.reason), said)


async def _keys(source: Source, secrets: Secrets, now: UtcDatetime) -> list[Secret]:
    keys = [await secrets.open(place_of_secret(source.id), source.secret)]
    until = source.previous_until
    if source.previous_secret is not None and until is not None and now < until:
        keys.append(await secrets.open(place_of_previous(source.id), source.previous_secret))
    return keys


def _source_id(text: str) -> SourceId | None:
    try:
        return SourceId(UUID(text))
    except ValueError:
        return None
