-- What workers need across tenants: to learn which task is due and lease it, and to promise periodic
-- work to every tenant. Neither shows a payload; the worker reads that as the tenant.
-- grant execute to: relay
-- definer reads: tasks, tenants
-- definer writes: tasks

-- Lease up to p_limit due tasks. The attempt is counted here, before the work, so that a task which
-- kills its worker runs out of attempts too. A task that used up its attempts is closed as dead.
CREATE OR REPLACE FUNCTION claim_tasks_v1(p_limit integer, p_lease interval, p_attempts integer)
RETURNS TABLE (tenant_id uuid, id uuid, kind text, attempt integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    UPDATE public.tasks t
    SET dead_at = clock_timestamp(),
        lease_until = NULL,
        last_error = COALESCE(t.last_error, 'the worker ended during the work')
    FROM (
        SELECT d.tenant_id, d.id FROM public.tasks d
        WHERE d.finished_at IS NULL AND d.dead_at IS NULL AND d.run_at <= clock_timestamp()
          AND d.attempts >= p_attempts AND d.lease_until < clock_timestamp()
        FOR UPDATE SKIP LOCKED
    ) lost
    WHERE t.tenant_id = lost.tenant_id AND t.id = lost.id;

    RETURN QUERY
    WITH due AS (
        SELECT d.tenant_id, d.id FROM public.tasks d
        WHERE d.finished_at IS NULL AND d.dead_at IS NULL AND d.run_at <= clock_timestamp()
          AND d.attempts < p_attempts
          AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp())
        ORDER BY d.run_at, d.tenant_id, d.id
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    )
    UPDATE public.tasks t
    SET attempts = t.attempts + 1, lease_until = clock_timestamp() + p_lease
    FROM due
    WHERE t.tenant_id = due.tenant_id AND t.id = due.id
    RETURNING t.tenant_id, t.id, t.kind, t.attempts::integer;
END
$$;

-- When the next task falls due, so that a worker knows how long it may sleep; NULL when none waits.
CREATE OR REPLACE FUNCTION next_task_at_v1()
RETURNS TABLE (due_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT min(GREATEST(t.run_at, COALESCE(t.lease_until, t.run_at)))
    FROM public.tasks t
    WHERE t.finished_at IS NULL AND t.dead_at IS NULL;
END
$$;

-- Promise a periodic task to every tenant once per slot; asking again for a slot changes nothing.
CREATE OR REPLACE FUNCTION promise_periodic_v1(p_kind text, p_slot text)
RETURNS TABLE (promised bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    amount bigint;
BEGIN
    INSERT INTO public.tasks (tenant_id, id, kind, payload, unique_key, created_at, run_at)
    SELECT n.id, gen_random_uuid(), p_kind, '{}'::jsonb, p_kind || ':' || p_slot, now(), now()
    FROM public.tenants n
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS amount = ROW_COUNT;
    RETURN QUERY SELECT amount;
END
$$;
