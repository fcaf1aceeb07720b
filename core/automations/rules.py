"""The rules that everybody starts with, and which of them apply when something happens.

What an employer would want: who applies hears that it arrived, who is to be interviewed hears so
once the move has stood for a moment, and who is rejected hears it after a while in which it can be
taken back. Other moves are the team's own business until somebody switches their rule on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from core.automations.contracts import Conditions, RuleKey, RuleView, Trigger
from core.jobs.contracts import JobId, StageId, StageKind
from core.templates.contracts import TemplateKind

INTERVIEW_WORDS: Final = ("interview", "gespräch", "entrevista", "entretien")
"""What stages are called in which candidates are talked with, in the languages of the templates."""


_WEEK: Final = 7 * 24 * 60


class Rule(msgspec.Struct, frozen=True):
    """A rule as everybody starts with it."""

    key: RuleKey
    name: str
    summary: str
    trigger: Trigger
    template: TemplateKind
    enabled: bool = False
    delay_minutes: int = 0
    conditions: Conditions = Conditions()
    stands_apart: bool = False
    """Whether it applies beside the first that fits, rather than instead of those behind it."""


DEFAULT_RULES: Final = (
    Rule(
        "application_received",
        "Confirm applications",
        "When somebody applies, they hear that their application has arrived.",
        "application_received",
        "application_received",
        enabled=True,
    ),
    Rule(
        "interview_reached",
        "Interview stage reached",
        'When an application reaches a stage with "interview" in its name, the candidate hears of '
        "it.",
        "stage_reached",
        "status_update",
        enabled=True,
        delay_minutes=2,  # a card that was dropped on the wrong column is back by then
        conditions=Conditions(stage_words=INTERVIEW_WORDS, stage_kinds=("in_progress",)),
    ),
    Rule(
        "offer_reached",
        "Offer stage reached",
        "When an application reaches the stage of offers, the candidate hears that an offer will "
        "come.",
        "stage_reached",
        "offer",
        delay_minutes=30,
        conditions=Conditions(stage_kinds=("offer",)),
    ),
    Rule(
        "stage_reached",
        "Any other stage reached",
        "When an application reaches another stage, the candidate hears of it.",
        "stage_reached",
        "status_update",
        delay_minutes=15,
        conditions=Conditions(stage_kinds=("in_progress",)),
    ),
    Rule(
        "interview_scheduled",
        "Interview scheduled",
        "When an interview is scheduled, the candidate hears when and where it is.",
        "interview_scheduled",
        "interview_invitation",
        enabled=True,
        delay_minutes=5,
    ),
    Rule(
        "interview_rescheduled",
        "Interview rescheduled",
        "When an interview gets another time or place, the candidate hears of it.",
        "interview_rescheduled",
        "rescheduled",
        enabled=True,
        delay_minutes=5,
    ),
    Rule(
        "interview_cancelled",
        "Interview cancelled",
        "When an interview is cancelled, the candidate hears that it won't take place.",
        "interview_cancelled",
        "cancelled",
        enabled=True,
        delay_minutes=5,
    ),
    Rule(
        "interview_reminder",
        "Interview reminder",
        "A while before an interview, the candidate is reminded of it.",
        "interview_ahead",
        "interview_reminder",
        enabled=True,
        delay_minutes=24 * 60,
    ),
    Rule(
        "hired",
        "Hired",
        "When somebody is hired, they hear that their application has come to the last stage.",
        "hired",
        "status_update",
        delay_minutes=30,
    ),
    Rule(
        "rejected",
        "Rejection",
        "When an application is rejected, the candidate hears of it after a while, in which it can "
        "be taken back. Duplicates hear nothing.",
        "rejected",
        "rejection",
        enabled=True,
        delay_minutes=30,
        conditions=Conditions(except_reasons=("duplicate",)),
    ),
    Rule(
        "survey_hired",
        "Survey after a hire",
        "Some days after somebody was hired, they are asked how they found it. The address of your "
        "survey is part of the branding.",
        "hired",
        "survey",
        delay_minutes=_WEEK,
        stands_apart=True,
    ),
    Rule(
        "survey_rejected",
        "Survey after a rejection",
        "Some days after an application was rejected, the candidate is asked how they found it. "
        "The address of your survey is part of the branding. Duplicates are asked nothing.",
        "rejected",
        "survey",
        delay_minutes=_WEEK,
        conditions=Conditions(except_reasons=("duplicate",)),
        stands_apart=True,
    ),
)
"""In the order in which they are tried; of those with the same trigger the first that applies, and
each that stands apart."""

_APART: Final = frozenset(each.key for each in DEFAULT_RULES if each.stands_apart)


@dataclass
class RuleChange:
    """What a tenant changed of a rule, for every job or for one."""

    key: RuleKey
    job_id: JobId | None
    enabled: bool
    delay_minutes: int
    version: int = 0
    """0 until it is kept for the first time."""


class Occasion(msgspec.Struct, frozen=True):
    """Something that happened to an application, as far as rules look at it."""

    trigger: Trigger
    stage_name: str = ""
    stage_kind: StageKind | None = None
    reason: str | None = None
    stage_id: StageId | None = None


def default_rule(key: str) -> Rule | None:
    """Return the rule of that key as everybody starts with it."""
    return next((each for each in DEFAULT_RULES if each.key == key), None)


def rules_for(job_id: JobId | None, changes: Iterable[RuleChange]) -> tuple[RuleView, ...]:
    """Return the rules as they hold for a job: its own changes go before those for every job."""
    of_all: dict[str, RuleChange] = {}
    of_job: dict[str, RuleChange] = {}
    for each in changes:
        if each.job_id is None:
            of_all[each.key] = each
        elif each.job_id == job_id:
            of_job[each.key] = each
    return tuple(
        view_of(rule, of_job.get(rule.key) or of_all.get(rule.key)) for rule in DEFAULT_RULES
    )


def view_of(rule: Rule, change: RuleChange | None) -> RuleView:
    """Return a rule with what was changed of it."""
    return RuleView(
        key=rule.key,
        name=rule.name,
        summary=rule.summary,
        trigger=rule.trigger,
        conditions=rule.conditions,
        template=rule.template,
        delay_minutes=rule.delay_minutes if change is None else change.delay_minutes,
        enabled=rule.enabled if change is None else change.enabled,
        job_id=None if change is None else change.job_id,
        is_default=change is None
        or (change.enabled, change.delay_minutes) == (rule.enabled, rule.delay_minutes),
        version=0 if change is None else change.version,
    )


def rules_that_apply(rules: Sequence[RuleView], occasion: Occasion) -> tuple[RuleView, ...]:
    """Return the first rule for the occasion and those that stand apart, of which are switched on.

    One that is switched off still keeps the more general ones behind it from applying: who switches
    off the mail about interviews doesn't want the one about any stage instead.
    """
    fitting = [
        rule
        for rule in rules
        if rule.trigger == occasion.trigger and _holds(rule.conditions, occasion)
    ]
    first = [rule for rule in fitting if rule.key not in _APART][:1]
    apart = [rule for rule in fitting if rule.key in _APART]
    return tuple(rule for rule in (*first, *apart) if rule.enabled)


def _holds(conditions: Conditions, occasion: Occasion) -> bool:
    name = occasion.stage_name.casefold()
    if conditions.stage_kinds and occasion.stage_kind not in conditions.stage_kinds:
        return False
    if conditions.stage_words and not any(word in name for word in conditions.stage_words):
        return False
    return occasion.reason not in conditions.except_reasons


NAMES: Final[Mapping[str, str]] = {each.key: each.name for each in DEFAULT_RULES}
