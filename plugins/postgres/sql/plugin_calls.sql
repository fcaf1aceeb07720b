-- Which calls plugins made over HTTP, many at once.

CREATE OR REPLACE FUNCTION note_plugin_calls_v1(
    p_tenant uuid, p_plugins text[], p_ids uuid[], p_at timestamptz[], p_methods text[],
    p_hosts text[], p_statuses integer[], p_problems text[], p_durations integer[],
    p_sent integer[], p_received integer[]
)
RETURNS SETOF integer
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    INSERT INTO plugin_calls (tenant_id, plugin_id, id, at, method, host, status, problem,
                              duration_ms, sent_bytes, received_bytes)
    SELECT p_tenant, c.* FROM unnest(p_plugins, p_ids, p_at, p_methods, p_hosts, p_statuses,
                                     p_problems, p_durations, p_sent, p_received) c;
END
$$;
