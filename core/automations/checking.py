"""What is wrong with a rule: as it is saved, by field; and later, when what it names is gone."""

from collections.abc import Iterator

import msgspec

from core.automations.contracts import Attention
from core.automations.definition import (
    WAITS_BY_ITSELF,
    AssignTo,
    IfAnswer,
    IfJob,
    IfStage,
    MoveTo,
    NotifyTeam,
    RuleDefinition,
    WhenStageReached,
    tag_of,
)
from core.automations.own import OwnRule
from core.automations.ports import OwnRules, Refs
from core.jobs.contracts import JobId, QuestionId, StageId
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import MemberId

_OF_INTERVIEWS = frozenset(
    {
        "interview_scheduled",
        "interview_rescheduled",
        "interview_cancelled",
        "interview_ahead",
        "feedback_missing",
    }
)
GONE = "It isn't there any more. Choose another."


async def require_sound(
    definition: RuleDefinition, job_id: JobId | None, rules: OwnRules, field: str = ""
) -> None:
    """Return when the rule can do what it says. Raises InvalidInput naming every wrong field."""
    wrong = list(_contradictions(definition, job_id))
    if not wrong:
        missing = await _missing(definition, job_id, rules)
        wrong = [FieldError(name, "There is none like that.", "not_found") for name in missing]
    if wrong:
        prefix = f"{field}." if field else ""
        raise InvalidInput(
            *(FieldError(prefix + each.field, each.message, each.code) for each in wrong)
        )


async def attention_of(rule: OwnRule, rules: OwnRules) -> tuple[Attention, ...]:
    """Return what a rule names that isn't there any more; it does nothing until it is changed."""
    if rule.definition is None:
        return (Attention("definition", "It can't be read any more.", "unreadable"),)
    missing = await _missing(rule.definition, rule.job_id, rules)
    return tuple(Attention(name, GONE) for name in missing)


def _contradictions(definition: RuleDefinition, job_id: JobId | None) -> Iterator[FieldError]:
    when, action = definition.when, definition.action
    trigger = tag_of(when)
    if trigger in WAITS_BY_ITSELF and definition.delay_minutes:
        yield FieldError("delay_minutes", "This trigger is a time itself: no delay goes with it.")
    if isinstance(when, WhenStageReached):
        yield from _one_stage("when", when, job_id)
    if isinstance(action, MoveTo):
        yield from _wrong_move(action, trigger, job_id)
    is_for_interviewers = isinstance(action, NotifyTeam) and action.who == "interviewers"
    if is_for_interviewers and trigger not in _OF_INTERVIEWS:
        yield FieldError("action.who", "Interviewers are told of interviews only.")
    for place, condition in enumerate(definition.conditions):
        if isinstance(condition, IfAnswer) and not (condition.question_id or condition.question):
            yield FieldError(
                f"conditions.{place}.question", "Name the question or its id.", "required"
            )


def _wrong_move(action: MoveTo, trigger: str, job_id: JobId | None) -> Iterator[FieldError]:
    if not action.moves_by_itself:
        message = "Say explicitly that applications move by themselves, or choose another."
        yield FieldError("action.moves_by_itself", message, "required")
    if action.stage_id is None and action.stage_name is None:
        yield FieldError("action.stage_name", "Name the stage to move to.", "required")
    yield from _one_stage("action", action, job_id)
    if trigger in {"rejected", "withdrawn", "hired"}:
        yield FieldError("action", "Only applications that are active can be moved.")


def _one_stage(
    field: str, part: WhenStageReached | MoveTo, job_id: JobId | None
) -> Iterator[FieldError]:
    if part.stage_id is not None and part.stage_name is not None:
        yield FieldError(f"{field}.stage_name", "Give the stage's id or its name, not both.")
    if part.stage_id is not None and job_id is None:
        message = "Stages have ids within a job: say for which job the rule is, or give a name."
        yield FieldError(f"{field}.stage_id", message)


class _Named(msgspec.Struct, frozen=True):
    """Something that a rule names, and in which field."""

    field: str
    stage: StageId | None = None
    stage_name: str | None = None
    member: MemberId | None = None
    job: JobId | None = None
    question: QuestionId | None = None

    def is_in(self, known: Refs) -> bool:
        return (
            (self.stage is None or self.stage in known.stages)
            and (self.stage_name is None or self.stage_name in known.stage_names)
            and (self.member is None or self.member in known.members)
            and (self.job is None or self.job in known.jobs)
            and (self.question is None or self.question in known.questions)
        )


async def _missing(definition: RuleDefinition, job_id: JobId | None, rules: OwnRules) -> list[str]:
    """Return the fields that name what isn't there."""
    named = [*_named_by_parts(definition), *_named_by_conditions(definition)]
    if not named:
        return []
    refs = Refs(
        stages=frozenset(each.stage for each in named if each.stage is not None),
        stage_names=frozenset(each.stage_name for each in named if each.stage_name is not None),
        members=frozenset(each.member for each in named if each.member is not None),
        jobs=frozenset(each.job for each in named if each.job is not None),
        questions=frozenset(each.question for each in named if each.question is not None),
    )
    known = await rules.known(refs, job_id)
    return list(dict.fromkeys(each.field for each in named if not each.is_in(known)))


def _named_by_parts(definition: RuleDefinition) -> Iterator[_Named]:
    when, action = definition.when, definition.action
    for field, part in (("when", when), ("action", action)):
        if isinstance(part, WhenStageReached | MoveTo):
            if part.stage_id is not None:
                yield _Named(f"{field}.stage_id", stage=part.stage_id)
            if part.stage_name is not None:
                yield _Named(f"{field}.stage_name", stage_name=part.stage_name)
    if isinstance(action, AssignTo):
        yield _Named("action.member_id", member=action.member_id)


def _named_by_conditions(definition: RuleDefinition) -> Iterator[_Named]:
    for place, condition in enumerate(definition.conditions):
        field = f"conditions.{place}"
        match condition:
            case IfJob(job_ids=jobs):
                yield from (_Named(f"{field}.job_ids", job=job) for job in jobs)
            case IfStage(stages=names):
                yield from (_Named(f"{field}.stages", stage_name=name) for name in names)
            case IfAnswer(question_id=question) if question is not None:
                yield _Named(f"{field}.question_id", question=question)
