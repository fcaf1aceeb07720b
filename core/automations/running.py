"""Doing what a rule says when its time has come. Called by the planning, for what needs no waiting,
by the task of what was planned, and by whoever wants it now.
"""

from typing import Final
from uuid import UUID

from core.automations.checking import attention_of
from core.automations.contracts import RuleId, SkipReason
from core.automations.definition import (
    AssignTo,
    MoveTo,
    NotifyTeam,
    PutTag,
    SendMail,
    WriteNote,
)
from core.automations.events import StepEnded, TeamNotified
from core.automations.facts import Facts, first_that_fails
from core.automations.model import Standing, Step
from core.automations.ports import Desk
from core.automations.rules import default_rule, rules_for
from core.shared.errors import DomainError, Unavailable
from core.shared.events import Cause

NOT_BY_ITSELF: Final = frozenset({"hired"})
"""Kinds of stages that no rule moves anybody to."""


async def run(desk: Desk, step: Step, standing: Standing) -> None:
    """Do it, or say why not: much may have changed since it was planned."""
    skipped = await _misfit(desk, step, standing) or await _act(desk, step, standing)
    if skipped is not None:
        step.skip(skipped, desk.clock.now())
    elif step.state == "planned":
        step.done(None, desk.clock.now())
    await end(desk, step)


async def end(desk: Desk, step: Step) -> None:
    """Keep and record what became of a step."""
    await desk.steps.save(step)
    desk.recorder.record(
        StepEnded(
            aggregate_id=step.id,
            application_id=step.application_id,
            rule_key=step.rule_key,
            state=step.state,
            reason=step.reason,
        )
    )


async def _misfit(desk: Desk, step: Step, standing: Standing) -> SkipReason | None:
    if step.action is None:
        changes = await desk.rules.changes(standing.job_id)
        known = rules_for(standing.job_id, changes) if default_rule(step.rule_key) else ()
        rule = next((each for each in known if each.key == step.rule_key), None)
        wrong: SkipReason | None = None if rule is not None and rule.enabled else "switched_off"
    else:
        wrong = await _misfit_of_own(desk, step)
    if wrong is not None:
        return wrong
    misfit = step.misfit(standing)
    if misfit is not None:
        return misfit
    if not isinstance(step.does, SendMail):
        return None
    if not standing.has_address:
        return "no_address"
    if await desk.mail.is_stopped(step.does.template, step.application_id):
        return "unsubscribed"
    return None if await desk.mail.is_possible() else "nobody_sends"


async def _misfit_of_own(desk: Desk, step: Step) -> SkipReason | None:
    rule = await desk.own.get(RuleId(UUID(step.rule_key)))
    if rule is None:
        return "deleted"
    if not rule.enabled:
        return "switched_off"
    facts = await _facts(desk, step)
    if rule.definition is None or facts is None or await attention_of(rule, desk.own):
        return "needs_attention"
    if step.trigger == "no_answer":
        told = await desk.known.last_word(step.application_id)
        if told is not None and told > step.happened_at:
            return "answered"
    failing = first_that_fails(rule.definition.conditions, facts, desk.clock.now())
    return None if failing is None else "conditions"


async def _act(desk: Desk, step: Step, standing: Standing) -> SkipReason | None:
    """Do it; return why nothing was done."""
    action = step.does
    if isinstance(action, SendMail):
        message_id = await desk.mail.write(action.template, step.application_id, step.interview_id)
        if message_id is None:
            return "nothing_to_say"
        step.done(message_id, desk.clock.now())
        return None
    facts = await _facts(desk, step)
    if facts is None or action is None:
        return "needs_attention"
    try:
        return await _change(desk, step, standing, facts)
    except Unavailable:
        raise
    except DomainError:
        return "refused"


async def _change(desk: Desk, step: Step, standing: Standing, facts: Facts) -> SkipReason | None:
    cause, name = Cause(step.id, step.depth), step.rule_name or ""
    match step.does:
        case NotifyTeam() as notice:
            return await _notify(desk, step, notice)
        case MoveTo() as move:
            return await _move(desk, step, standing, move, facts)
        case AssignTo(member_id=member_id):
            given = await desk.effects.assign(step.application_id, member_id, cause)
            return None if given else "as_it_is"
        case WriteNote(text=text):
            await desk.effects.note(facts.candidate_id, text, name)
        case PutTag(tag_name=tag):
            return None if await desk.effects.tag(facts.candidate_id, tag) else "as_it_is"
    return None


async def _notify(desk: Desk, step: Step, notice: NotifyTeam) -> SkipReason | None:
    members = await desk.known.to_tell(notice.who, step.application_id, step.interview_id)
    if not members:
        return "nobody_to_tell"
    desk.recorder.record(
        TeamNotified(
            aggregate_id=step.id,
            application_id=step.application_id,
            members=tuple(members),
            text=notice.text,
        )
    )
    return None


async def _move(
    desk: Desk, step: Step, standing: Standing, move: MoveTo, facts: Facts
) -> SkipReason | None:
    to = await desk.known.stage_of(standing.job_id, move.stage_id, move.stage_name)
    if to is None or not move.moves_by_itself or to[1] in NOT_BY_ITSELF:
        return "needs_attention"
    if to[0] == facts.stage_id:
        return "as_it_is"
    cause = Cause(step.id, step.depth)
    await desk.effects.move(step.application_id, facts.stage_id, to[0], step.rule_name or "", cause)
    return None


async def _facts(desk: Desk, step: Step) -> Facts | None:
    return (await desk.known.facts([step.application_id])).get(step.application_id)
