"""Opens sessions for members who proved who they are: after signing in, or a new password."""

from core.identity.contracts.sign_in import SessionId, SignInPolicy, StartedSession
from core.identity.model import Member, Session
from core.identity.ports import SessionRepository, Tokens
from core.shared.clock import Clock, UtcDatetime
from core.shared.ids import Ids

MAX_USER_AGENT = 200


class SessionOpener:
    """Makes a session with a fresh token, never one that was known before."""

    def __init__(
        self,
        sessions: SessionRepository,
        tokens: Tokens,
        policy: SignInPolicy,
        ids: Ids,
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._policy = policy
        self._ids = ids
        self._clock = clock

    async def open(self, member: Member, user_agent: str) -> StartedSession:
        """Open a session and return its token, which is shown once."""
        now = self._clock.now()
        token = self._tokens.session()
        expires_at = UtcDatetime(now + self._policy.lifetime)
        session = Session(
            id=SessionId(self._ids.new()),
            member_id=member.id,
            account_id=member.account_id,
            token_hash=self._tokens.session_digest(token),
            user_agent="".join(filter(str.isprintable, user_agent))[:MAX_USER_AGENT],
            created_at=now,
            idle_until=min(UtcDatetime(now + self._policy.idle), expires_at),
            expires_at=expires_at,
        )
        await self._sessions.add(session, now)
        return StartedSession(
            token=token,
            session_id=session.id,
            member_id=member.id,
            role=member.role,
            expires_at=expires_at,
            lifetime_seconds=int(self._policy.lifetime.total_seconds()),
        )
