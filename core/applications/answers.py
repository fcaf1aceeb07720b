"""Whether answers fit the questions of a job."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from core.applications.contracts import Answer
from core.jobs.contracts import Question, QuestionId
from core.shared.errors import FieldError, InvalidInput
from core.shared.text import TEXT

MAX_TEXT: Final = {"text": 500, "long_text": 10_000}


def check_answers(questions: Sequence[Question], answers: Mapping[QuestionId, Answer]) -> None:
    """Raise InvalidInput, naming each wrong answer as `answers.<question id>`."""
    known = {question.id for question in questions}
    wrong = [
        FieldError(f"answers.{question_id}", "The job has no such question.", "unknown_question")
        for question_id in answers
        if question_id not in known
    ]
    for question in questions:
        message = _flaw(question, answers.get(question.id))
        if message is not None:
            wrong.append(FieldError(f"answers.{question.id}", message))
    if wrong:
        raise InvalidInput(*wrong)


def _flaw(question: Question, answer: Answer | None) -> str | None:
    if answer is None or answer == "":
        return "This question needs an answer." if question.required else None
    if question.kind == "yes_no":
        return None if isinstance(answer, bool) else "Answer true or false."
    if question.kind == "number":
        is_number = isinstance(answer, int | float) and not isinstance(answer, bool)
        return None if is_number else "Answer with a number."
    return _text_flaw(question, answer) if isinstance(answer, str) else "Answer with text."


def _text_flaw(question: Question, answer: str) -> str | None:
    if question.kind == "choice":
        options = ", ".join(question.options)
        return None if answer in question.options else f"Choose one of: {options}."
    limit = MAX_TEXT[question.kind]
    if len(answer) > limit:
        return f"At most {limit} characters."
    return None if re.match(TEXT, answer) else "The text holds a character that can't be kept."
