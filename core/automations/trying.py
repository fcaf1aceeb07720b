"""What a rule would have done lately: the dry run that an admin sees before and after saving it."""

from datetime import timedelta
from typing import Final

from core.automations.checking import require_sound
from core.automations.contracts import DryRun, DryRunItem, RuleId, TryRule
from core.automations.definition import (
    RuleDefinition,
    SendMail,
    WhenNoAnswer,
)
from core.automations.facts import first_that_fails
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
_LOOKED_AT: Final = 5_000
"""Of what happened in that time; more isn't read for a preview."""


@handles(TryRule, action=Action.MANAGE_TENANT)
async def try_rule(
    command: TryRule, *, own: OwnRules, known: ApplicationsKnown, clock: Clock, ids: Ids
) -> DryRun:
    """Return what would have been done, to whom and because of what. Changes nothing.

    What happened is history; whether conditions held is told from how applications stand now.
    """
    definition = command.definition
    await require_sound(definition, command.job_id, own)
    now = clock.now()
    rule = _rule(definition, command.job_id, RuleId(ids.new()), now)
    past = await _past(definition, command.job_id, known, now)
    facts = await known.facts(list({each.application_id for each in past}))
    items: list[DryRunItem] = []
    count = 0
    for each in past:
        found = facts.get(each.application_id)
        if found is None or not rule.is_for(found.job_id, each.occasion):
            continue
        if first_that_fails(definition.conditions, found, now) is not None:
            continue
        if isinstance(definition.action, SendMail) and (
            found.address is None or found.source in NOT_APPLIED
        ):
            continue
        count += 1
        if len(items) < SHOWN:
            items.append(
                DryRunItem(
                    application_id=found.application_id,
                    candidate_id=found.candidate_id,
                    to_name=found.candidate_name,
                    to_address=found.address,
                    job_title=found.job_title,
                    at=each.at,
                    stage=each.occasion.stage_name or None,
                )
            )
    return DryRun(days=DAYS, count=min(count, MOST + 1), items=tuple(items))


async def _past(
    definition: RuleDefinition, job_id: JobId | None, known: ApplicationsKnown, now: UtcDatetime
) -> list[Past]:
    since = now - timedelta(days=DAYS)
    if not isinstance(definition.when, WhenNoAnswer):
        return list(await known.past(trigger_of(definition), since, _LOOKED_AT))
    days = timedelta(days=definition.when.days)
    found = await known.silent(since - days, now - days, job_id, None, _LOOKED_AT)
    silences = [
        Past(each.application_id, each.since + days, Occasion("no_answer")) for each in found
    ]
    return sorted(silences, key=lambda each: each.at, reverse=True)


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
