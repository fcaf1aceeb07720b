"""Doing what a rule says when its time has come. Called by the handler, for what needs no waiting,
and by the task of what was planned.
"""

from core.automations.contracts import RuleView, SkipReason
from core.automations.events import StepEnded
from core.automations.model import Standing, Step
from core.automations.ports import Mail, Steps
from core.shared.clock import Clock
from core.shared.events import Recorder


async def run(
    step: Step,
    standing: Standing,
    rule: RuleView | None,
    *,
    steps: Steps,
    mail: Mail,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """Queue the mail, or say why there is none: much may have changed since it was planned."""
    misfit = await _misfit(step, standing, rule, mail)
    if misfit is None:
        message_id = await mail.write(step.template, step.application_id, step.interview_id)
        if message_id is None:
            step.skip("nothing_to_say", clock.now())
        else:
            step.done(message_id, clock.now())
    else:
        step.skip(misfit, clock.now())
    await end(step, steps, recorder)


async def end(step: Step, steps: Steps, recorder: Recorder) -> None:
    """Keep and record what became of a step."""
    await steps.save(step)
    recorder.record(
        StepEnded(
            aggregate_id=step.id,
            application_id=step.application_id,
            rule_key=step.rule_key,
            state=step.state,
            reason=step.reason,
        )
    )


async def _misfit(
    step: Step, standing: Standing, rule: RuleView | None, mail: Mail
) -> SkipReason | None:
    if rule is None or not rule.enabled:
        return "switched_off"
    misfit = step.misfit(standing)
    if misfit is not None:
        return misfit
    if not standing.has_address:
        return "no_address"
    return None if await mail.is_possible() else "nobody_sends"
