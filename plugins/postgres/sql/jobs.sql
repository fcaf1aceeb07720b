-- Lists of jobs and single ones: one round trip each, as the application, under row-level security.

-- Newest first. A job shows how many of its applications are active, counted no further than 1001.
CREATE OR REPLACE FUNCTION list_jobs_v1(
    p_tenant uuid, p_limit integer, p_after_at timestamptz, p_after_id uuid,
    p_status text, p_department text, p_title text
)
RETURNS TABLE (
    id uuid, title text, department text, location text, remote text, employment_type text,
    status text, openings integer, active_applications bigint, created_at timestamptz,
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
        filters := filters || ' AND (j.created_at, j.id) < ($3, $4)';
    END IF;
    IF p_status IS NOT NULL THEN
        filters := filters || ' AND j.status = $5';
    END IF;
    IF p_department IS NOT NULL THEN
        filters := filters || ' AND j.department = $6';
    END IF;
    IF p_title IS NOT NULL THEN
        filters := filters || ' AND strpos(lower(j.title), lower($7)) > 0';
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT j.id, j.title, j.department, j.location, j.remote, j.employment_type, j.status,
               j.openings,
               (SELECT count(*) FROM (
                    SELECT 1 FROM applications a
                    WHERE a.tenant_id = $1 AND a.job_id = j.id AND a.disposition = 'active'
                    LIMIT 1001) counted),
               j.created_at, j.version
        FROM jobs j
        WHERE j.tenant_id = $1 %s
        ORDER BY j.created_at DESC, j.id DESC
        LIMIT $2
    $query$, filters)
    USING p_tenant, p_limit, p_after_at, p_after_id, p_status, p_department, p_title;
END
$$;

-- One job with its team, questions and stages.
CREATE OR REPLACE FUNCTION get_job_v1(p_tenant uuid, p_id uuid)
RETURNS TABLE (
    id uuid, title text, department text, location text, remote text, employment_type text,
    seniority text, pay_minimum_cents bigint, pay_maximum_cents bigint, pay_currency text,
    pay_period text, description text, skills text[], openings integer, questions jsonb,
    status text, status_reason text, status_changed_at timestamptz, opened_at timestamptz,
    closed_at timestamptz, created_at timestamptz, updated_at timestamptz, version integer,
    hiring_team jsonb, stages jsonb
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT j.id, j.title, j.department, j.location, j.remote, j.employment_type,
           j.seniority, j.pay_minimum_cents, j.pay_maximum_cents, j.pay_currency,
           j.pay_period, j.description, j.skills, j.openings, j.questions,
           j.status, j.status_reason, j.status_changed_at, j.opened_at,
           j.closed_at, j.created_at, j.updated_at, j.version,
           COALESCE((SELECT jsonb_agg(jsonb_build_object('member_id', t.member_id, 'part', t.part)
                                      ORDER BY t.part, t.member_id)
                     FROM job_team t WHERE t.tenant_id = p_tenant AND t.job_id = j.id), '[]'),
           COALESCE((SELECT jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name,
                                                         'kind', s.kind,
                                                         'target_days', s.target_days,
                                                         'public_name', s.public_name)
                                      ORDER BY s.position)
                     FROM stages s WHERE s.tenant_id = p_tenant AND s.job_id = j.id), '[]')
    FROM jobs j
    WHERE j.tenant_id = p_tenant AND j.id = p_id;
END
$$;

-- The stages that the tenant's new jobs start with; no row while they were never changed.
CREATE OR REPLACE FUNCTION get_default_pipeline_v1(p_tenant uuid)
RETURNS TABLE (stages jsonb, version integer)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT d.stages, d.version FROM default_pipelines d WHERE d.tenant_id = p_tenant;
END
$$;
