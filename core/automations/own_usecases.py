"""Rules of a workspace's own: made, rewritten, switched, deleted; and what holds for all rules."""

from uuid import UUID

import msgspec
from msgspec import UNSET

from core.automations.checking import attention_of, require_sound
from core.automations.contracts import (
    MAX_OWN_RULES,
    AutomationSettings,
    ChangeAutomationSettings,
    ChangeRule,
    CreateRule,
    DeleteRule,
    RewriteRule,
    RuleId,
    RuleView,
    ShowAutomationSettings,
)
from core.automations.definition import WAITS_BY_ITSELF
from core.automations.errors import (
    RuleChanged,
    RuleIsDefault,
    RuleNotFound,
    SettingsChanged,
    TooManyRules,
)
from core.automations.events import (
    AutomationSettingsChanged,
    OwnRuleChanged,
    OwnRuleCreated,
    OwnRuleDeleted,
)
from core.automations.own import OwnRule, trigger_of
from core.automations.ports import OwnRules, OwnRuleStore
from core.automations.rules import default_rule
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(CreateRule, action=Action.MANAGE_TENANT)
async def create_rule(
    command: CreateRule,
    *,
    actor: Actor,
    rules: OwnRuleStore,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> RuleView:
    """Keep a rule; it holds for what happens from now on."""
    if await rules.count() >= MAX_OWN_RULES:
        raise TooManyRules(
            f"A workspace has at most {MAX_OWN_RULES} automations of its own. Delete one first.",
            most=MAX_OWN_RULES,
        )
    await require_sound(command.definition, command.job_id, rules)
    now = clock.now()
    rule = OwnRule(
        id=RuleId(ids.new()),
        job_id=command.job_id,
        name=command.definition.name,
        trigger=trigger_of(command.definition),
        enabled=command.enabled,
        definition=command.definition,
        active_since=now,
    )
    await rules.keep(rule, actor.member_id, now)
    view = rule.view()
    recorder.record(OwnRuleCreated(aggregate_id=rule.id, job_id=rule.job_id), after=view)
    return view


@handles(RewriteRule, action=Action.MANAGE_TENANT)
async def rewrite_rule(
    command: RewriteRule, *, actor: Actor, rules: OwnRuleStore, clock: Clock, recorder: Recorder
) -> RuleView:
    """Let a rule say something else; what it planned is looked at again when its time comes."""
    rule = await _held(command.key, command.expected_version, rules)
    await require_sound(command.definition, command.job_id, rules)
    before, now = rule.view(), clock.now()
    says_the_same = (rule.definition, rule.job_id) == (command.definition, command.job_id)
    if says_the_same and rule.enabled == command.enabled:
        return before
    if not says_the_same or (command.enabled and not rule.enabled):
        rule.active_since = now
    rule.definition, rule.job_id = command.definition, command.job_id
    rule.name, rule.trigger = command.definition.name, trigger_of(command.definition)
    rule.enabled = command.enabled
    rule.version += 1
    await rules.keep(rule, actor.member_id, now)
    recorder.record(
        OwnRuleChanged(aggregate_id=rule.id, job_id=rule.job_id), before=before, after=rule.view()
    )
    return rule.view()


@handles(DeleteRule, action=Action.MANAGE_TENANT)
async def delete_rule(command: DeleteRule, *, rules: OwnRuleStore, recorder: Recorder) -> None:
    """Forget a rule; what it planned is skipped when its time comes."""
    rule = await _held(command.key, command.expected_version, rules)
    await rules.delete(rule.id)
    recorder.record(OwnRuleDeleted(aggregate_id=rule.id, job_id=rule.job_id), before=rule.view())


@handles(ShowAutomationSettings, action=Action.VIEW_TENANT)
async def show_settings(_query: ShowAutomationSettings, *, rules: OwnRules) -> AutomationSettings:
    """Return what holds for every rule."""
    return await rules.settings()


@handles(ChangeAutomationSettings, action=Action.MANAGE_TENANT)
async def change_settings(
    command: ChangeAutomationSettings,
    *,
    actor: Actor,
    rules: OwnRuleStore,
    clock: Clock,
    recorder: Recorder,
) -> AutomationSettings:
    """Keep it; mails that wait already are held by the new hours when their time comes."""
    hours = command.quiet_hours
    if hours is not None and hours.starts == hours.ends:
        raise InvalidInput(
            FieldError("quiet_hours.ends", "Give another time than the one they begin at.")
        )
    before = await rules.settings()
    if command.expected_version not in {None, before.version}:
        raise SettingsChanged(
            "Somebody changed this after you opened it. Load it again.",
            current_version=before.version,
        )
    if before.quiet_hours == hours:
        return before
    after = AutomationSettings(hours, before.version + 1)
    await rules.keep_settings(after, actor.member_id, clock.now())
    recorder.record(
        AutomationSettingsChanged(aggregate_id=actor.tenant_id), before=before, after=after
    )
    return after


def own_id(key: str) -> RuleId | None:
    """Return the id that a key is, None when it is the name of a rule that everybody has."""
    try:
        return RuleId(UUID(key))
    except ValueError:
        return None


async def switch_own(
    command: ChangeRule,
    rule_id: RuleId,
    actor: Actor,
    rules: OwnRuleStore,
    clock: Clock,
    recorder: Recorder,
) -> RuleView:
    """Switch a rule of one's own on or off, or let it wait for another while."""
    rule = await _held(str(rule_id), command.expected_version, rules)
    before, now = rule.view(), clock.now()
    if command.job_id is not None and command.job_id != rule.job_id:
        raise InvalidInput(FieldError("job_id", "A rule of your own is for the job it names."))
    if command.delay_minutes is not UNSET and rule.definition is not None:
        if command.delay_minutes and rule.trigger in WAITS_BY_ITSELF:
            message = "This trigger is a time itself: no delay goes with it."
            raise InvalidInput(FieldError("delay_minutes", message))
        rule.definition = msgspec.structs.replace(
            rule.definition, delay_minutes=command.delay_minutes
        )
    if command.enabled is not UNSET and command.enabled != rule.enabled:
        rule.enabled = command.enabled
        rule.active_since = now if command.enabled else rule.active_since
    after = rule.view()
    if after != before:
        rule.version += 1
        after = rule.view()
        await rules.keep(rule, actor.member_id, now)
        recorder.record(
            OwnRuleChanged(aggregate_id=rule.id, job_id=rule.job_id), before=before, after=after
        )
    return msgspec.structs.replace(after, attention=await attention_of(rule, rules))


async def _held(key: str, expected_version: int | None, rules: OwnRuleStore) -> OwnRule:
    rule_id = own_id(key)
    if rule_id is None:
        if default_rule(key) is not None:
            raise RuleIsDefault(RuleIsDefault.TEXT)
        raise RuleNotFound(RuleNotFound.TEXT)
    rule = await rules.get_for_change(rule_id)
    if rule is None:
        raise RuleNotFound(RuleNotFound.TEXT)
    if expected_version not in {None, rule.version}:
        raise RuleChanged(
            "Somebody changed this automation after you opened it. Load it again.",
            current_version=rule.version,
        )
    return rule
