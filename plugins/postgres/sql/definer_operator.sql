-- What only the operator may ask: who all the tenants are. Never granted to the application.
-- grant execute to: owner
-- definer reads: tenants, members

CREATE OR REPLACE FUNCTION tenant_list_v1()
RETURNS TABLE (
    tenant_id uuid, slug text, custom_domain text, tenant_name text, plan text, tenant_status text,
    created_at timestamptz, active_members bigint
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT t.id, t.slug, t.custom_domain, t.name, t.plan, t.status, t.created_at,
        (SELECT count(*) FROM public.members m WHERE m.tenant_id = t.id AND m.status = 'active')
    FROM public.tenants t
    ORDER BY t.slug;
END
$$;
