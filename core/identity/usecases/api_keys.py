"""Making, rotating and ending API keys."""

from datetime import timedelta

from core.identity.contracts.api_keys import (
    MAX_GRACE,
    ApiKeyIssued,
    ApiKeyView,
    CreateApiKey,
    ListApiKeys,
    RevokeApiKey,
    RotateApiKey,
)
from core.identity.events import ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated
from core.identity.model import ApiKey
from core.identity.policy import (
    check_new_key,
    check_own_or_managed,
    may_manage_users,
    own_member,
)
from core.identity.ports import ApiKeyRepository, IdentityChanges, IdentityQueries, Tokens
from core.identity.tokens import hint_of_api_key
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.errors import Conflict, FieldError, InvalidInput, NotFound
from core.shared.events import Recorder
from core.shared.ids import ApiKeyId, Ids
from core.shared.permissions import Action
from core.shared.usecase import handles
from core.tenancy.contracts import Quotas


@handles(CreateApiKey, action=Action.OWN_ACCOUNT)
async def create_api_key(
    command: CreateApiKey,
    *,
    actor: Actor,
    keys: ApiKeyRepository,
    quotas: Quotas,
    tokens: Tokens,
    ids: Ids,
    clock: Clock,
    recorder: Recorder,
) -> ApiKeyIssued:
    """Make a key that acts for the member who asks, and show its secret."""
    now = clock.now()
    secret = tokens.api_key()
    key = ApiKey(
        id=ApiKeyId(ids.new()),
        member_id=own_member(actor),
        name=command.name,
        hint=hint_of_api_key(secret),
        scopes=command.scopes,
        created_at=now,
        expires_at=command.expires_at,
    )
    check_new_key(key, actor, now)
    await _check_end(key, actor, keys)
    await quotas.reserve("api_keys")
    await keys.add(key, tokens.api_key_digest(secret))
    recorder.record(ApiKeyCreated(aggregate_id=key.id, member_id=key.member_id, scopes=key.scopes))
    return ApiKeyIssued(_view(key), secret)


@handles(ListApiKeys, action=Action.OWN_ACCOUNT)
async def list_api_keys(
    query: ListApiKeys,  # noqa: ARG001 - asks nothing
    *,
    actor: Actor,
    queries: IdentityQueries,
) -> tuple[ApiKeyView, ...]:
    """Return one's own keys; an admin gets everybody's."""
    return await queries.api_keys(None if may_manage_users(actor) else own_member(actor))


@handles(RotateApiKey, action=Action.OWN_ACCOUNT)
async def rotate_api_key(
    command: RotateApiKey,
    *,
    actor: Actor,
    keys: ApiKeyRepository,
    changes: IdentityChanges,
    tokens: Tokens,
    clock: Clock,
    recorder: Recorder,
) -> ApiKeyIssued:
    """Give one's own key a new secret; the old one holds on for the grace period.

    Nobody rotates another's key: they would hold a secret that acts for someone else.
    """
    if not 0 <= command.grace_seconds <= MAX_GRACE.total_seconds():
        longest = int(MAX_GRACE.total_seconds())
        raise InvalidInput(FieldError("grace_seconds", f"Use 0 to {longest} seconds."))
    now = clock.now()
    key = await keys.get(command.api_key_id)
    if key.member_id != own_member(actor):
        raise NotFound("You have no such API key.")
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise Conflict("This API key has ended. Make a new one.")
    check_new_key(key, actor, now)
    await _check_end(key, actor, keys)
    secret = tokens.api_key()
    key.hint, key.rotated_at = hint_of_api_key(secret), now
    await keys.save(key)
    until = UtcDatetime(now + timedelta(seconds=command.grace_seconds))
    await keys.replace_secret(key, tokens.api_key_digest(secret), old_valid_until=until)
    await changes.announce_change()
    recorder.record(ApiKeyRotated(aggregate_id=key.id, member_id=key.member_id))
    return ApiKeyIssued(_view(key), secret)


@handles(RevokeApiKey, action=Action.OWN_ACCOUNT)
async def revoke_api_key(
    command: RevokeApiKey,
    *,
    actor: Actor,
    keys: ApiKeyRepository,
    quotas: Quotas,
    changes: IdentityChanges,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """End a key at once; ending it again changes nothing."""
    key = await keys.get(command.api_key_id)
    check_own_or_managed(key, actor)
    if key.revoked_at is not None:
        return
    key.revoked_at = clock.now()
    await keys.save(key)
    await keys.drop_secrets(key)
    await quotas.release("api_keys")
    await changes.announce_change()
    recorder.record(ApiKeyRevoked(aggregate_id=key.id, member_id=key.member_id))


async def _check_end(key: ApiKey, actor: Actor, keys: ApiKeyRepository) -> None:
    """Return when the secret of `key` ends no later than the key that asks for it, if one does.

    Otherwise who finds a key that was lent for a day would have one for good. Raises InvalidInput.
    """
    if actor.kind != "api_key" or key.id == actor.id:
        return
    end = (await keys.get(ApiKeyId(actor.id))).expires_at
    if end is not None and (key.expires_at is None or key.expires_at > end):
        message = f"The key that asks ends at {end:%Y-%m-%d %H:%M} UTC; none it makes lasts longer."
        raise InvalidInput(FieldError("expires_at", message))


def _view(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        id=key.id,
        member_id=key.member_id,
        name=key.name,
        hint=key.hint,
        scopes=key.scopes,
        created_at=key.created_at,
        rotated_at=key.rotated_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )
