-- Reading the audit trail: one round trip each, as the application, under row-level security.

-- Newest first, with the member's present name, the seal and, for what is encrypted, the key as it
-- is now: a key that was thrown away is NULL here.
CREATE OR REPLACE FUNCTION list_audit_v2(
    p_tenant uuid, p_limit integer, p_after_at timestamptz, p_after_id uuid,
    p_member uuid, p_action text, p_subject text, p_subject_id uuid,
    p_from timestamptz, p_to timestamptz
)
RETURNS TABLE (
    id uuid, at timestamptz, actor_kind text, actor_id uuid, member_id uuid, member_name text,
    action text, subject text, subject_id uuid, before jsonb, after jsonb, reason text,
    request_id text, "position" bigint, wrapped_key bytea, key_version smallint
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
DECLARE
    filters text := '';
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF p_after_id IS NOT NULL THEN
        filters := filters || ' AND (e.at, e.id) < ($3, $4)';
    END IF;
    IF p_member IS NOT NULL THEN
        filters := filters || ' AND e.member_id = $5';
    END IF;
    IF p_action IS NOT NULL THEN
        filters := filters || ' AND e.action = $6';
    END IF;
    IF p_subject IS NOT NULL THEN
        filters := filters || ' AND e.subject = $7';
    END IF;
    IF p_subject_id IS NOT NULL THEN
        filters := filters || ' AND e.subject_id = $8';
    END IF;
    IF p_from IS NOT NULL THEN
        filters := filters || ' AND e.at >= $9';
    END IF;
    IF p_to IS NOT NULL THEN
        filters := filters || ' AND e.at < $10';
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT e.id, e.at, e.actor_kind, e.actor_id, e.member_id, m.name,
               e.action, e.subject, e.subject_id, e.before, e.after, e.reason,
               e.request_id, s.position, k.wrapped_key, k.key_version
        FROM (
            SELECT * FROM audit_entries e
            WHERE e.tenant_id = $1 %s
            ORDER BY e.at DESC, e.id DESC
            LIMIT $2
        ) e
        LEFT JOIN members m ON m.tenant_id = $1 AND m.id = e.member_id
        LEFT JOIN audit_seals s ON s.tenant_id = $1 AND s.entry_id = e.id
        LEFT JOIN subject_keys k ON k.tenant_id = $1 AND k.id = e.subject_id
        ORDER BY e.at DESC, e.id DESC
    $query$, filters)
    USING p_tenant, p_limit, p_after_at, p_after_id, p_member, p_action, p_subject, p_subject_id,
          p_from, p_to;
END
$$;

-- What waits for a seal, and what was tampered with before it had one.
CREATE OR REPLACE FUNCTION audit_unsealed_v1(p_tenant uuid, p_listed integer)
RETURNS TABLE (waiting bigint, oldest_at timestamptz, never_queued uuid[], vanished uuid[])
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT count(*), min(q.queued_at),
           ARRAY(SELECT e.id FROM audit_entries e
                 WHERE e.tenant_id = p_tenant
                   AND NOT EXISTS (SELECT FROM audit_seals s
                                   WHERE s.tenant_id = p_tenant AND s.entry_id = e.id)
                   AND NOT EXISTS (SELECT FROM audit_queue w
                                   WHERE w.tenant_id = p_tenant AND w.entry_id = e.id)
                 LIMIT p_listed),
           ARRAY(SELECT w.entry_id FROM audit_queue w
                 WHERE w.tenant_id = p_tenant
                   AND NOT EXISTS (SELECT FROM audit_entries e
                                   WHERE e.tenant_id = p_tenant AND e.id = w.entry_id)
                 LIMIT p_listed)
    FROM audit_queue q
    WHERE q.tenant_id = p_tenant;
END
$$;

-- The keys of subjects: those that are there, and for subjects without one the key that is offered.
-- A subject that isn't there gets none. The second statement sees what others have committed since.
CREATE OR REPLACE FUNCTION subject_keys_v2(
    p_tenant uuid, p_ids uuid[], p_kinds text[], p_offered bytea[], p_version integer
)
RETURNS TABLE (id uuid, wrapped_key bytea, key_version smallint)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM hold_master_key_v1(p_version);
    INSERT INTO subject_keys (tenant_id, id, candidate_id, application_id, interview_id, member_id,
                              wrapped_key, key_version, created_at)
    SELECT p_tenant, w.id, c.id, a.id, i.id, m.id, w.offered, p_version::smallint, now()
    FROM unnest(p_ids, p_kinds, p_offered) AS w (id, kind, offered)
    LEFT JOIN candidates c ON w.kind = 'candidate' AND c.tenant_id = p_tenant AND c.id = w.id
    LEFT JOIN applications a ON w.kind = 'application' AND a.tenant_id = p_tenant AND a.id = w.id
    LEFT JOIN interviews i ON w.kind = 'interview' AND i.tenant_id = p_tenant AND i.id = w.id
    LEFT JOIN members m ON w.kind = 'member' AND m.tenant_id = p_tenant AND m.id = w.id
    WHERE num_nonnulls(c.id, a.id, i.id, m.id) = 1
    ORDER BY w.id
    ON CONFLICT ON CONSTRAINT pk_subject_keys DO NOTHING;
    RETURN QUERY
    SELECT k.id, k.wrapped_key, k.key_version FROM subject_keys k
    WHERE k.tenant_id = p_tenant AND k.id = ANY (p_ids);
END
$$;
