-- Interviews and feedback: one round trip each, as the application, under row-level security.
-- p_member limits the answer to the applications that this member may see.

CREATE OR REPLACE FUNCTION list_interviews_v1(
    p_tenant uuid, p_limit integer, p_after_at timestamptz, p_after_id uuid, p_member uuid,
    p_id uuid, p_application uuid, p_interviewer uuid, p_starts_after timestamptz,
    p_cancelled boolean
)
RETURNS TABLE (
    id uuid, application_id uuid, kind text, status text, starts_at timestamptz,
    ends_at timestamptz, time_zone text, interviewers jsonb, location text, link text,
    cancel_reason text, created_by jsonb, created_at timestamptz, updated_at timestamptz,
    version integer
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
DECLARE
    filters text := '';
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF p_after_id IS NOT NULL THEN
        filters := filters || ' AND (i.starts_at, i.id) > ($3, $4)';
    END IF;
    IF p_member IS NOT NULL THEN
        filters := filters || ' AND i.application_id IN (SELECT v.application_id'
                           || ' FROM visible_applications_v1($1, $5) v)';
    END IF;
    IF p_id IS NOT NULL THEN
        filters := filters || ' AND i.id = $6';
    END IF;
    IF p_application IS NOT NULL THEN
        filters := filters || ' AND i.application_id = $7';
    END IF;
    IF p_interviewer IS NOT NULL THEN
        filters := filters || ' AND i.id IN (SELECT w.interview_id FROM interviewers w'
                           || ' WHERE w.tenant_id = $1 AND w.member_id = $8)';
    END IF;
    IF p_starts_after IS NOT NULL THEN
        filters := filters || ' AND i.starts_at > $9';
    END IF;
    IF NOT p_cancelled THEN
        filters := filters || ' AND i.status = ''scheduled''';
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT i.id, i.application_id, i.kind, i.status, i.starts_at, i.ends_at, i.time_zone,
               COALESCE((SELECT jsonb_agg(person_v1($1, w.member_id) ORDER BY w.member_id)
                         FROM interviewers w
                         WHERE w.tenant_id = $1 AND w.interview_id = i.id), '[]'),
               i.location, i.link, i.cancel_reason, person_v1($1, i.created_by), i.created_at,
               i.updated_at, i.version
        FROM interviews i
        WHERE i.tenant_id = $1 %s
        ORDER BY i.starts_at, i.id
        LIMIT $2
    $query$, filters)
    USING p_tenant, p_limit, p_after_at, p_after_id, p_member, p_id, p_application, p_interviewer,
          p_starts_after;
END
$$;

-- The feedback on an application, oldest first; no row when the application may not be seen. A
-- member who is limited sees that of others only after giving their own.
CREATE OR REPLACE FUNCTION list_feedback_v1(
    p_tenant uuid, p_application uuid, p_asks uuid, p_member uuid
)
RETURNS TABLE (items jsonb, hidden bigint)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    WITH given AS (
        SELECT f.*, p_member IS NULL OR bool_or(f.author_id = p_asks) OVER () AS shown
        FROM feedback f
        WHERE f.tenant_id = p_tenant AND f.application_id = p_application
    )
    SELECT COALESCE((SELECT jsonb_agg(feedback_json_v1(p_tenant, g.id) ORDER BY g.submitted_at, g.id)
                     FROM given g WHERE g.shown), '[]'),
           (SELECT count(*) FROM given g WHERE NOT g.shown)
    FROM applications a
    WHERE a.tenant_id = p_tenant AND a.id = p_application
      AND (p_member IS NULL
           OR a.id IN (SELECT v.application_id FROM visible_applications_v1(p_tenant, p_member) v));
END
$$;

CREATE OR REPLACE FUNCTION feedback_json_v1(p_tenant uuid, p_id uuid)
RETURNS jsonb
LANGUAGE sql STABLE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
    SELECT jsonb_build_object(
        'id', f.id, 'application_id', f.application_id, 'author', person_v1(p_tenant, f.author_id),
        'recommendation', f.recommendation, 'ratings', f.ratings, 'comment', f.comment,
        'submitted_at', f.submitted_at, 'updated_at', f.updated_at, 'version', f.version)
    FROM feedback f WHERE f.tenant_id = p_tenant AND f.id = p_id
$$;

-- Every version of one member's feedback; no row when it may not be seen.
CREATE OR REPLACE FUNCTION feedback_history_v1(p_tenant uuid, p_id uuid, p_member uuid)
RETURNS TABLE (feedback_id uuid, author jsonb, versions jsonb)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT f.id, person_v1(p_tenant, f.author_id),
           (SELECT jsonb_agg(jsonb_build_object(
                'version', h.version, 'at', h.at, 'recommendation', h.recommendation,
                'ratings', h.ratings, 'comment', h.comment) ORDER BY h.version)
            FROM feedback_versions h WHERE h.tenant_id = p_tenant AND h.feedback_id = f.id)
    FROM feedback f
    WHERE f.tenant_id = p_tenant AND f.id = p_id
      AND (p_member IS NULL
           OR (f.application_id IN (SELECT v.application_id
                                    FROM visible_applications_v1(p_tenant, p_member) v)
               AND EXISTS (SELECT 1 FROM feedback mine
                           WHERE mine.tenant_id = p_tenant AND mine.author_id = p_member
                             AND mine.application_id = f.application_id)));
END
$$;
