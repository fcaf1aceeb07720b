-- Promising background work in the transaction of what promises it, and ending it in that of its effect.

-- Inserts promises and wakes the relay at the commit; returns the ids of those that were made: a key
-- that the tenant has already makes none. `run_at`: null is at once.
CREATE OR REPLACE FUNCTION promise_tasks_v1(p_tenant uuid, p_works jsonb)
RETURNS TABLE (made uuid)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    INSERT INTO tasks (
        tenant_id, id, kind, payload, unique_key, created_at, run_at, queue, request_id
    )
    SELECT p_tenant, w.id, w.kind, w.payload, w.unique_key, now(), COALESCE(w.run_at, now()),
           w.queue, w.request_id
    FROM jsonb_to_recordset(p_works) AS w(
        id uuid, kind text, payload jsonb, unique_key text, run_at timestamptz, queue text,
        request_id text)
    ON CONFLICT (tenant_id, unique_key) DO NOTHING
    RETURNING id;
    IF FOUND THEN
        PERFORM pg_notify('tasks_promised', '');
    END IF;
END
$$;

-- Note that deliveries of events are done, p_attempts[i] of the task p_ids[i], and return them; those
-- whose attempt isn't the present one are left out. Where tasks are named, COALESCE(finished_at, dead_at)
-- asks whether they are open: two conditions would have PostgreSQL read the index of all that are open.
CREATE OR REPLACE FUNCTION finish_deliveries_v1(p_tenant uuid, p_ids uuid[], p_attempts integer[])
RETURNS TABLE (done uuid, of_kind text, said text, about uuid, place bigint)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    UPDATE tasks t
    SET finished_at = clock_timestamp(), lease_until = NULL, sent_until = NULL, last_error = NULL
    FROM unnest(p_ids, p_attempts) AS w (id, attempt)
    WHERE t.tenant_id = p_tenant AND t.id = w.id AND t.attempts = w.attempt
      AND COALESCE(t.finished_at, t.dead_at) IS NULL AND t.event_id IS NOT NULL
    RETURNING t.id, t.kind, t.payload::text, t.event_id, t.event_position;
END
$$;
