"""Finds applications of which nobody was told anything for long. Workers run it hourly.

Silence is an occasion of its own: a rule reacts to it once, and what rules do because of it doesn't
end it. What had been silent when a rule was made stays so.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from core.applications.contracts import ApplicationId
from core.automations.contracts import LookForSilence
from core.automations.definition import WhenNoAnswer
from core.automations.own import OwnRule, occasion_of_silence
from core.automations.planning import Happening, react_by
from core.automations.ports import Desk, Silence
from core.automations.rules import Occasion
from core.shared.clock import UtcDatetime
from core.shared.permissions import Action
from core.shared.usecase import handles

_BATCH: Final = 500
OCCASION: Final = Occasion("no_answer")


@handles(LookForSilence, action=Action.MANAGE_TENANT)
async def look_for_silence(_command: LookForSilence, *, desk: Desk) -> None:
    """Let each rule about silence react to what has been silent for long enough since it holds."""
    for rule in await desk.own.all("no_answer"):
        definition = rule.definition
        if not rule.enabled or definition is None or not isinstance(definition.when, WhenNoAnswer):
            continue
        days = timedelta(days=definition.when.days)
        async for silence in _silences(desk, rule, days):
            standing = await desk.steps.standing(silence.application_id)
            if standing is None or not rule.is_for(standing.job_id, OCCASION):
                continue
            # A mail that turns out to have failed makes a silence longer, not another one.
            since = UtcDatetime(silence.since)
            if await desk.steps.has_reacted(silence.application_id, rule.key, since):
                continue
            happening = Happening(
                OCCASION,
                occasion_of_silence(silence.application_id, silence.since),
                UtcDatetime(silence.since + days),
            )
            await react_by(desk, rule, standing, happening)


async def _silences(desk: Desk, rule: OwnRule, days: timedelta) -> AsyncIterator[Silence]:
    after: ApplicationId | None = None
    until = desk.clock.now() - days
    while True:
        found = await desk.known.silent(rule.active_since - days, until, rule.job_id, after, _BATCH)
        for each in found:
            yield each
        if len(found) < _BATCH:
            return
        after = found[-1].application_id
