-- What the analytics page shows, each part one round trip, as the application and under row-level
-- security. Days are the caller's: instants come in, worked out from a calendar and a zone.
--
-- All take the same filters, null for none: the job, its department, the source of the application,
-- and who looks after it now. docs/users/analytics.md defines every figure.

-- The conditions on an application `a`; $1 is the tenant, $2 to $5 are the filters.
CREATE OR REPLACE FUNCTION figure_filters_v1(
    p_job uuid, p_department text, p_source text, p_recruiter uuid
)
RETURNS text
LANGUAGE sql IMMUTABLE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
    SELECT concat(
        CASE WHEN p_job IS NOT NULL THEN ' AND a.job_id = $2' END,
        CASE WHEN p_department IS NOT NULL THEN
            ' AND a.job_id IN (SELECT f.id FROM jobs f'
            ' WHERE f.tenant_id = $1 AND f.department = $3)' END,
        CASE WHEN p_source IS NOT NULL THEN ' AND a.source = $4' END,
        CASE WHEN p_recruiter IS NOT NULL THEN ' AND a.assignee_id = $5' END)
$$;

-- How often things happened between bounds: bucket 1 lies between the first two, the last bucket is
-- all that came after the last bound. `standing` counts only ends that no reopening took back.
-- `open` is how many applications are active at present, in bucket 0.
CREATE OR REPLACE FUNCTION hiring_counts_v1(
    p_tenant uuid, p_job uuid, p_department text, p_source text, p_recruiter uuid,
    p_bounds timestamptz[]
)
RETURNS TABLE (bucket integer, kind text, amount bigint, standing bigint)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
DECLARE
    filters text := figure_filters_v1(p_job, p_department, p_source, p_recruiter);
    joined text := '';
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF filters <> '' THEN
        joined := 'JOIN applications a ON a.tenant_id = $1 AND a.id = h.application_id' || filters;
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT 0, 'open', count(*), count(*)
        FROM applications a WHERE a.tenant_id = $1 AND a.disposition = 'active' %1$s
        UNION ALL
        SELECT width_bucket(h.at, $6), h.kind, count(*),
               count(*) FILTER (WHERE h.kind IN ('hired', 'rejected', 'withdrawn')
                   AND NOT EXISTS (
                       SELECT 1 FROM stage_changes r
                       WHERE r.tenant_id = $1 AND r.application_id = h.application_id
                         AND r.sequence > h.sequence))
        FROM stage_changes h %2$s
        WHERE h.tenant_id = $1 AND h.at >= $6[1] AND h.kind <> 'moved'
        GROUP BY 1, 2
        UNION ALL
        SELECT width_bucket(h.starts_at, $6), 'interview', count(*), count(*)
        FROM interviews h %2$s
        WHERE h.tenant_id = $1 AND h.status = 'scheduled'
          AND h.starts_at >= $6[1] AND h.starts_at < $6[array_upper($6, 1)]
        GROUP BY 1
    $query$, filters, joined)
    USING p_tenant, p_job, p_department, p_source, p_recruiter, p_bounds;
END
$$;

-- What became of those who applied from p_from and before p_to: one row. An application came further
-- than a stage when it ever stood in one with a higher position. The first answer is the first of a
-- message that says more than that the application arrived, a decision or move of ours, and the
-- beginning of an interview; who was imported or sourced waits for none.
CREATE OR REPLACE FUNCTION hiring_cohort_v1(
    p_tenant uuid, p_job uuid, p_department text, p_source text, p_recruiter uuid,
    p_from timestamptz, p_to timestamptz, p_now timestamptz
)
RETURNS TABLE (funnel jsonb, first_answer jsonb, unanswered bigint, sources jsonb, jobs jsonb)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY EXECUTE format($query$
        WITH cohort AS MATERIALIZED (
            SELECT a.id, a.job_id, a.stage_id, a.source, a.disposition, a.applied_at
            FROM applications a
            WHERE a.tenant_id = $1 AND a.applied_at >= $6 AND a.applied_at < $7 %s
        ), steps AS MATERIALIZED (
            SELECT h.application_id, h.sequence, h.at, h.kind, h.to_stage_id, h.to_stage_name,
                   h.to_stage_kind, h.to_stage_position
            FROM stage_changes h
            JOIN cohort c ON c.id = h.application_id
            WHERE h.tenant_id = $1 AND h.at >= $6
        ), ways AS MATERIALIZED (
            SELECT s.application_id, max(s.to_stage_position) AS furthest,
                   min(s.at) FILTER (WHERE s.sequence > 1 AND s.kind <> 'withdrawn') AS moved_at
            FROM steps s GROUP BY s.application_id
        ), told AS (
            SELECT m.application_id, min(m.sent_at) AS at
            FROM messages m JOIN cohort c ON c.id = m.application_id
            WHERE m.tenant_id = $1 AND m.created_at >= $6 AND m.state = 'sent'
              AND m.purpose <> 'application_received'
              AND COALESCE(m.delivery, '') NOT IN ('dropped', 'bounced')
            GROUP BY m.application_id
        ), met AS (
            SELECT i.application_id, min(i.starts_at) AS at
            FROM interviews i JOIN cohort c ON c.id = i.application_id
            WHERE i.tenant_id = $1 AND i.status = 'scheduled' AND i.starts_at <= $8
            GROUP BY i.application_id
        ), answers AS (
            SELECT c.disposition, c.applied_at, LEAST(w.moved_at, t.at, i.at) AS at
            FROM cohort c
            LEFT JOIN ways w ON w.application_id = c.id
            LEFT JOIN told t ON t.application_id = c.id
            LEFT JOIN met i ON i.application_id = c.id
            WHERE c.source NOT IN ('import', 'sourced')
        ), by_application AS (
            -- Sorted as bytes: names in the order of a language take three times as long.
            SELECT COALESCE(g.name, s.to_stage_name) COLLATE "C" AS stage, s.application_id,
                   min(COALESCE(g.kind, s.to_stage_kind) COLLATE "C") AS kind,
                   avg(COALESCE(g.position, s.to_stage_position)) AS place,
                   bool_or(w.furthest > s.to_stage_position) AS is_past,
                   bool_or(c.stage_id = s.to_stage_id) AS is_here,
                   min(c.disposition COLLATE "C") AS disposition
            FROM steps s
            JOIN ways w ON w.application_id = s.application_id
            JOIN cohort c ON c.id = s.application_id
            LEFT JOIN stages g ON g.tenant_id = $1 AND g.id = s.to_stage_id
            GROUP BY 1, 2
        ), by_stage AS (
            SELECT b.stage, mode() WITHIN GROUP (ORDER BY b.kind) AS kind, avg(b.place) AS place,
                   count(*) AS entered,
                   count(*) FILTER (WHERE b.is_past) AS passed_on,
                   count(*) FILTER (WHERE NOT b.is_past AND b.is_here
                                      AND b.disposition = 'active') AS here,
                   count(*) FILTER (WHERE NOT b.is_past AND b.is_here
                                      AND b.disposition = 'hired') AS hired,
                   count(*) FILTER (WHERE NOT b.is_past AND b.is_here
                                      AND b.disposition = 'rejected') AS rejected,
                   count(*) FILTER (WHERE NOT b.is_past AND b.is_here
                                      AND b.disposition = 'withdrawn') AS withdrawn,
                   count(*) FILTER (WHERE NOT b.is_past AND NOT b.is_here) AS moved_back
            FROM by_application b GROUP BY b.stage
        )
        SELECT
            (SELECT COALESCE(jsonb_agg(jsonb_build_object(
                    'stage', b.stage, 'kind', b.kind, 'entered', b.entered,
                    'passed_on', b.passed_on, 'here', b.here, 'hired', b.hired,
                    'rejected', b.rejected, 'withdrawn', b.withdrawn, 'moved_back', b.moved_back)
                ORDER BY b.place, b.stage), '[]') FROM by_stage b),
            (SELECT jsonb_build_object('n', p.amount, 'median', p.days[1], 'p90', p.days[2])
             FROM (SELECT count(*) AS amount, percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
                       ORDER BY extract(epoch FROM n.at - n.applied_at) / 86400) AS days
                   FROM answers n WHERE n.at IS NOT NULL) p),
            (SELECT count(*) FROM answers n WHERE n.at IS NULL AND n.disposition = 'active'),
            (SELECT COALESCE(jsonb_agg(jsonb_build_object('id', x.source, 'name', x.source,
                    'applied', x.applied, 'hired', x.hired, 'active', x.active)
                ORDER BY x.applied DESC, x.source), '[]')
             FROM (SELECT c.source, count(*) AS applied,
                          count(*) FILTER (WHERE c.disposition = 'hired') AS hired,
                          count(*) FILTER (WHERE c.disposition = 'active') AS active
                   FROM cohort c GROUP BY c.source) x),
            (SELECT COALESCE(jsonb_agg(jsonb_build_object('id', x.job_id, 'name', j.title,
                    'applied', x.applied, 'hired', x.hired, 'active', x.active)
                ORDER BY x.applied DESC, j.title, x.job_id), '[]')
             FROM (SELECT c.job_id, count(*) AS applied,
                          count(*) FILTER (WHERE c.disposition = 'hired') AS hired,
                          count(*) FILTER (WHERE c.disposition = 'active') AS active
                   FROM cohort c GROUP BY c.job_id ORDER BY 2 DESC, 1 LIMIT 200) x
             JOIN jobs j ON j.tenant_id = $1 AND j.id = x.job_id)
    $query$, figure_filters_v1(p_job, p_department, p_source, p_recruiter))
    USING p_tenant, p_job, p_department, p_source, p_recruiter, p_from, p_to, p_now;
END
$$;

-- What came to its end from p_from and before p_to: stays in stages, ways to a hire, and what became
-- of the offers that were made then. One row. Where a stay began is mostly within the period as well:
-- only for the first change of each application there one has to look before it.
CREATE OR REPLACE FUNCTION hiring_pace_v1(
    p_tenant uuid, p_job uuid, p_department text, p_source text, p_recruiter uuid,
    p_from timestamptz, p_to timestamptz
)
RETURNS TABLE (stages jsonb, time_to_hire jsonb, offers jsonb)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
DECLARE
    filters text := figure_filters_v1(p_job, p_department, p_source, p_recruiter);
    joined text := '';
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF filters <> '' THEN
        joined := 'JOIN applications a ON a.tenant_id = $1 AND a.id = h.application_id' || filters;
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH changes AS MATERIALIZED (
            SELECT h.application_id, h.sequence, h.at, h.kind, h.from_stage_id, h.from_stage_name,
                   h.from_disposition, h.to_stage_kind, lag(h.at) OVER way AS before
            FROM stage_changes h %s
            WHERE h.tenant_id = $1 AND h.at >= $6 AND h.at < $7
            WINDOW way AS (PARTITION BY h.application_id ORDER BY h.sequence)
        ), stays AS (
            -- Sorted as bytes: names in the order of a language take three times as long.
            SELECT COALESCE(g.name, c.from_stage_name) COLLATE "C" AS stage, g.position AS place,
                   extract(epoch FROM c.at - COALESCE(c.before, (
                       -- Numbers in between are missing: being assigned is counted, and is no
                       -- change of stage.
                       SELECT e.at FROM stage_changes e
                       WHERE e.tenant_id = $1 AND e.application_id = c.application_id
                         AND e.sequence < c.sequence
                       ORDER BY e.sequence DESC LIMIT 1))) / 86400 AS days
            FROM changes c
            LEFT JOIN stages g ON g.tenant_id = $1 AND g.id = c.from_stage_id
            WHERE c.from_disposition = 'active'
        ), by_stage AS (
            SELECT s.stage, avg(s.place) AS place, count(*) AS amount,
                   percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY s.days) AS days
            FROM stays s GROUP BY s.stage
        ), hires AS (
            SELECT count(*) AS amount,
                   percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
                       ORDER BY extract(epoch FROM c.at - t.applied_at) / 86400) AS days
            FROM changes c
            JOIN applications t ON t.tenant_id = $1 AND t.id = c.application_id
            WHERE c.kind = 'hired' AND NOT EXISTS (
                SELECT 1 FROM stage_changes r
                WHERE r.tenant_id = $1 AND r.application_id = c.application_id
                  AND r.sequence > c.sequence)
        ), offered AS (
            SELECT t.disposition, count(DISTINCT c.application_id) AS amount
            FROM changes c
            JOIN applications t ON t.tenant_id = $1 AND t.id = c.application_id
            WHERE c.to_stage_kind = 'offer' AND c.kind IN ('applied', 'moved', 'reopened')
              AND NOT EXISTS (
                SELECT 1 FROM stage_changes r
                WHERE r.tenant_id = $1 AND r.application_id = c.application_id
                  AND r.sequence < c.sequence AND r.to_stage_kind = 'offer')
            GROUP BY t.disposition
        )
        SELECT
            (SELECT COALESCE(jsonb_agg(jsonb_build_object('stage', b.stage, 'days',
                    jsonb_build_object('n', b.amount, 'median', b.days[1], 'p90', b.days[2]))
                ORDER BY b.place NULLS LAST, b.stage), '[]') FROM by_stage b),
            (SELECT jsonb_build_object('n', h.amount, 'median', h.days[1], 'p90', h.days[2])
             FROM hires h),
            (SELECT COALESCE(jsonb_object_agg(o.disposition, o.amount), '{}') FROM offered o)
    $query$, joined)
    USING p_tenant, p_job, p_department, p_source, p_recruiter, p_from, p_to;
END
$$;

-- How long active candidates have heard nothing at p_now, and the ten who wait the longest. Who has
-- an interview ahead waits for nothing.
CREATE OR REPLACE FUNCTION silences_v1(
    p_tenant uuid, p_job uuid, p_department text, p_source text, p_recruiter uuid,
    p_now timestamptz, p_worst integer
)
RETURNS TABLE (silence jsonb, longest jsonb)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY EXECUTE format($query$
        WITH waiting AS MATERIALIZED (
            SELECT a.id, a.candidate_id, a.job_id, a.stage_id, a.assignee_id, w.last_word_at
            FROM last_words_v1($1, NULL) w
            JOIN applications a ON a.tenant_id = $1 AND a.id = w.application_id
            WHERE w.last_word_at < $6 %s
        ), worst AS (
            SELECT w.* FROM waiting w ORDER BY w.last_word_at, w.id LIMIT $7
        )
        SELECT
            (SELECT jsonb_build_object('n', s.amount, 'median', s.days[1], 'p90', s.days[2])
             FROM (SELECT count(*) AS amount, percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
                       ORDER BY extract(epoch FROM $6 - w.last_word_at) / 86400) AS days
                   FROM waiting w) s),
            (SELECT COALESCE(jsonb_agg(jsonb_build_object(
                    'application_id', w.id, 'candidate_id', w.candidate_id,
                    'candidate_name', p.full_name, 'job_id', w.job_id, 'job_title', j.title,
                    'stage', g.name, 'assignee_name', m.name,
                    'last_word_at', to_char(w.last_word_at AT TIME ZONE 'UTC',
                                            'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                    'days', extract(epoch FROM $6 - w.last_word_at) / 86400)
                ORDER BY w.last_word_at, w.id), '[]')
             FROM worst w
             JOIN candidates p ON p.tenant_id = $1 AND p.id = w.candidate_id
             JOIN jobs j ON j.tenant_id = $1 AND j.id = w.job_id
             JOIN stages g ON g.tenant_id = $1 AND g.id = w.stage_id
             LEFT JOIN members m ON m.tenant_id = $1 AND m.id = w.assignee_id)
    $query$, figure_filters_v1(p_job, p_department, p_source, p_recruiter))
    USING p_tenant, p_job, p_department, p_source, p_recruiter, p_now, p_worst;
END
$$;

-- What became of the messages to candidates that were written from p_from and before p_to; those
-- without an application are to members. Only what services tell is known of what happened after
-- they took a message.
CREATE OR REPLACE FUNCTION mail_figures_v1(
    p_tenant uuid, p_job uuid, p_department text, p_source text, p_recruiter uuid,
    p_from timestamptz, p_to timestamptz
)
RETURNS TABLE (
    sent bigint, waiting bigint, failed bigint, unknown bigint, delivered bigint, bounced bigint,
    complained bigint, opened bigint, opened_by_machines bigint, clicked bigint
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
DECLARE
    filters text := figure_filters_v1(p_job, p_department, p_source, p_recruiter);
    joined text := '';
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF filters <> '' THEN
        joined := 'JOIN applications a ON a.tenant_id = $1 AND a.id = m.application_id' || filters;
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT count(*) FILTER (WHERE m.sent_at IS NOT NULL),
               count(*) FILTER (WHERE m.state IN ('queued', 'sending')),
               count(*) FILTER (WHERE m.state = 'failed' AND m.sent_at IS NULL),
               count(*) FILTER (WHERE m.state = 'unknown'),
               count(*) FILTER (WHERE m.delivery IN ('delivered', 'complained')),
               count(*) FILTER (WHERE m.delivery IN ('bounced', 'dropped')),
               count(*) FILTER (WHERE m.delivery = 'complained'),
               count(*) FILTER (WHERE m.opened_at IS NOT NULL),
               count(*) FILTER (WHERE m.opened_at IS NULL AND m.sent_at IS NOT NULL AND EXISTS (
                   SELECT 1 FROM message_events e
                   WHERE e.tenant_id = $1 AND e.message_id = m.id
                     AND e.kind = 'opened' AND e.machine)),
               count(*) FILTER (WHERE m.clicked_at IS NOT NULL)
        FROM messages m %s
        WHERE m.tenant_id = $1 AND m.created_at >= $6 AND m.created_at < $7
          AND m.application_id IS NOT NULL
    $query$, joined)
    USING p_tenant, p_job, p_department, p_source, p_recruiter, p_from, p_to;
END
$$;

-- What figures can be narrowed to: no more than a person would choose from.
CREATE OR REPLACE FUNCTION figure_choices_v1(p_tenant uuid)
RETURNS TABLE (jobs jsonb, departments text[], recruiters jsonb)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY SELECT
        (SELECT COALESCE(jsonb_agg(jsonb_build_object('id', j.id, 'name', j.title)
                ORDER BY lower(j.title), j.id), '[]')
         FROM (SELECT i.id, i.title FROM jobs i
               WHERE i.tenant_id = p_tenant AND i.status <> 'draft'
               ORDER BY i.created_at DESC, i.id DESC LIMIT 300) j),
        ARRAY(SELECT DISTINCT j.department FROM jobs j
              WHERE j.tenant_id = p_tenant AND j.department <> ''
              ORDER BY j.department LIMIT 200),
        (SELECT COALESCE(jsonb_agg(jsonb_build_object('id', m.id, 'name', m.name)
                ORDER BY lower(m.name), m.id), '[]')
         FROM members m
         WHERE m.tenant_id = p_tenant AND m.status = 'active'
           AND m.role IN ('admin', 'recruiter'));
END
$$;
