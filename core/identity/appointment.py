"""Makes members: the first admin of a new tenant, and those who accept an invitation.

Implements `core.tenancy.ports.AdminAppointment`; the wiring hands it to the tenancy slice.
"""

from core.identity.contracts.team import InvitationId, MemberView
from core.identity.events import MemberInvited, MemberJoined
from core.identity.model import INVITATION_LIFETIME, Invitation, Member, parse_name
from core.identity.passwords import check_new_password, normalise_password, parse_email
from core.identity.ports import (
    AccountRepository,
    InvitationRepository,
    MemberRepository,
    PasswordHasher,
    Tokens,
)
from core.shared.actor import Role
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Recorder
from core.shared.ids import AccountId, Ids, MemberId
from core.tenancy.contracts import AdminAppointed, FirstAdmin, Quotas


class Enrolment:
    """Adds members within the plan's quota."""

    def __init__(
        self,
        accounts: AccountRepository,
        members: MemberRepository,
        quotas: Quotas,
        ids: Ids,
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        self._accounts = accounts
        self._members = members
        self._quotas = quotas
        self._ids = ids
        self._clock = clock
        self._recorder = recorder

    async def enrol(self, *, email: str, name: str, role: Role, password_hash: str) -> Member:
        """Make the person of `email` a member; an account they have keeps its password.

        Raises QuotaExceeded and AlreadyMember.
        """
        now = self._clock.now()
        await self._quotas.reserve("members")
        account_id = await self._accounts.join(
            AccountId(self._ids.new()),
            email=email,
            name=parse_name(name),
            password_hash=password_hash,
            now=now,
        )
        member = Member(
            id=MemberId(self._ids.new()),
            account_id=account_id,
            email=email,
            name=name,
            role=role,
            joined_at=now,
        )
        await self._members.add(member)
        self._recorder.record(MemberJoined(aggregate_id=member.id, role=role))
        return member


class FirstAdminAppointment:
    """Gives a new tenant its first admin."""

    def __init__(
        self,
        enrolment: Enrolment,
        invitations: InvitationRepository,
        hasher: PasswordHasher,
        tokens: Tokens,
        ids: Ids,
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        self._enrolment = enrolment
        self._invitations = invitations
        self._hasher = hasher
        self._tokens = tokens
        self._ids = ids
        self._clock = clock
        self._recorder = recorder

    async def appoint(self, admin: FirstAdmin) -> AdminAppointed:
        """Make `admin` a member, or invite them when no password is given."""
        email = parse_email(admin.email)
        if admin.password is None:
            return AdminAppointed(None, await self._invite(email, admin.name))
        check_new_password(admin.password, email=email)
        member = await self._enrolment.enrol(
            email=email,
            name=admin.name,
            role="admin",
            password_hash=await self._hasher.hash(normalise_password(admin.password)),
        )
        return AdminAppointed(member.id, None)

    async def _invite(self, email: str, name: str) -> str:
        token = self._tokens.link()
        invitation = new_invitation(
            self._ids, self._tokens, token, email, name, "admin", None, self._clock.now()
        )
        await self._invitations.add(invitation)
        self._recorder.record(MemberInvited(aggregate_id=invitation.id, role="admin"))
        return self._tokens.invitation_link(token)


def new_invitation(
    ids: Ids,
    tokens: Tokens,
    token: str,
    email: str,
    name: str,
    role: Role,
    invited_by: MemberId | None,
    now: UtcDatetime,
) -> Invitation:
    """Return an invitation that `token` opens."""
    return Invitation(
        id=InvitationId(ids.new()),
        email=email,
        name=name,
        role=role,
        token_hash=tokens.invitation_digest(token),
        invited_by=invited_by,
        created_at=now,
        expires_at=UtcDatetime(now + INVITATION_LIFETIME),
    )


def member_view(member: Member) -> MemberView:
    """Return a member as others see them."""
    return MemberView(
        id=member.id,
        email=member.email,
        name=member.name,
        role=member.role,
        status=member.status,
        joined_at=member.joined_at,
        deactivated_at=member.deactivated_at,
        version=member.version,
    )
