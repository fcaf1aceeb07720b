-- A tenant's log of events, read by the streams.

-- Where the log begins and ends; 1 and 0 while it is empty.
CREATE OR REPLACE FUNCTION event_log_bounds_v1(p_tenant uuid)
RETURNS TABLE (first_position bigint, last_position bigint)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT COALESCE(max(l.first_position), 1), COALESCE(max(l.last_position), 0)
    FROM event_logs l WHERE l.tenant_id = p_tenant;
END
$$;

-- Up to p_limit events after a position, in order. Gapless unless they were removed meanwhile.
CREATE OR REPLACE FUNCTION events_after_v1(p_tenant uuid, p_after bigint, p_limit integer)
RETURNS TABLE (
    log_position bigint, type text, version smallint, aggregate text, aggregate_id uuid,
    payload jsonb, occurred_at timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT o.position, o.type, o.version, o.aggregate, o.aggregate_id, o.payload, o.occurred_at
    FROM outbox o
    WHERE o.tenant_id = p_tenant AND o.position > p_after
    ORDER BY o.position
    LIMIT p_limit;
END
$$;

-- Which of some events are about applications or candidates that an interviewer may see now.
CREATE OR REPLACE FUNCTION assigned_events_v1(p_tenant uuid, p_member uuid, p_positions bigint[])
RETURNS TABLE (log_position bigint)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    RETURN QUERY
    WITH seen AS MATERIALIZED (
        SELECT v.application_id, v.candidate_id FROM visible_applications_v1(p_tenant, p_member) v
    )
    SELECT o.position
    FROM outbox o
    WHERE o.tenant_id = p_tenant AND o.position = ANY (p_positions)
      AND CASE
        WHEN o.aggregate = 'application'
            THEN o.aggregate_id IN (SELECT s.application_id FROM seen s)
        WHEN o.aggregate = 'candidate'
            THEN o.aggregate_id IN (SELECT s.candidate_id FROM seen s)
        ELSE (o.payload ->> 'application_id')::uuid IN (SELECT s.application_id FROM seen s)
      END;
END
$$;
