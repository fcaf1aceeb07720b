-- Which tenants have audit entries that wait for a seal: the sealer then works as each of them.
-- grant execute to: relay
-- definer reads: audit_queue (tenant_id)

CREATE OR REPLACE FUNCTION tenants_to_seal_v1()
RETURNS TABLE (tenant_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY SELECT DISTINCT q.tenant_id FROM public.audit_queue q;
END
$$;
