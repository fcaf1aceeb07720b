"""The rules of a pipeline: which stages make one, and what every tenant starts with."""

from collections.abc import Sequence
from typing import Final

from core.jobs.contracts import DefaultStage, StageSpec
from core.shared.errors import FieldError, InvalidInput

MAX_STAGES: Final = 20

STARTING_STAGES: Final = (
    DefaultStage("Applied", "applied", 3),
    DefaultStage("Reviewed", "in_progress", 5),
    DefaultStage("Shortlisted", "in_progress", 7),
    DefaultStage("Interview", "in_progress", 14),
    DefaultStage("Offer", "offer", 7),
    DefaultStage("Hired", "hired"),
)
"""Rejected and Withdrawn are no stages but dispositions, so that the stage reached isn't lost."""


def check_stages(stages: Sequence[StageSpec | DefaultStage]) -> None:
    """Raise InvalidInput, naming each wrong stage, unless `stages` make a pipeline.

    One begins with its only `applied` stage, ends with its only `hired` stage, and has names that
    differ. Public names needn't: several steps inside may be one to applicants.
    """
    wrong: list[FieldError] = []
    if not 2 <= len(stages) <= MAX_STAGES:
        wrong.append(FieldError("stages", f"A pipeline has between 2 and {MAX_STAGES} stages."))
    last = len(stages) - 1
    names: set[str] = set()
    for place, stage in enumerate(stages):
        field = f"stages[{place}]"
        name = stage.name.strip().casefold()
        if not name:
            wrong.append(FieldError(f"{field}.name", "A stage needs a name."))
        elif name in names:
            wrong.append(FieldError(f"{field}.name", "Another stage has this name."))
        names.add(name)
        if stage.public_name is not None and not stage.public_name.strip():
            message = "Write what applicants read, or leave it out."
            wrong.append(FieldError(f"{field}.public_name", message))
        if (stage.kind == "applied") != (place == 0):
            wrong.append(
                FieldError(f"{field}.kind", "The first stage, and only it, is of the kind applied.")
            )
        if (stage.kind == "hired") != (place == last):
            wrong.append(
                FieldError(f"{field}.kind", "The last stage, and only it, is of the kind hired.")
            )
    if wrong:
        raise InvalidInput(*wrong)


def public_name_of(stage: StageSpec | DefaultStage) -> str | None:
    """Return what applicants read, if that isn't the stage's own name."""
    return None if stage.public_name is None else stage.public_name.strip()
