"""Which adapter stands behind each port of the interviews and the feedback."""

from core.interviews import due, feedback, usecases
from core.interviews.ports import FeedbackRepository, InterviewQueries, InterviewRepository
from plugins.postgres.interview_queries import PostgresInterviewQueries
from plugins.postgres.interviews import PostgresFeedback, PostgresInterviews
from tenants.injection import Providers

USE_CASES = (due, feedback, usecases)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    InterviewRepository: lambda session: PostgresInterviews(session.writer),
    FeedbackRepository: lambda session: PostgresFeedback(session.writer),
    InterviewQueries: lambda session: PostgresInterviewQueries(session.reader),
}
