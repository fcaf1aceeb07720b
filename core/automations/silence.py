"""Finds applications whose candidates have heard nothing for long. Workers run it hourly.

Silence is an occasion of its own: a rule reacts to it once, and what rules do because of it doesn't
end it, as `last_words_v1` has it. What had been silent when a rule was made stays so.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from core.applications.contracts import ApplicationId
from core.automations.contracts import LookForSilence
from core.automations.definition import WhenNoAnswer
from core.automations.facts import first_that_fails
from core.automations.own import OwnRule, occasion_of_silence
from core.automations.planning import Happening, react_by
from core.automations.ports import Desk, Silence
from core.automations.rules import Occasion
from core.shared.clock import UtcDatetime
from core.shared.permissions import Action
from core.shared.usecase import handles

MOST_AT_ONCE: Final = 500
"""Reactions of one rule in one run: the rest follows in the next, an hour later."""

OCCASION: Final = Occasion("no_answer")
_BATCH: Final = 5_000


@handles(LookForSilence, action=Action.MANAGE_TENANT)
async def look_for_silence(_command: LookForSilence, *, desk: Desk) -> None:
    """Let each rule about silence react to what has been silent for long enough since it holds."""
    for rule in await desk.own.all("no_answer"):
        definition = rule.definition
        if not rule.enabled or definition is None or not isinstance(definition.when, WhenNoAnswer):
            continue
        days, reactions = timedelta(days=definition.when.days), 0
        async for silence in _silences(desk, rule, days):
            reactions += await _react(desk, rule, silence, days)
            if reactions == MOST_AT_ONCE:
                break


async def _react(desk: Desk, rule: OwnRule, silence: Silence, days: timedelta) -> bool:
    standing = await desk.steps.standing(silence.application_id)
    if standing is None or not rule.is_for(standing.job_id, OCCASION):
        return False
    happening = Happening(
        OCCASION,
        occasion_of_silence(silence.application_id, silence.since),
        UtcDatetime(silence.since + days),
    )
    return await react_by(desk, rule, standing, happening)


async def _silences(desk: Desk, rule: OwnRule, days: timedelta) -> AsyncIterator[Silence]:
    """Yield those that the rule doesn't know and whose conditions hold.

    A mail that turns out to have failed makes a silence longer, not another one.
    """
    conditions = () if rule.definition is None else rule.definition.conditions
    since, until = rule.active_since - days, desk.clock.now() - days
    after: ApplicationId | None = None
    while True:
        found = await desk.known.silent(
            since, until, rule.job_id, after, _BATCH, unknown_to=rule.key
        )
        facts = await desk.known.facts([each.application_id for each in found])
        for each in found:
            known = facts.get(each.application_id)
            if known and first_that_fails(conditions, known, desk.clock.now()) is None:
                yield each
        if len(found) < _BATCH:
            return
        after = found[-1].application_id
