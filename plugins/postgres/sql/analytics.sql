-- Figures from the immutable history: one round trip, as the application, under row-level security.

-- One row: totals, figures of each stage by name, and the time to hire. A stay ends with the next
-- entry of the application; the percentiles interpolate (percentile_cont).
CREATE OR REPLACE FUNCTION pipeline_analytics_v1(p_tenant uuid, p_job uuid)
RETURNS TABLE (
    applications bigint, active bigint, hired bigint, rejected bigint, withdrawn bigint,
    stages jsonb, time_to_hire jsonb
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    WITH entries AS (
        SELECT h.application_id, h.kind, h.at, h.to_stage_name AS stage, h.to_stage_kind AS kind_of,
               h.to_stage_position AS position, h.to_disposition AS disposition,
               lead(h.at) OVER steps AS ended_at,
               max(h.to_stage_position) OVER (
                   PARTITION BY h.application_id ORDER BY h.sequence
                   ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS furthest_after
        FROM stage_changes h
        WHERE h.tenant_id = p_tenant AND (p_job IS NULL OR h.job_id = p_job)
        WINDOW steps AS (PARTITION BY h.application_id ORDER BY h.sequence)
    ), present AS (
        SELECT a.disposition, s.name AS stage
        FROM applications a
        JOIN stages s ON s.tenant_id = p_tenant AND s.id = a.stage_id
        WHERE a.tenant_id = p_tenant AND (p_job IS NULL OR a.job_id = p_job)
    ), by_stage AS (
        SELECT e.stage, mode() WITHIN GROUP (ORDER BY e.kind_of) AS kind_of,
               avg(e.position) AS place,
               count(DISTINCT e.application_id) AS entered,
               count(DISTINCT e.application_id)
                   FILTER (WHERE e.furthest_after > e.position) AS passed_on,
               count(e.ended_at) FILTER (WHERE e.disposition = 'active') AS stays,
               percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
                   ORDER BY extract(epoch FROM e.ended_at - e.at) / 86400)
                   FILTER (WHERE e.disposition = 'active' AND e.ended_at IS NOT NULL) AS days
        FROM entries e
        GROUP BY e.stage
    ), hires AS (
        SELECT count(*) AS amount,
               percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
                   ORDER BY extract(epoch FROM t.hired_at - t.applied_at) / 86400) AS days
        FROM (SELECT min(e.at) FILTER (WHERE e.kind = 'applied') AS applied_at,
                     max(e.at) FILTER (WHERE e.kind = 'hired') AS hired_at
              FROM entries e GROUP BY e.application_id) t
        WHERE t.hired_at IS NOT NULL AND t.applied_at IS NOT NULL
    )
    SELECT
        (SELECT count(*) FROM present),
        (SELECT count(*) FROM present p WHERE p.disposition = 'active'),
        (SELECT count(*) FROM present p WHERE p.disposition = 'hired'),
        (SELECT count(*) FROM present p WHERE p.disposition = 'rejected'),
        (SELECT count(*) FROM present p WHERE p.disposition = 'withdrawn'),
        COALESCE((SELECT jsonb_agg(jsonb_build_object(
                'stage', b.stage, 'kind', b.kind_of,
                'current', (SELECT count(*) FROM present p
                            WHERE p.disposition = 'active' AND p.stage = b.stage),
                'entered', b.entered, 'passed_on', b.passed_on,
                'conversion', round(b.passed_on::numeric / b.entered, 4),
                'days', jsonb_build_object('n', b.stays, 'median', b.days[1], 'p90', b.days[2]))
            ORDER BY b.place, b.stage) FROM by_stage b), '[]'),
        (SELECT jsonb_build_object('n', h.amount, 'median', h.days[1], 'p90', h.days[2])
         FROM hires h);
END
$$;
