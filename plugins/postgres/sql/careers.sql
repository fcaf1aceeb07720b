-- What the public may see of a tenant: open jobs, the look, the privacy notice, and with a secret
-- link where one application stands. One round trip each, under row-level security.

-- Newest first. Each word must be found in what the job says.
CREATE OR REPLACE FUNCTION list_openings_v1(
    p_tenant uuid, p_limit integer, p_after_at timestamptz, p_after_id uuid, p_words text[],
    p_location text, p_department text, p_employment_type text, p_remote text
)
RETURNS TABLE (
    id uuid, title text, department text, location text, remote text, employment_type text,
    seniority text, pay_minimum_cents bigint, pay_maximum_cents bigint, pay_currency text,
    pay_period text, published_at timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
DECLARE
    filters text := '';
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF p_after_id IS NOT NULL THEN
        filters := filters || ' AND (j.opened_at, j.id) < ($3, $4)';
    END IF;
    IF p_words IS NOT NULL THEN
        filters := filters || $filter$ AND NOT EXISTS (
            SELECT 1 FROM unnest($5) word WHERE strpos(lower(concat_ws(' ', j.title, j.department,
                j.location, array_to_string(j.skills, ' '), j.description)), word) = 0)$filter$;
    END IF;
    IF p_location IS NOT NULL THEN
        filters := filters || ' AND j.location = $6';
    END IF;
    IF p_department IS NOT NULL THEN
        filters := filters || ' AND j.department = $7';
    END IF;
    IF p_employment_type IS NOT NULL THEN
        filters := filters || ' AND j.employment_type = $8';
    END IF;
    IF p_remote IS NOT NULL THEN
        filters := filters || ' AND j.remote = $9';
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT j.id, j.title, j.department, j.location, j.remote, j.employment_type, j.seniority,
               j.pay_minimum_cents, j.pay_maximum_cents, j.pay_currency, j.pay_period, j.opened_at
        FROM jobs j
        WHERE j.tenant_id = $1 AND j.status = 'open' %s
        ORDER BY j.opened_at DESC, j.id DESC
        LIMIT $2
    $query$, filters)
    USING p_tenant, p_limit, p_after_at, p_after_id, p_words, p_location, p_department,
          p_employment_type, p_remote;
END
$$;

-- The places and departments of open jobs, no more than a person would choose from.
CREATE OR REPLACE FUNCTION list_opening_facets_v1(p_tenant uuid)
RETURNS TABLE (locations text[], departments text[])
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT ARRAY(SELECT DISTINCT j.location FROM jobs j
                 WHERE j.tenant_id = p_tenant AND j.status = 'open' AND j.location <> ''
                 ORDER BY j.location LIMIT 200),
           ARRAY(SELECT DISTINCT j.department FROM jobs j
                 WHERE j.tenant_id = p_tenant AND j.status = 'open' AND j.department <> ''
                 ORDER BY j.department LIMIT 200);
END
$$;

-- One job that is or was open (p_id), or the newest open ones (p_id is null).
CREATE OR REPLACE FUNCTION get_postings_v1(p_tenant uuid, p_id uuid, p_limit integer)
RETURNS TABLE (
    id uuid, title text, department text, location text, remote text, employment_type text,
    seniority text, pay_minimum_cents bigint, pay_maximum_cents bigint, pay_currency text,
    pay_period text, published_at timestamptz, description text, skills text[], openings integer,
    questions jsonb, updated_at timestamptz, is_open boolean
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF p_id IS NOT NULL THEN
        RETURN QUERY
        SELECT j.id, j.title, j.department, j.location, j.remote, j.employment_type, j.seniority,
               j.pay_minimum_cents, j.pay_maximum_cents, j.pay_currency, j.pay_period, j.opened_at,
               j.description, j.skills, j.openings, j.questions, j.updated_at, j.status = 'open'
        FROM jobs j
        WHERE j.tenant_id = p_tenant AND j.id = p_id AND j.opened_at IS NOT NULL;
    ELSE
        RETURN QUERY
        SELECT j.id, j.title, j.department, j.location, j.remote, j.employment_type, j.seniority,
               j.pay_minimum_cents, j.pay_maximum_cents, j.pay_currency, j.pay_period, j.opened_at,
               j.description, j.skills, j.openings, '[]'::jsonb, j.updated_at, true
        FROM jobs j
        WHERE j.tenant_id = p_tenant AND j.status = 'open'
        ORDER BY j.opened_at DESC, j.id DESC
        LIMIT p_limit;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION get_careers_site_v1(p_tenant uuid)
RETURNS TABLE (name text, branding jsonb, custom_domain text)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT t.name, t.branding, t.custom_domain FROM tenants t WHERE t.id = p_tenant;
END
$$;

-- A version of the privacy notice, or (p_version is null) the newest.
CREATE OR REPLACE FUNCTION get_privacy_notice_v1(p_tenant uuid, p_version integer)
RETURNS TABLE (text text, version integer, published_at timestamptz, published_by uuid)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT n.text, n.version, n.published_at, n.published_by
    FROM privacy_notices n
    WHERE n.tenant_id = p_tenant AND (p_version IS NULL OR n.version = p_version)
    ORDER BY n.version DESC
    LIMIT 1;
END
$$;

-- Every version of the privacy notice without its text: a company publishes a few in a year.
CREATE OR REPLACE FUNCTION list_privacy_notices_v1(p_tenant uuid)
RETURNS TABLE (version integer, published_at timestamptz, published_by uuid)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT n.version, n.published_at, n.published_by
    FROM privacy_notices n
    WHERE n.tenant_id = p_tenant
    ORDER BY n.version DESC;
END
$$;

-- Where the application stands that a link is for. `first_stage` is what a repeated submission is
-- told, which must not tell how far another person's application is. A stage's own name is given
-- only where it never had a public one.
CREATE OR REPLACE FUNCTION follow_application_v1(p_tenant uuid, p_link_hash bytea)
RETURNS TABLE (
    job_id uuid, job_title text, is_job_open boolean, received_at timestamptz, is_repeated boolean,
    withdrawn_at timestamptz, disposition text, stage text, stage_kind text, first_stage text,
    changes jsonb
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT j.id, j.title, j.status = 'open', f.received_at, f.is_repeated, f.withdrawn_at,
           a.disposition, COALESCE(s.public_name, s.name), s.kind,
           (SELECT COALESCE(first.public_name, first.name) FROM stages first
            WHERE first.tenant_id = p_tenant AND first.job_id = j.id
            ORDER BY first.position LIMIT 1),
           COALESCE((SELECT jsonb_agg(jsonb_build_object(
                         'at', c.at, 'kind', c.kind,
                         'stage', COALESCE(reached.public_name, reached.name,
                             j.former_public_names ->> c.to_stage_id::text, c.to_stage_name))
                         ORDER BY c.sequence)
                     FROM stage_changes c
                     LEFT JOIN stages reached
                         ON reached.tenant_id = p_tenant AND reached.id = c.to_stage_id
                     WHERE c.tenant_id = p_tenant AND c.application_id = a.id), '[]')
    FROM submissions f
    JOIN applications a ON a.tenant_id = p_tenant AND a.id = f.application_id
    JOIN jobs j ON j.tenant_id = p_tenant AND j.id = a.job_id
    JOIN stages s ON s.tenant_id = p_tenant AND s.id = a.stage_id
    WHERE f.tenant_id = p_tenant AND f.link_hash = p_link_hash;
END
$$;

-- What was sent for an application, oldest first; one empty row when nothing was, none without it.
CREATE OR REPLACE FUNCTION list_submissions_v1(p_tenant uuid, p_application uuid)
RETURNS TABLE (
    id uuid, application_id uuid, full_name text, email text, phone text, is_repeated boolean,
    notice_version integer, agreed_at timestamptz, received_at timestamptz, withdrawn_at timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT f.id, a.id, f.full_name, f.email, f.phone, f.is_repeated, f.notice_version, f.agreed_at,
           f.received_at, f.withdrawn_at
    FROM applications a
    LEFT JOIN submissions f ON f.tenant_id = p_tenant AND f.application_id = a.id
    WHERE a.tenant_id = p_tenant AND a.id = p_application
    ORDER BY f.received_at, f.id
    LIMIT 100;
END
$$;
