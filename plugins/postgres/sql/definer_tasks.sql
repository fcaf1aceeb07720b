-- What the relay and the workers need across tenants: to learn which task is due, to lease it and to
-- keep the lease. Nothing shows a payload; a worker
-- reads that as the tenant. A row that is locked is being finished or changed: it is skipped, never
-- waited for, since one call is about many tasks. Where tasks are named, COALESCE(finished_at, dead_at)
-- asks whether they are open: two conditions would have PostgreSQL read the index of all that are open.
-- grant execute to: relay
-- definer reads: tasks
-- definer writes: tasks

-- Take up to p_limits[i] due tasks of p_queues[i] to be sent to workers, and look at them again after
-- p_resend: the message may be lost. was_interrupted: a worker ended during an earlier attempt.
-- must_wait: an earlier event of the same ordering key isn't done; nothing is to be sent, the task is
-- only counted. A task whose attempts all ended their workers is closed and not returned.
CREATE OR REPLACE FUNCTION claim_tasks_v2(
    p_queues text[], p_limits integer[], p_resend interval, p_attempts integer
)
RETURNS TABLE (tenant_id uuid, id uuid, queue text, was_interrupted boolean, must_wait boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    FOR place IN 1 .. COALESCE(array_length(p_queues, 1), 0) LOOP
        CONTINUE WHEN p_limits[place] <= 0;
        RETURN QUERY
        WITH due AS (
            SELECT d.ctid AS row, d.attempts >= p_attempts AS is_spent,
                d.ordering_key IS NOT NULL AND EXISTS (
                    SELECT FROM public.tasks e
                    WHERE e.tenant_id = d.tenant_id AND e.subscriber = d.subscriber
                      AND e.ordering_key = d.ordering_key AND e.event_position < d.event_position
                      AND e.finished_at IS NULL
                ) AS waits
            FROM public.tasks d
            WHERE d.queue = p_queues[place] AND d.finished_at IS NULL AND d.dead_at IS NULL
              AND GREATEST(d.run_at, d.sent_until, d.lease_until) <= moment
            ORDER BY GREATEST(d.run_at, d.sent_until, d.lease_until), d.tenant_id, d.id
            LIMIT p_limits[place]
            FOR UPDATE SKIP LOCKED
        ), taken AS (
            UPDATE public.tasks t
            SET sent_until = CASE
                    WHEN due.is_spent THEN NULL
                    WHEN due.waits THEN moment + interval '5 seconds'
                    ELSE moment + p_resend
                END,
                dead_at = CASE WHEN due.is_spent THEN moment END,
                dead_reason = CASE WHEN due.is_spent THEN 'killed' END,
                lease_until = CASE WHEN due.is_spent THEN NULL ELSE t.lease_until END,
                last_error = CASE
                    WHEN due.is_spent THEN COALESCE(t.last_error, 'the worker ended during the work')
                    ELSE t.last_error
                END
            FROM due
            WHERE t.ctid = due.row
            RETURNING t.tenant_id, t.id, t.queue, t.lease_until IS NOT NULL AS interrupted,
                due.waits, due.is_spent
        )
        SELECT n.tenant_id, n.id, n.queue, n.interrupted, n.waits FROM taken n WHERE NOT n.is_spent;
    END LOOP;
END
$$;

-- When the next task of these queues has to be looked at, so that the relay knows how long it may
-- sleep; NULL when none waits.
CREATE OR REPLACE FUNCTION next_task_at_v2(p_queues text[])
RETURNS TABLE (due_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT min(n.due) FROM unnest(p_queues) AS q (name)
    CROSS JOIN LATERAL (
        SELECT GREATEST(t.run_at, t.sent_until, t.lease_until) AS due
        FROM public.tasks t
        WHERE t.queue = q.name AND t.finished_at IS NULL AND t.dead_at IS NULL
        ORDER BY GREATEST(t.run_at, t.sent_until, t.lease_until)
        LIMIT 1
    ) n;
END
$$;

-- Count an attempt at each of these tasks and lease it, before its work begins: so a task that kills
-- its worker runs out of attempts too. Only those are returned that may be worked on now. One whose
-- last attempt was interrupted may only be begun by a worker that runs nothing else meanwhile
-- (p_alone), lest a task that kills its worker use up the attempts of its neighbours.
CREATE OR REPLACE FUNCTION begin_tasks_v1(
    p_tenants uuid[], p_ids uuid[], p_alone boolean[], p_lease interval, p_attempts integer
)
RETURNS TABLE (
    tenant_id uuid, id uuid, kind text, subscriber text, ordering_key text, request_id text,
    attempt integer
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    RETURN QUERY
    WITH free AS (
        SELECT t.ctid AS row
        FROM unnest(p_tenants, p_ids, p_alone) AS w (tenant_id, id, alone)
        JOIN public.tasks t ON t.tenant_id = w.tenant_id AND t.id = w.id
        WHERE COALESCE(t.finished_at, t.dead_at) IS NULL AND t.attempts < p_attempts
          AND t.run_at <= moment
          AND (t.lease_until IS NULL OR (t.lease_until <= moment AND w.alone))
        FOR UPDATE OF t SKIP LOCKED
    )
    UPDATE public.tasks t
    SET attempts = t.attempts + 1, lease_until = moment + p_lease, sent_until = NULL
    FROM free
    WHERE t.ctid = free.row
    RETURNING t.tenant_id, t.id, t.kind, t.subscriber, t.ordering_key, t.request_id,
        t.attempts::integer;
END
$$;

-- Keep the leases of attempts that go on.
CREATE OR REPLACE FUNCTION renew_tasks_v1(
    p_tenants uuid[], p_ids uuid[], p_attempts integer[], p_lease interval
)
RETURNS TABLE (renewed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    amount bigint;
BEGIN
    WITH held AS (
        SELECT t.tenant_id, t.id
        FROM unnest(p_tenants, p_ids, p_attempts) AS w (tenant_id, id, attempt)
        JOIN public.tasks t ON t.tenant_id = w.tenant_id AND t.id = w.id AND t.attempts = w.attempt
        WHERE COALESCE(t.finished_at, t.dead_at) IS NULL AND t.lease_until IS NOT NULL
        FOR UPDATE OF t SKIP LOCKED
    )
    UPDATE public.tasks t SET lease_until = clock_timestamp() + p_lease
    FROM held
    WHERE t.tenant_id = held.tenant_id AND t.id = held.id;
    GET DIAGNOSTICS amount = ROW_COUNT;
    RETURN QUERY SELECT amount;
END
$$;

-- The broker has lost its messages: send what was sent and not begun once more.
CREATE OR REPLACE FUNCTION forget_sent_v1()
RETURNS TABLE (forgotten bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    amount bigint;
BEGIN
    WITH sent AS (
        SELECT t.tenant_id, t.id FROM public.tasks t
        WHERE t.finished_at IS NULL AND t.dead_at IS NULL AND t.sent_until > clock_timestamp()
        FOR UPDATE SKIP LOCKED
    )
    UPDATE public.tasks t SET sent_until = NULL
    FROM sent
    WHERE t.tenant_id = sent.tenant_id AND t.id = sent.id;
    GET DIAGNOSTICS amount = ROW_COUNT;
    RETURN QUERY SELECT amount;
END
$$;

-- Take back attempts that a worker was told to give up; they count for nothing.
CREATE OR REPLACE FUNCTION release_tasks_v1(p_tenants uuid[], p_ids uuid[], p_attempts integer[])
RETURNS TABLE (released bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    amount bigint;
BEGIN
    WITH held AS (
        SELECT t.tenant_id, t.id
        FROM unnest(p_tenants, p_ids, p_attempts) AS w (tenant_id, id, attempt)
        JOIN public.tasks t ON t.tenant_id = w.tenant_id AND t.id = w.id AND t.attempts = w.attempt
        WHERE COALESCE(t.finished_at, t.dead_at) IS NULL AND t.lease_until IS NOT NULL
        FOR UPDATE OF t SKIP LOCKED
    )
    UPDATE public.tasks t SET attempts = t.attempts - 1, lease_until = NULL, sent_until = NULL
    FROM held
    WHERE t.tenant_id = held.tenant_id AND t.id = held.id;
    GET DIAGNOSTICS amount = ROW_COUNT;
    PERFORM pg_notify('tasks_promised', '');
    RETURN QUERY SELECT amount;
END
$$;

-- Let the next event of each of these ordering keys be claimed at once.
CREATE OR REPLACE FUNCTION free_next_tasks_v1(p_tenants uuid[], p_subscribers text[], p_keys text[])
RETURNS TABLE (freed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    amount bigint;
BEGIN
    WITH next AS (
        SELECT f.tenant_id, f.id
        FROM unnest(p_tenants, p_subscribers, p_keys) AS w (tenant_id, subscriber, ordering_key)
        CROSS JOIN LATERAL (
            SELECT t.tenant_id, t.id FROM public.tasks t
            WHERE t.tenant_id = w.tenant_id AND t.subscriber = w.subscriber
              AND t.ordering_key = w.ordering_key AND t.finished_at IS NULL
            ORDER BY t.event_position LIMIT 1
        ) f
    )
    UPDATE public.tasks t SET sent_until = NULL
    FROM next
    WHERE t.tenant_id = next.tenant_id AND t.id = next.id AND t.lease_until IS NULL;
    GET DIAGNOSTICS amount = ROW_COUNT;
    IF amount > 0 THEN
        PERFORM pg_notify('tasks_promised', '');
    END IF;
    RETURN QUERY SELECT amount;
END
$$;
