-- What the status slice reads: histories, what members did, sources, and the applicant's own page.

-- Changes of status and reports that changed nothing, of one application or of all that a candidate
-- has, the latest first. A report that changed something is told with its change.
CREATE OR REPLACE FUNCTION status_history_v1(
    p_tenant uuid, p_limit integer, p_after_at timestamptz, p_after_id uuid, p_member uuid,
    p_application uuid, p_candidate uuid, p_as_of timestamptz
)
RETURNS TABLE (
    id uuid, at timestamptz, kind text, application_id uuid, job_id uuid, job_title text,
    from_stage_id uuid, from_stage text, to_stage_id uuid, to_stage text, from_disposition text,
    to_disposition text, reason_code text, note text, source text, by jsonb, reported_by text,
    reported_status text, outcome text, occurred_at timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    WITH ours AS MATERIALIZED (
        SELECT a.id, a.job_id, j.title, a.source
        FROM applications a
        JOIN jobs j ON j.tenant_id = p_tenant AND j.id = a.job_id
        WHERE a.tenant_id = p_tenant
          AND (a.id = p_application OR a.candidate_id = p_candidate)
          AND (p_member IS NULL OR a.id IN (
              SELECT v.application_id FROM visible_applications_v1(p_tenant, p_member) v))
    ), entries AS (
        SELECT h.id, h.at, h.kind, o.id AS application_id, o.job_id, o.title,
               h.from_stage_id, h.from_stage_name, h.to_stage_id, h.to_stage_name,
               h.from_disposition, h.to_disposition, h.reason_code, h.reason,
               CASE WHEN r.id IS NOT NULL THEN 'report'
                    WHEN h.by_member_id IS NOT NULL THEN 'member'
                    WHEN h.kind = 'applied' AND o.source = 'careers' THEN 'applicant'
                    WHEN h.kind = 'withdrawn' AND EXISTS (
                        SELECT 1 FROM submissions f
                        WHERE f.tenant_id = p_tenant AND f.application_id = o.id
                          AND NOT f.is_repeated AND f.withdrawn_at >= h.at
                          AND f.withdrawn_at < h.at + interval '1 minute') THEN 'applicant'
                    ELSE 'system' END AS source,
               person_v1(p_tenant, h.by_member_id) AS by, s.name AS reported_by,
               r.status AS reported_status, r.outcome, r.occurred_at
        FROM ours o
        JOIN stage_changes h ON h.tenant_id = p_tenant AND h.application_id = o.id
        LEFT JOIN status_reports r ON r.tenant_id = p_tenant AND r.change_id = h.id
        LEFT JOIN status_sources s ON s.tenant_id = p_tenant AND s.id = r.source_id
        UNION ALL
        SELECT r.id, r.received_at, 'reported', o.id, o.job_id, o.title,
               NULL, NULL, NULL, NULL, NULL, NULL, NULL, r.note, 'report', NULL, s.name,
               r.status, r.outcome, r.occurred_at
        FROM ours o
        JOIN status_reports r ON r.tenant_id = p_tenant AND r.application_id = o.id
        JOIN status_sources s ON s.tenant_id = p_tenant AND s.id = r.source_id
        WHERE r.change_id IS NULL
    )
    SELECT e.* FROM entries e
    WHERE (p_as_of IS NULL OR e.at <= p_as_of)
      AND (p_after_id IS NULL OR (e.at, e.id) < (p_after_at, p_after_id))
    ORDER BY e.at DESC, e.id DESC
    LIMIT p_limit;
END
$$;

-- Where the applications stood at an instant, or (null) stand now. `is_known` without an application
-- says that there is such a candidate, or application, which had no status yet.
CREATE OR REPLACE FUNCTION status_standing_v1(
    p_tenant uuid, p_member uuid, p_application uuid, p_candidate uuid, p_as_of timestamptz
)
RETURNS TABLE (
    application_id uuid, job_id uuid, job_title text, stage_id uuid, stage text, disposition text,
    since timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT a.id, a.job_id, j.title, l.to_stage_id, l.to_stage_name, l.to_disposition, l.at
    FROM (
        SELECT k.id, k.job_id FROM applications k
        WHERE k.tenant_id = p_tenant AND (k.id = p_application OR k.candidate_id = p_candidate)
          AND (p_member IS NULL OR k.id IN (
              SELECT v.application_id FROM visible_applications_v1(p_tenant, p_member) v))
    ) a
    JOIN jobs j ON j.tenant_id = p_tenant AND j.id = a.job_id
    LEFT JOIN LATERAL (
        SELECT h.to_stage_id, h.to_stage_name, h.to_disposition, h.at
        FROM stage_changes h
        WHERE h.tenant_id = p_tenant AND h.application_id = a.id
          AND (p_as_of IS NULL OR h.at <= p_as_of)
        ORDER BY h.sequence DESC LIMIT 1
    ) l ON true
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM candidates c
    WHERE c.tenant_id = p_tenant AND c.id = p_candidate
      AND (p_member IS NULL OR c.id IN (
          SELECT v.candidate_id FROM visible_applications_v1(p_tenant, p_member) v))
    ORDER BY 7 DESC NULLS LAST, 1;
END
$$;

-- What members did about a candidate, the latest first. A candidate who isn't there has no row; one
-- about whom nothing was done has one without an id.
CREATE OR REPLACE FUNCTION list_activity_v1(
    p_tenant uuid, p_limit integer, p_after_at timestamptz, p_after_id uuid, p_member uuid,
    p_candidate uuid
)
RETURNS TABLE (
    id uuid, at timestamptz, kind text, by jsonb, application_id uuid, job_title text, stage text,
    member jsonb
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    WITH seen AS MATERIALIZED (
        SELECT a.id, j.title
        FROM applications a
        JOIN jobs j ON j.tenant_id = p_tenant AND j.id = a.job_id
        WHERE a.tenant_id = p_tenant AND a.candidate_id = p_candidate
          AND (p_member IS NULL OR a.id IN (
              SELECT v.application_id FROM visible_applications_v1(p_tenant, p_member) v))
    ), done AS (
        SELECT g.id, g.at, g.kind, g.member_id AS by_id, NULL::uuid AS application_id,
               NULL::text AS title, NULL::text AS stage, NULL::uuid AS to_id
        FROM glances g
        WHERE g.tenant_id = p_tenant AND g.candidate_id = p_candidate
        UNION ALL
        SELECT n.id, n.created_at, 'commented', n.author_id, NULL, NULL, NULL, NULL
        FROM candidate_notes n
        WHERE n.tenant_id = p_tenant AND n.candidate_id = p_candidate AND n.author_id IS NOT NULL
        UNION ALL
        SELECT h.id, h.at, 'moved', h.by_member_id, s.id, s.title, h.to_stage_name, NULL
        FROM seen s
        JOIN stage_changes h ON h.tenant_id = p_tenant AND h.application_id = s.id
        WHERE h.by_member_id IS NOT NULL AND h.kind <> 'applied'
        UNION ALL
        SELECT g.id, g.at, 'assigned', g.by_member_id, s.id, s.title, NULL, g.to_member_id
        FROM seen s
        JOIN assignments g ON g.tenant_id = p_tenant AND g.application_id = s.id
        WHERE g.by_member_id IS NOT NULL
    ), page AS (
        SELECT d.* FROM done d
        WHERE p_after_id IS NULL OR (d.at, d.id) < (p_after_at, p_after_id)
        ORDER BY d.at DESC, d.id DESC
        LIMIT p_limit
    )
    SELECT p.id, p.at, p.kind, person_v1(p_tenant, p.by_id), p.application_id, p.title, p.stage,
           person_v1(p_tenant, p.to_id)
    FROM candidates c
    LEFT JOIN page p ON true
    WHERE c.tenant_id = p_tenant AND c.id = p_candidate
      AND (p_member IS NULL OR EXISTS (SELECT 1 FROM seen))
    ORDER BY p.at DESC, p.id DESC;
END
$$;

-- Everybody who reports or reported (p_id null), or one.
CREATE OR REPLACE FUNCTION list_status_sources_v1(p_tenant uuid, p_id uuid)
RETURNS TABLE (
    id uuid, name text, mapping jsonb, created_at timestamptz, created_by jsonb,
    rotated_at timestamptz, previous_until timestamptz, revoked_at timestamptz,
    last_reported_at timestamptz, version integer
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT s.id, s.name, s.mapping, s.created_at, person_v1(p_tenant, s.created_by), s.rotated_at,
           s.previous_until, s.revoked_at,
           (SELECT max(r.received_at) FROM status_reports r
            WHERE r.tenant_id = p_tenant AND r.source_id = s.id),
           s.version
    FROM status_sources s
    WHERE s.tenant_id = p_tenant AND (p_id IS NULL OR s.id = p_id)
    ORDER BY s.revoked_at IS NOT NULL, s.created_at DESC, s.id DESC;
END
$$;

-- What the owner of a secret link is shown beside the progress, as far as the tenant lets them. A
-- repeated submission is shown nothing of the application: who holds its link may be anybody. Mails
-- count when a service took them; the confirmation of a form says nothing more than the page.
CREATE OR REPLACE FUNCTION applicant_inbox_v1(p_tenant uuid, p_link_hash bytea)
RETURNS TABLE (
    is_repeated boolean, read_until timestamptz, unwanted text[], shown text[], names boolean,
    time_zone text, messages jsonb, interviews jsonb, activity jsonb
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    WITH page AS MATERIALIZED (
        SELECT f.id, f.application_id, f.is_repeated, a.candidate_id, a.applied_at,
               COALESCE(s.shown, ARRAY['stage', 'interviews']) AS shown,
               COALESCE(s.names, false) AS names
        FROM submissions f
        JOIN applications a ON a.tenant_id = p_tenant AND a.id = f.application_id
        LEFT JOIN status_preferences s ON s.tenant_id = p_tenant
        WHERE f.tenant_id = p_tenant AND f.link_hash = p_link_hash
    )
    SELECT p.is_repeated, v.read_until, COALESCE(v.unwanted, '{}'), p.shown, p.names, t.time_zone,
        COALESCE((
            SELECT jsonb_agg(jsonb_build_object('id', m.id, 'at', m.sent_at, 'purpose', m.purpose,
                       'subject', m.subject, 'text', m.text) ORDER BY m.sent_at DESC, m.id DESC)
            FROM (
                SELECT k.id, k.sent_at, k.purpose, k.subject, k.text FROM messages k
                WHERE k.tenant_id = p_tenant AND k.application_id = p.application_id
                  AND k.state = 'sent' AND k.sent_at IS NOT NULL
                  AND k.purpose <> 'application_received'
                ORDER BY k.sent_at DESC, k.id DESC LIMIT 50
            ) m WHERE NOT p.is_repeated), '[]'),
        COALESCE((
            SELECT jsonb_agg(jsonb_build_object('id', i.id, 'kind', i.kind, 'status', i.status,
                       'starts_at', i.starts_at, 'ends_at', i.ends_at, 'time_zone', i.time_zone,
                       'location', i.location, 'link', i.link, 'changed_at', i.updated_at)
                       ORDER BY i.starts_at, i.id)
            FROM (
                SELECT k.* FROM interviews k
                WHERE k.tenant_id = p_tenant AND k.application_id = p.application_id
                ORDER BY k.starts_at DESC, k.id DESC LIMIT 50
            ) i WHERE NOT p.is_repeated AND 'interviews' = ANY (p.shown)), '[]'),
        COALESCE((
            SELECT jsonb_agg(jsonb_build_object('at', d.at, 'kind', d.kind,
                       'by', CASE WHEN p.names THEN d.name END) ORDER BY d.at DESC)
            FROM (
                SELECT max(g.at) AS at, g.shown_as AS kind,
                       CASE WHEN p.names THEN n.name END AS name
                FROM (
                    SELECT k.at, k.member_id,
                           CASE k.kind WHEN 'resume_viewed' THEN 'viewed' ELSE k.kind END AS shown_as
                    FROM glances k
                    WHERE k.tenant_id = p_tenant AND k.candidate_id = p.candidate_id
                      AND k.at >= p.applied_at
                    UNION ALL
                    SELECT k.created_at, k.author_id, 'commented'
                    FROM candidate_notes k
                    WHERE k.tenant_id = p_tenant AND k.candidate_id = p.candidate_id
                      AND k.created_at >= p.applied_at AND k.author_id IS NOT NULL
                    UNION ALL
                    SELECT k.at, k.to_member_id, 'assigned'
                    FROM assignments k
                    WHERE k.tenant_id = p_tenant AND k.application_id = p.application_id
                      AND k.to_member_id IS NOT NULL
                ) g
                LEFT JOIN members n ON n.tenant_id = p_tenant AND n.id = g.member_id
                WHERE g.shown_as = ANY (p.shown)
                GROUP BY g.shown_as, 3, date_trunc('hour', g.at)
                ORDER BY 1 DESC LIMIT 30
            ) d WHERE NOT p.is_repeated), '[]')
    FROM page p
    JOIN tenants t ON t.id = p_tenant
    LEFT JOIN applicant_pages v ON v.tenant_id = p_tenant AND v.submission_id = p.id;
END
$$;
