"""What a rule would have done lately: the dry run that an admin sees before and after saving it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from core.automations.checking import require_sound
from core.automations.contracts import DryRun, DryRunItem, RuleId, TryRule
from core.automations.definition import (
    RuleDefinition,
    SendMail,
    WhenNoAnswer,
    WhenStageReached,
)
from core.automations.facts import OF_JOBS, Facts, first_that_fails, holds_of_job
from core.automations.own import OwnRule, trigger_of
from core.automations.planning import NOT_APPLIED
from core.automations.ports import ApplicationsKnown, OwnRules, Past
from core.automations.rules import Occasion
from core.jobs.contracts import JobId
from core.shared.clock import Clock, UtcDatetime
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.usecase import handles

DAYS: Final = 30
SHOWN: Final = 50
MOST: Final = 1_000
READ: Final = 2_000
"""Of what happened in that time and the rule is about, whose applications are looked at."""

MOVES: Final = 5_000
"""Of moves to any stage, among which those that the rule is about are looked for."""

_LEAST: Final = 100
"""Of them at once; more while more are missing until there is enough to tell."""


@handles(TryRule, action=Action.MANAGE_TENANT)
async def try_rule(
    command: TryRule, *, own: OwnRules, known: ApplicationsKnown, clock: Clock, ids: Ids
) -> DryRun:
    """Return what would have been done, to whom and because of what. Changes nothing.

    What happened is history; whether conditions held is told from how applications stand now.
    """
    definition, now = command.definition, clock.now()
    await require_sound(definition, command.job_id, own)
    rule = _rule(definition, command.job_id, RuleId(ids.new()), now)
    jobs = await _jobs(definition, command.job_id, known)
    limit = MOVES if isinstance(definition.when, WhenStageReached) else READ
    happened = await _past(definition, jobs, known, now, limit)
    meant = [each for each in happened if rule.is_for(each.job_id, each.occasion)]
    items: list[DryRunItem] = []
    count = looked_at = 0
    while looked_at < min(len(meant), READ) and count <= MOST:
        end = looked_at + max(MOST + 1 - count, _LEAST)
        batch = meant[looked_at : min(end, READ)]
        looked_at += len(batch)
        facts = await known.facts(list({each.application_id: None for each in batch}))
        for each in batch:
            found = facts.get(each.application_id)
            if found is None or not _would_act(definition, found, now):
                continue
            count += 1
            if len(items) < SHOWN:
                items.append(_item(each, found))
    return DryRun(
        days=DAYS,
        count=min(count, MOST + 1),
        is_whole=count > MOST or (looked_at == len(meant) and len(happened) < limit),
        items=tuple(items),
    )


async def _jobs(
    definition: RuleDefinition, job_id: JobId | None, known: ApplicationsKnown
) -> frozenset[JobId] | None:
    """Return the jobs that it can be about, so that the others' history isn't read; None: all."""
    conditions = [each for each in definition.conditions if isinstance(each, OF_JOBS)]
    if not conditions:
        return None if job_id is None else frozenset({job_id})
    return frozenset(
        job.job_id
        for job in await known.jobs()
        if job_id in {None, job.job_id} and all(holds_of_job(each, job) for each in conditions)
    )


async def _past(
    definition: RuleDefinition,
    jobs: frozenset[JobId] | None,
    known: ApplicationsKnown,
    now: UtcDatetime,
    limit: int,
) -> Sequence[Past]:
    if jobs is not None and not jobs:
        return ()
    since = now - timedelta(days=DAYS)
    if not isinstance(definition.when, WhenNoAnswer):
        return await known.past(trigger_of(definition), since, jobs, limit)
    days = timedelta(days=definition.when.days)
    found = await known.fallen_silent(since - days, now - days, jobs, limit)
    return [
        Past(each.application_id, each.job_id, each.at + days, Occasion("no_answer"))
        for each in found
    ]


def _would_act(definition: RuleDefinition, facts: Facts, now: UtcDatetime) -> bool:
    if first_that_fails(definition.conditions, facts, now) is not None:
        return False
    if not isinstance(definition.action, SendMail):
        return True
    return facts.address is not None and facts.source not in NOT_APPLIED


def _item(past: Past, facts: Facts) -> DryRunItem:
    return DryRunItem(
        application_id=facts.application_id,
        candidate_id=facts.candidate_id,
        to_name=facts.candidate_name,
        to_address=facts.address,
        job_title=facts.job_title,
        at=past.at,
        stage=past.occasion.stage_name or None,
    )


def _rule(
    definition: RuleDefinition, job_id: JobId | None, rule_id: RuleId, now: UtcDatetime
) -> OwnRule:
    return OwnRule(
        id=rule_id,
        job_id=job_id,
        name=definition.name,
        trigger=trigger_of(definition),
        enabled=True,
        definition=definition,
        active_since=now,
    )
