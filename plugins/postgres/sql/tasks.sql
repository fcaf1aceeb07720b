-- Promising background work, in the transaction of what promises it.

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
