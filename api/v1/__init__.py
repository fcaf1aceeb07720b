"""The public JSON API, version 1: one controller per slice, registered here."""

from litestar import Controller

from api.v1.analytics import AnalyticsController
from api.v1.api_keys import ApiKeyController
from api.v1.applications import ApplicationController, JobPipelineController
from api.v1.audit import AuditController
from api.v1.auth import AuthController
from api.v1.automation_steps import AutomationSettingsController, PlannedStepsController
from api.v1.automations import AutomationController, PlannedController
from api.v1.bulk import BulkController
from api.v1.candidate_attachments import FileController, NoteController
from api.v1.candidates import CandidateController
from api.v1.careers import CareersController, SubmissionController
from api.v1.duplicates import DuplicateController
from api.v1.email_domains import EmailDomainsController
from api.v1.exports import ExportController
from api.v1.feedback import FeedbackController
from api.v1.imports import ImportController
from api.v1.interviews import InterviewController
from api.v1.invitations import InvitationController
from api.v1.jobs import JobController, PipelineController
from api.v1.me import MeController
from api.v1.member_messages import MemberMessageController
from api.v1.members import MemberController
from api.v1.message_delivery import MessageSendersController, SuppressedAddressesController
from api.v1.messages import MessagesController
from api.v1.notifications import NotificationController
from api.v1.plugin_connections import PluginConnectionController
from api.v1.plugin_routes import PluginRouteController
from api.v1.plugins import PluginController
from api.v1.promises import PromiseController
from api.v1.replies import (
    ConversationController,
    LetterController,
    TroubleController,
    UnmatchedReplyController,
)
from api.v1.resumes import ResumeController
from api.v1.status import StatusController
from api.v1.status_activity import ActivityController
from api.v1.status_sources import StatusSourceController, StatusWebhookController
from api.v1.stream import SocketController, StreamController
from api.v1.tasks import TasksController
from api.v1.templates import TemplateController
from api.v1.tenant import TenantController

CONTROLLERS: tuple[type[Controller], ...] = (
    AuthController,
    MeController,
    TenantController,
    MemberController,
    InvitationController,
    MemberMessageController,
    ApiKeyController,
    CandidateController,
    NoteController,
    FileController,
    ResumeController,
    DuplicateController,
    ImportController,
    ExportController,
    JobController,
    PipelineController,
    JobPipelineController,
    ApplicationController,
    BulkController,
    InterviewController,
    FeedbackController,
    AnalyticsController,
    PromiseController,
    StreamController,
    SocketController,
    StatusController,
    StatusWebhookController,
    StatusSourceController,
    ActivityController,
    AuditController,
    TasksController,
    EmailDomainsController,
    MessagesController,
    NotificationController,
    TemplateController,
    AutomationController,
    PlannedController,
    PlannedStepsController,
    AutomationSettingsController,
    ConversationController,
    LetterController,
    TroubleController,
    UnmatchedReplyController,
    MessageSendersController,
    SuppressedAddressesController,
    CareersController,
    SubmissionController,
    PluginController,
    PluginConnectionController,
    PluginRouteController,
)
"""Every controller under `/api/v1`; each slice adds its own."""
