-- What the sequencer needs across tenants: to give committed outbox rows their positions, to make a
-- delivery of each for each subscriber, and to remove those that are old. Nothing shows a payload.
-- grant execute to: relay
-- definer reads: outbox, event_logs, tasks
-- definer writes: outbox, event_logs, tasks

-- Give up to p_limit rows of each tenant the next positions, in the order of their ids. A row counts
-- as new because it has no position, never because its id is higher than one seen: ids of concurrent
-- transactions become visible in any order. Each tenant's row in event_logs is locked meanwhile, and
-- the rows are looked for under that lock, so that two sequencers can't give a position twice, and
-- neither skips a row that the other didn't see. Tenants go in order, so that they can't deadlock.
CREATE OR REPLACE FUNCTION sequence_outbox_v1(p_limit integer)
RETURNS TABLE (tenant_id uuid, sequenced bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    waiting uuid;
    base bigint;
    amount bigint;
BEGIN
    FOR waiting IN
        SELECT DISTINCT o.tenant_id FROM public.outbox o WHERE o.position IS NULL ORDER BY 1
    LOOP
        INSERT INTO public.event_logs AS l (tenant_id) VALUES (waiting) ON CONFLICT DO NOTHING;
        SELECT l.last_position INTO base
        FROM public.event_logs l WHERE l.tenant_id = waiting FOR UPDATE;
        CONTINUE WHEN base IS NULL;
        WITH pending AS (
            SELECT n.id, row_number() OVER (ORDER BY n.id) AS place
            FROM (
                SELECT o.id FROM public.outbox o
                WHERE o.tenant_id = waiting AND o.position IS NULL
                ORDER BY o.id LIMIT p_limit
            ) n
        )
        UPDATE public.outbox o
        SET position = base + p.place, sequenced_at = clock_timestamp()
        FROM pending p
        WHERE o.tenant_id = waiting AND o.id = p.id;
        GET DIAGNOSTICS amount = ROW_COUNT;
        CONTINUE WHEN amount = 0;
        UPDATE public.event_logs l SET last_position = base + amount WHERE l.tenant_id = waiting;
        PERFORM pg_notify('events_ready', waiting::text);
        RETURN QUERY SELECT waiting, amount;
    END LOOP;
END
$$;

-- Tenants with events that weren't handed to their subscribers yet.
CREATE OR REPLACE FUNCTION tenants_to_dispatch_v1()
RETURNS TABLE (tenant_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT l.tenant_id FROM public.event_logs l
    WHERE l.dispatched_position < l.last_position ORDER BY l.tenant_id;
END
$$;

-- Hand up to p_limit of a tenant's next events to its subscribers: one task for each event and each
-- subscription i, which is p_subscribers[i] asking for events of p_types[i]. The cursor moves on under
-- the lock of the tenant's log, in the transaction that makes the tasks, so that none is missed and
-- none is made twice. What the task needs of the event is copied: the log may be pruned before.
CREATE OR REPLACE FUNCTION dispatch_events_v1(
    p_tenant uuid, p_types text[], p_subscribers text[], p_queues text[], p_ordered boolean[],
    p_limit integer
)
RETURNS TABLE (dispatched bigint, made bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    after bigint;
    upto bigint;
    amount bigint;
BEGIN
    SELECT l.dispatched_position, LEAST(l.last_position, l.dispatched_position + p_limit)
    INTO after, upto
    FROM public.event_logs l WHERE l.tenant_id = p_tenant FOR UPDATE;
    IF upto IS NULL OR upto = after THEN
        RETURN QUERY SELECT 0::bigint, 0::bigint;
        RETURN;
    END IF;
    INSERT INTO public.tasks (
        tenant_id, id, kind, payload, created_at, run_at, queue, event_id, event_position,
        subscriber, ordering_key, request_id
    )
    SELECT p_tenant, gen_random_uuid(), o.type,
        jsonb_build_object('version', o.version, 'occurred_at', o.occurred_at, 'event', o.payload),
        clock_timestamp(), clock_timestamp(), s.queue, o.id, o.position, s.subscriber,
        CASE WHEN s.is_ordered THEN o.aggregate || ':' || o.aggregate_id END, o.request_id
    FROM public.outbox o
    JOIN unnest(p_types, p_subscribers, p_queues, p_ordered)
        AS s (type, subscriber, queue, is_ordered) ON s.type = o.type
    WHERE o.tenant_id = p_tenant AND o.position > after AND o.position <= upto
    ORDER BY o.position;
    GET DIAGNOSTICS amount = ROW_COUNT;
    UPDATE public.event_logs l SET dispatched_position = upto WHERE l.tenant_id = p_tenant;
    IF amount > 0 THEN
        PERFORM pg_notify('tasks_promised', '');
    END IF;
    RETURN QUERY SELECT upto - after, amount;
END
$$;

-- Remove up to p_limit of each tenant's oldest events that were sequenced longer ago than p_keep and
-- that were handed to their subscribers.
CREATE OR REPLACE FUNCTION prune_event_logs_v1(p_keep interval, p_limit integer)
RETURNS TABLE (tenant_id uuid, removed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    log record;
    upto bigint;
BEGIN
    FOR log IN
        SELECT l.tenant_id AS tenant, l.first_position, l.dispatched_position
        FROM public.event_logs l ORDER BY l.tenant_id
    LOOP
        SELECT max(n.position) INTO upto FROM (
            SELECT o.position, o.sequenced_at FROM public.outbox o
            WHERE o.tenant_id = log.tenant AND o.position >= log.first_position
              AND o.position <= log.dispatched_position
            ORDER BY o.position LIMIT p_limit
        ) n
        WHERE n.sequenced_at < clock_timestamp() - p_keep;
        CONTINUE WHEN upto IS NULL;
        PERFORM 1 FROM public.event_logs l WHERE l.tenant_id = log.tenant FOR UPDATE;
        UPDATE public.event_logs l SET first_position = GREATEST(l.first_position, upto + 1)
        WHERE l.tenant_id = log.tenant;
        DELETE FROM public.outbox o WHERE o.tenant_id = log.tenant AND o.position <= upto;
        RETURN QUERY SELECT log.tenant, upto - log.first_position + 1;
    END LOOP;
END
$$;
