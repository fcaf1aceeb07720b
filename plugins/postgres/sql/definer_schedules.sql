-- What schedulers need across tenants: to learn which time of which schedule is due, and to promise
-- its task. Nothing leaves but tenants, names and instants.
-- grant execute to: relay
-- definer reads: schedules, schedule_firings, tasks, tenants, plugin_installations
-- definer writes: schedules, schedule_firings, tasks

-- The schedules that a tenant should have, or has by another definition. p_plugins[i] is the plugin
-- that must be enabled, or NULL. Those of plugins that aren't enabled any more are forgotten, so that
-- nothing is caught up when one is enabled again.
CREATE OR REPLACE FUNCTION schedules_to_place_v1(
    p_names text[], p_crons text[], p_in_tenants_zone boolean[], p_plugins text[]
)
RETURNS TABLE (tenant_id uuid, name text, cron text, zone text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    DELETE FROM public.schedules s
    WHERE s.name LIKE 'plugin:%' AND NOT EXISTS (
        SELECT FROM public.plugin_installations i
        WHERE i.tenant_id = s.tenant_id AND i.plugin_id = split_part(s.name, ':', 2)
          AND i.decision = 'enabled'
    );
    RETURN QUERY
    SELECT n.id, w.name, w.cron, z.zone
    FROM unnest(p_names, p_crons, p_in_tenants_zone, p_plugins) AS w (name, cron, local, plugin)
    CROSS JOIN public.tenants n
    CROSS JOIN LATERAL (SELECT CASE WHEN w.local THEN n.time_zone ELSE 'UTC' END AS zone) z
    LEFT JOIN public.schedules s ON s.tenant_id = n.id AND s.name = w.name
    WHERE (s.name IS NULL OR s.definition <> w.cron || ' ' || z.zone)
      AND (w.plugin IS NULL OR EXISTS (
            SELECT FROM public.plugin_installations i
            WHERE i.tenant_id = n.id AND i.plugin_id = w.plugin AND i.decision = 'enabled'
          ));
END
$$;

-- Note when schedules are due next, where nobody did so meanwhile.
CREATE OR REPLACE FUNCTION place_schedules_v1(
    p_tenants uuid[], p_names text[], p_definitions text[], p_next timestamptz[]
)
RETURNS TABLE (placed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    amount bigint;
BEGIN
    INSERT INTO public.schedules AS s (tenant_id, name, definition, next_at)
    SELECT w.tenant_id, w.name, w.definition, w.next_at
    FROM unnest(p_tenants, p_names, p_definitions, p_next)
        AS w (tenant_id, name, definition, next_at)
    JOIN public.tenants n ON n.id = w.tenant_id
    ORDER BY w.tenant_id, w.name
    ON CONFLICT (tenant_id, name) DO UPDATE
    SET definition = EXCLUDED.definition, next_at = EXCLUDED.next_at
    WHERE s.definition <> EXCLUDED.definition;
    GET DIAGNOSTICS amount = ROW_COUNT;
    RETURN QUERY SELECT amount;
END
$$;

-- Up to p_limit schedules whose time has come, locked until the transaction ends; and the present
-- moment by the database's clock, which is the one that all schedulers share.
CREATE OR REPLACE FUNCTION due_schedules_v1(p_names text[], p_limit integer)
RETURNS TABLE (tenant_id uuid, name text, definition text, next_at timestamptz, moment timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT s.tenant_id, s.name, s.definition, s.next_at, clock_timestamp()
    FROM public.schedules s
    WHERE s.next_at <= clock_timestamp() AND s.name = ANY (p_names)
    ORDER BY s.next_at, s.tenant_id, s.name
    LIMIT p_limit
    FOR UPDATE SKIP LOCKED;
END
$$;

-- Fire times and promise their tasks; a time that was fired before is passed over. Returns how many
-- were fired now.
CREATE OR REPLACE FUNCTION fire_schedules_v1(
    p_tenants uuid[], p_names text[], p_fire_at timestamptz[], p_kinds text[], p_queues text[],
    p_payloads text[]
)
RETURNS TABLE (fired bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    amount bigint;
BEGIN
    WITH wanted AS (
        SELECT w.*, gen_random_uuid() AS task_id
        FROM unnest(p_tenants, p_names, p_fire_at, p_kinds, p_queues, p_payloads)
            AS w (tenant_id, name, fire_at, kind, queue, payload)
    ), fired AS (
        INSERT INTO public.schedule_firings (tenant_id, schedule, fire_at, task_id, made_at)
        SELECT w.tenant_id, w.name, w.fire_at, w.task_id, clock_timestamp()
        FROM wanted w ORDER BY w.tenant_id, w.name, w.fire_at
        ON CONFLICT DO NOTHING
        RETURNING schedule_firings.task_id
    )
    INSERT INTO public.tasks
        (tenant_id, id, kind, payload, queue, created_at, run_at, request_id)
    SELECT w.tenant_id, w.task_id, w.kind, w.payload::jsonb, w.queue, clock_timestamp(),
        clock_timestamp(), 'schedule ' || w.name
    FROM wanted w JOIN fired f ON f.task_id = w.task_id;
    GET DIAGNOSTICS amount = ROW_COUNT;
    IF amount > 0 THEN
        PERFORM pg_notify('tasks_promised', '');
    END IF;
    RETURN QUERY SELECT amount;
END
$$;

-- Note the next times of schedules that were dealt with.
CREATE OR REPLACE FUNCTION advance_schedules_v1(
    p_tenants uuid[], p_names text[], p_next timestamptz[]
)
RETURNS TABLE (advanced bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
DECLARE
    amount bigint;
BEGIN
    UPDATE public.schedules s SET next_at = w.next_at
    FROM unnest(p_tenants, p_names, p_next) AS w (tenant_id, name, next_at)
    WHERE s.tenant_id = w.tenant_id AND s.name = w.name;
    GET DIAGNOSTICS amount = ROW_COUNT;
    RETURN QUERY SELECT amount;
END
$$;
