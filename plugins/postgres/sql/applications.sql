-- Lists of applications, single ones, their history and pipelines: one round trip each, as the
-- application, under row-level security. p_member limits the answer to what that member may see.

CREATE OR REPLACE FUNCTION list_applications_v1(
    p_tenant uuid, p_limit integer, p_after_at timestamptz, p_after_id uuid, p_member uuid,
    p_job uuid, p_stage uuid, p_assignee uuid, p_candidate uuid, p_disposition text, p_source text
)
RETURNS TABLE (
    id uuid, candidate_id uuid, candidate_name text, job_id uuid, job_title text, stage_id uuid,
    stage_name text, stage_entered_at timestamptz, disposition text, assignee_id uuid,
    assignee_name text, source text, applied_at timestamptz, version integer
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
DECLARE
    filters text := '';
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF p_after_id IS NOT NULL THEN
        filters := filters || ' AND (a.applied_at, a.id) < ($3, $4)';
    END IF;
    IF p_member IS NOT NULL THEN
        filters := filters || ' AND a.id IN (SELECT v.application_id'
                           || ' FROM visible_applications_v1($1, $5) v)';
    END IF;
    IF p_job IS NOT NULL THEN
        filters := filters || ' AND a.job_id = $6';
    END IF;
    IF p_stage IS NOT NULL THEN
        filters := filters || ' AND a.stage_id = $7';
    END IF;
    IF p_assignee IS NOT NULL THEN
        filters := filters || ' AND a.assignee_id = $8';
    END IF;
    IF p_candidate IS NOT NULL THEN
        filters := filters || ' AND a.candidate_id = $9';
    END IF;
    IF p_disposition IS NOT NULL THEN
        filters := filters || ' AND a.disposition = $10';
    END IF;
    IF p_source IS NOT NULL THEN
        filters := filters || ' AND a.source = $11';
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT a.id, a.candidate_id, c.full_name, a.job_id, j.title, a.stage_id, s.name,
               a.stage_entered_at, a.disposition, a.assignee_id, m.name, a.source, a.applied_at,
               a.version
        FROM (SELECT a.* FROM applications a
              WHERE a.tenant_id = $1 %s
              ORDER BY a.applied_at DESC, a.id DESC
              LIMIT $2) a
        JOIN candidates c ON c.tenant_id = $1 AND c.id = a.candidate_id
        JOIN jobs j ON j.tenant_id = $1 AND j.id = a.job_id
        JOIN stages s ON s.tenant_id = $1 AND s.id = a.stage_id
        LEFT JOIN members m ON m.tenant_id = $1 AND m.id = a.assignee_id
        ORDER BY a.applied_at DESC, a.id DESC
    $query$, filters)
    USING p_tenant, p_limit, p_after_at, p_after_id, p_member, p_job, p_stage, p_assignee,
          p_candidate, p_disposition, p_source;
END
$$;

-- The cards of a job's board: what is active, the longest in its stage first.
CREATE OR REPLACE FUNCTION list_cards_v1(
    p_tenant uuid, p_job uuid, p_member uuid, p_limit integer
)
RETURNS TABLE (
    id uuid, candidate_id uuid, candidate_name text, stage_id uuid, stage_entered_at timestamptz,
    assignee_id uuid, assignee_name text, source text, version integer
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
-- Planned for the job that is asked for: a plan for any job reads the candidates of all.
SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT a.id, a.candidate_id, c.full_name, a.stage_id, a.stage_entered_at, a.assignee_id, m.name,
           a.source, a.version
    FROM (SELECT w.* FROM applications w
          WHERE w.tenant_id = p_tenant AND w.job_id = p_job AND w.disposition = 'active'
            AND (p_member IS NULL
                 OR w.id IN (SELECT v.application_id
                             FROM visible_applications_v1(p_tenant, p_member) v))
          ORDER BY w.stage_entered_at, w.id
          LIMIT p_limit) a
    JOIN candidates c ON c.tenant_id = p_tenant AND c.id = a.candidate_id
    LEFT JOIN members m ON m.tenant_id = p_tenant AND m.id = a.assignee_id
    ORDER BY a.stage_entered_at, a.id;
END
$$;

CREATE OR REPLACE FUNCTION get_application_v1(p_tenant uuid, p_id uuid, p_member uuid)
RETURNS TABLE (
    id uuid, candidate_id uuid, candidate_name text, job_id uuid, job_title text, stage_id uuid,
    stage_name text, stage_kind text, stage_entered_at timestamptz, disposition text,
    disposition_reason text, disposition_note text, assignee jsonb, assigned_at timestamptz,
    assigned_by jsonb, source text, answers jsonb, applied_at timestamptz, updated_at timestamptz,
    version integer
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT a.id, a.candidate_id, c.full_name, a.job_id, j.title, a.stage_id, s.name, s.kind,
           a.stage_entered_at, a.disposition, a.disposition_reason, a.disposition_note,
           person_v1(p_tenant, a.assignee_id), a.assigned_at, person_v1(p_tenant, a.assigned_by),
           a.source, a.answers, a.applied_at, a.updated_at, a.version
    FROM applications a
    JOIN candidates c ON c.tenant_id = p_tenant AND c.id = a.candidate_id
    JOIN jobs j ON j.tenant_id = p_tenant AND j.id = a.job_id
    JOIN stages s ON s.tenant_id = p_tenant AND s.id = a.stage_id
    WHERE a.tenant_id = p_tenant AND a.id = p_id
      AND (p_member IS NULL
           OR a.id IN (SELECT v.application_id FROM visible_applications_v1(p_tenant, p_member) v));
END
$$;

-- A member by name, as histories show one; NULL for nobody.
CREATE OR REPLACE FUNCTION person_v1(p_tenant uuid, p_member uuid)
RETURNS jsonb
LANGUAGE sql STABLE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
    SELECT jsonb_build_object('member_id', m.id, 'name', m.name)
    FROM members m WHERE m.tenant_id = p_tenant AND m.id = p_member
$$;

-- Everything that happened to an application, oldest first; no row when it may not be seen.
CREATE OR REPLACE FUNCTION application_history_v1(p_tenant uuid, p_id uuid, p_member uuid)
RETURNS TABLE (changes jsonb, assignments jsonb)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT
        (SELECT jsonb_agg(jsonb_build_object(
                'id', h.id, 'at', h.at, 'kind', h.kind, 'by', person_v1(p_tenant, h.by_member_id),
                'from_stage_id', h.from_stage_id, 'from_stage', h.from_stage_name,
                'to_stage_id', h.to_stage_id, 'to_stage', h.to_stage_name,
                'from_disposition', h.from_disposition, 'to_disposition', h.to_disposition,
                'reason_code', h.reason_code, 'reason', h.reason) ORDER BY h.sequence)
         FROM stage_changes h WHERE h.tenant_id = p_tenant AND h.application_id = p_id),
        COALESCE((SELECT jsonb_agg(jsonb_build_object(
                'at', g.at, 'by', person_v1(p_tenant, g.by_member_id),
                'from_member', person_v1(p_tenant, g.from_member_id),
                'to_member', person_v1(p_tenant, g.to_member_id)) ORDER BY g.at, g.id)
         FROM assignments g WHERE g.tenant_id = p_tenant AND g.application_id = p_id), '[]')
    FROM applications a
    WHERE a.tenant_id = p_tenant AND a.id = p_id
      AND (p_member IS NULL
           OR a.id IN (SELECT v.application_id FROM visible_applications_v1(p_tenant, p_member) v));
END
$$;

-- How a job's pipeline stood at an instant: the last entry of each application up to then. One row
-- for each stage, and one without a stage for each disposition that ended some; no row, no job.
CREATE OR REPLACE FUNCTION job_pipeline_v1(
    p_tenant uuid, p_job uuid, p_at timestamptz, p_cards integer, p_member uuid
)
RETURNS TABLE (stage_id uuid, label text, amount bigint, cards jsonb)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    WITH last_change AS (
        SELECT DISTINCT ON (h.application_id)
               h.application_id, h.at, h.to_stage_id, h.to_stage_name, h.to_stage_position,
               h.to_disposition
        FROM stage_changes h
        WHERE h.tenant_id = p_tenant AND h.job_id = p_job AND h.at <= p_at
          AND (p_member IS NULL
               OR h.application_id IN (SELECT v.application_id
                                       FROM visible_applications_v1(p_tenant, p_member) v))
        ORDER BY h.application_id, h.sequence DESC
    ), ranked AS (
        SELECT l.*, row_number() OVER (PARTITION BY l.to_stage_id
                                       ORDER BY l.at, l.application_id) AS place
        FROM last_change l WHERE l.to_disposition = 'active'
    ), columns AS (
        SELECT r.to_stage_id, min(r.to_stage_name) AS name, min(r.to_stage_position) AS position,
               count(*) AS amount,
               jsonb_agg(jsonb_build_object(
                   'application_id', r.application_id, 'candidate_id', a.candidate_id,
                   'candidate_name', c.full_name, 'since', r.at) ORDER BY r.at, r.application_id)
                   FILTER (WHERE r.place <= p_cards) AS cards
        FROM ranked r
        LEFT JOIN applications a
            ON a.tenant_id = p_tenant AND a.id = r.application_id AND r.place <= p_cards
        LEFT JOIN candidates c ON c.tenant_id = p_tenant AND c.id = a.candidate_id
        GROUP BY r.to_stage_id
    ), answered AS (
        SELECT COALESCE(s.id, k.to_stage_id) AS stage_id, COALESCE(s.name, k.name) AS label,
               COALESCE(k.amount, 0) AS amount, COALESCE(k.cards, '[]'::jsonb) AS cards,
               COALESCE(s.position, k.position) AS position
        FROM (SELECT * FROM stages WHERE tenant_id = p_tenant AND job_id = p_job) s
        FULL JOIN columns k ON k.to_stage_id = s.id
        UNION ALL
        SELECT NULL, l.to_disposition, count(*), '[]'::jsonb, NULL
        FROM last_change l WHERE l.to_disposition <> 'active'
        GROUP BY l.to_disposition
    )
    SELECT w.stage_id, w.label, w.amount, w.cards FROM answered w
    ORDER BY w.position NULLS LAST, w.stage_id;
END
$$;

CREATE OR REPLACE FUNCTION get_bulk_rejection_v1(p_tenant uuid, p_id uuid)
RETURNS TABLE (
    id uuid, status text, reason text, note text, created_by jsonb, created_at timestamptz,
    effective_at timestamptz, finished_at timestamptz, items jsonb, version integer
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT b.id, b.status, b.reason_code, b.note, person_v1(p_tenant, b.created_by), b.created_at,
           b.effective_at, b.finished_at,
           COALESCE((SELECT jsonb_agg(jsonb_build_object(
                    'application_id', i.application_id, 'status', i.status,
                    'skipped_because', i.skipped_because) ORDER BY i.application_id)
             FROM bulk_rejection_items i
             WHERE i.tenant_id = p_tenant AND i.bulk_rejection_id = b.id), '[]'),
           b.version
    FROM bulk_rejections b
    WHERE b.tenant_id = p_tenant AND b.id = p_id;
END
$$;
