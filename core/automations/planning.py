"""From a rule to what it will do: which one applies, and the step that is planned for it. Called by
the handlers.
"""

from core.automations.contracts import RuleView
from core.automations.events import StepPlanned
from core.automations.model import Standing, Step
from core.automations.ports import Mail, RuleChanges, Steps
from core.automations.rules import Occasion, rule_that_applies, rules_for
from core.automations.running import end, run
from core.ports.tasks import Tasks
from core.shared.clock import Clock
from core.shared.events import Recorder


async def rule_for(
    standing: Standing, occasion: Occasion, rules: RuleChanges, mail: Mail
) -> RuleView | None:
    """Return the rule that applies, if there is anybody to write to and anything that sends."""
    known = rules_for(standing.job_id, await rules.changes(standing.job_id))
    rule = rule_that_applies(known, occasion)
    if rule is None or not standing.has_address or not await mail.is_possible():
        return None
    return rule


async def plan(
    step: Step,
    standing: Standing,
    rule: RuleView,
    *,
    steps: Steps,
    mail: Mail,
    tasks: Tasks,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """Keep the step and promise its task; what needs no waiting is done at once."""
    if step.misfit(standing) is not None or not await steps.add(step):
        return
    if rule.delay_minutes == 0:
        await run(step, standing, rule, steps=steps, mail=mail, clock=clock, recorder=recorder)
        return
    await tasks.schedule(
        "automation_step",
        {"step_id": step.id},
        run_at=step.due_at,
        unique_key=step.task_key,
    )
    recorder.record(
        StepPlanned(
            aggregate_id=step.id, application_id=step.application_id, rule_key=step.rule_key
        )
    )


async def drop(
    step: Step, standing: Standing, *, steps: Steps, tasks: Tasks, clock: Clock, recorder: Recorder
) -> None:
    """Skip a planned step that doesn't fit any more, and take its task back."""
    misfit = step.misfit(standing)
    if misfit is not None:
        await tasks.cancel(step.task_key)
        step.skip(misfit, clock.now())
        await end(step, steps, recorder)
