"""Which permission each of the platform's requests needs, for tests that have no platform.

A test of ours compares it with the platform's own table.
"""

from collections.abc import Mapping
from typing import Final

from core.shared.permissions import Action
from plugins.sdk import commands

_REQUESTS: Final[Mapping[Action, str]] = {
    Action.ASSIGN_APPLICATION: "AssignApplication",
    Action.CREATE_JOB: "CreateJob",
    Action.DELETE_CANDIDATE: "DeleteCandidate RemoveFiles SweepFiles",
    Action.EDIT_CANDIDATE: """
        AddFile AddNote CreateCandidate DeleteFile DeleteNote EditNote UpdateCandidate""",
    Action.EDIT_JOB: "ChangeJobStatus DeleteJob EditJob SetJobStages",
    Action.SUBMIT_FEEDBACK: "EditFeedback SubmitFeedback",
    Action.MANAGE_MESSAGES: "ReportDeliveries ReportReply",
    Action.MANAGE_TENANT: "SetDefaultPipeline",
    Action.MOVE_APPLICATION: """
        ApplyBulkRejection BulkMove CreateApplication CreateBulkRejection GetBulkRejection
        MoveApplication RecallBulkRejection RejectApplication ReopenApplication
        WithdrawApplication""",
    Action.SCHEDULE_INTERVIEW: "CancelInterview RescheduleInterview ScheduleInterview",
    Action.VIEW_ANALYTICS: "GetPipelineAnalytics",
    Action.VIEW_CANDIDATES: """
        DownloadFile GetApplication GetCandidate GetFeedbackHistory GetHistory GetInterview
        GetPipeline GetStageDurations ListApplications ListCandidates ListFeedback ListFiles
        ListInterviews ListNotes""",
    Action.VIEW_TEAM: "ListMembers ShowMember",
    Action.VIEW_JOBS: "GetDefaultPipeline GetJob ListJobs",
}

NEEDED: Final[Mapping[type, str]] = {
    getattr(commands, name): action.value
    for action, names in _REQUESTS.items()
    for name in names.split()
}
"""The row of the permission table by the request's type."""
