"""Rules: looking at all of them, and changing those that everybody starts with.

Switching one of a workspace's own on or off comes here as well.
"""

from msgspec import UNSET

from core.automations.checking import attention_of
from core.automations.contracts import ChangeRule, ListRules, ResetRule, Rules, RuleView, ShowRule
from core.automations.errors import RuleChanged, RuleIsOwn, RuleNotFound
from core.automations.events import AutomationChanged, AutomationReset
from core.automations.own_usecases import own_id, switch_own
from core.automations.ports import OwnRules, OwnRuleStore, RuleChanges, RuleStore
from core.automations.rules import Rule, RuleChange, default_rule, rules_for, view_of
from core.jobs.contracts import JobId
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(ListRules, action=Action.VIEW_TENANT)
async def list_rules(query: ListRules, *, rules: RuleChanges, own: OwnRules) -> Rules:
    """Return the rules as they hold."""
    defaults = rules_for(query.job_id, await rules.changes(query.job_id))
    theirs = [
        each.view(await attention_of(each, own))
        for each in await own.all()
        if query.job_id is None or each.job_id in {None, query.job_id}
    ]
    return Rules((*defaults, *theirs))


@handles(ShowRule, action=Action.VIEW_TENANT)
async def show_rule(query: ShowRule, *, rules: RuleChanges, own: OwnRules) -> RuleView:
    """Return one rule as it holds."""
    rule_id = own_id(query.key)
    if rule_id is not None:
        rule = await own.get(rule_id)
        if rule is None:
            raise RuleNotFound(RuleNotFound.TEXT)
        return rule.view(await attention_of(rule, own))
    known = rules_for(query.job_id, await rules.changes(query.job_id))
    return next(each for each in known if each.key == _rule(query.key).key)


@handles(ChangeRule, action=Action.MANAGE_TENANT)
async def change_rule(
    command: ChangeRule,
    *,
    actor: Actor,
    rules: RuleStore,
    own: OwnRuleStore,
    clock: Clock,
    recorder: Recorder,
) -> RuleView:
    """Keep what is changed, from how the rule holds now."""
    rule_id = own_id(command.key)
    if rule_id is not None:
        return await switch_own(command, rule_id, actor, own, clock, recorder)
    rule = _rule(command.key)
    kept = await rules.hold(command.key, command.job_id)
    version = 0 if kept is None else kept.version
    if command.expected_version not in {None, version}:
        raise RuleChanged(
            "Somebody changed this automation after you opened it. Load it again.",
            current_version=version,
        )
    before = view_of(rule, kept or await _inherited(rules, command.key, command.job_id))
    change = RuleChange(
        key=command.key,
        job_id=command.job_id,
        enabled=before.enabled if command.enabled is UNSET else command.enabled,
        delay_minutes=(
            before.delay_minutes if command.delay_minutes is UNSET else command.delay_minutes
        ),
        version=version,
    )
    after = view_of(rule, change)
    if kept is not None and (after.enabled, after.delay_minutes) == (
        kept.enabled,
        kept.delay_minutes,
    ):
        return view_of(rule, kept)
    change.version += 1
    await rules.keep(change, actor.member_id, clock.now())
    after = view_of(rule, change)
    recorder.record(
        AutomationChanged(aggregate_id=actor.tenant_id, key=command.key, job_id=command.job_id),
        before=before,
        after=after,
    )
    return after


@handles(ResetRule, action=Action.MANAGE_TENANT)
async def reset_rule(
    command: ResetRule, *, actor: Actor, rules: RuleStore, recorder: Recorder
) -> RuleView:
    """Forget what was changed."""
    if own_id(command.key) is not None:
        raise RuleIsOwn(RuleIsOwn.TEXT)
    rule = _rule(command.key)
    kept = await rules.hold(command.key, command.job_id)
    inherited = await _inherited(rules, command.key, command.job_id)
    after = view_of(rule, inherited)
    if kept is None:
        return after
    await rules.remove(command.key, command.job_id)
    recorder.record(
        AutomationReset(aggregate_id=actor.tenant_id, key=command.key, job_id=command.job_id),
        before=view_of(rule, kept),
        after=after,
    )
    return after


def _rule(key: str) -> Rule:
    rule = default_rule(key)
    if rule is None:
        raise RuleNotFound(RuleNotFound.TEXT)
    return rule


async def _inherited(rules: RuleChanges, key: str, job_id: JobId | None) -> RuleChange | None:
    """Return what holds for every job, for a rule that is changed for one."""
    if job_id is None:
        return None
    changes = await rules.changes(None)
    return next((each for each in changes if each.key == key), None)
