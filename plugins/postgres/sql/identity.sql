-- Whom a credential stands for. Each takes the tenant that the credential itself names, and so looks
-- under that tenant's row-level security: a forged tenant finds nothing. `ends_at` is when it ends by
-- itself unless it is used before; null when it doesn't.

CREATE OR REPLACE FUNCTION identify_session_v2(p_tenant uuid, p_hash bytea, p_now timestamptz)
RETURNS TABLE (
    tenant_id uuid, slug text, tenant_name text, time_zone text, locale text, plan text,
    tenant_status text, granted text[], withheld text[],
    session_id uuid, member_id uuid, account_id uuid, role text, member_name text,
    last_used_at timestamptz, ends_at timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT t.id, t.slug, t.name, t.time_zone, t.locale, t.plan, t.status,
        ARRAY(SELECT f.feature FROM feature_flags f WHERE f.tenant_id = p_tenant AND f.enabled),
        ARRAY(SELECT f.feature FROM feature_flags f WHERE f.tenant_id = p_tenant AND NOT f.enabled),
        s.id, m.id, s.account_id, m.role, m.name, s.last_used_at,
        LEAST(s.expires_at, s.idle_until)
    FROM sessions s
    JOIN members m ON m.tenant_id = s.tenant_id AND m.id = s.member_id
    JOIN tenants t ON t.id = s.tenant_id
    WHERE s.tenant_id = p_tenant AND s.token_hash = p_hash
      AND s.expires_at > p_now AND s.idle_until > p_now AND m.status = 'active';
END
$$;

CREATE OR REPLACE FUNCTION identify_api_key_v2(p_tenant uuid, p_hash bytea, p_now timestamptz)
RETURNS TABLE (
    tenant_id uuid, slug text, tenant_name text, time_zone text, locale text, plan text,
    tenant_status text, granted text[], withheld text[],
    api_key_id uuid, member_id uuid, account_id uuid, role text, member_name text, scopes text[],
    last_used_at timestamptz, ends_at timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT t.id, t.slug, t.name, t.time_zone, t.locale, t.plan, t.status,
        ARRAY(SELECT f.feature FROM feature_flags f WHERE f.tenant_id = p_tenant AND f.enabled),
        ARRAY(SELECT f.feature FROM feature_flags f WHERE f.tenant_id = p_tenant AND NOT f.enabled),
        k.id, m.id, m.account_id, m.role, m.name, k.scopes, k.last_used_at,
        LEAST(x.valid_until, k.expires_at)
    FROM api_key_secrets x
    JOIN api_keys k ON k.tenant_id = x.tenant_id AND k.id = x.api_key_id
    JOIN members m ON m.tenant_id = k.tenant_id AND m.id = k.member_id
    JOIN tenants t ON t.id = k.tenant_id
    WHERE x.tenant_id = p_tenant AND x.secret_hash = p_hash
      AND (x.valid_until IS NULL OR x.valid_until > p_now)
      AND (k.expires_at IS NULL OR k.expires_at > p_now)
      AND k.revoked_at IS NULL AND m.status = 'active';
END
$$;

-- Note that a session was used; it then lasts until p_idle_until, or until its end if that is earlier.
CREATE OR REPLACE FUNCTION touch_session_v1(
    p_tenant uuid, p_session uuid, p_now timestamptz, p_idle_until timestamptz
)
RETURNS TABLE (touched boolean)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    UPDATE sessions SET last_used_at = p_now, idle_until = LEAST(p_idle_until, expires_at)
    WHERE tenant_id = p_tenant AND id = p_session AND last_used_at < p_now - interval '1 minute'
    RETURNING true;
END
$$;

CREATE OR REPLACE FUNCTION touch_api_key_v1(p_tenant uuid, p_key uuid, p_now timestamptz)
RETURNS TABLE (touched boolean)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    UPDATE api_keys SET last_used_at = p_now
    WHERE tenant_id = p_tenant AND id = p_key
      AND (last_used_at IS NULL OR last_used_at < p_now - interval '1 minute')
    RETURNING true;
END
$$;
