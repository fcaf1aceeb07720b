-- How far a change of the master key has come: versions, counts and tenants' ids, no key.
-- grant execute to: owner
-- definer reads: tenant_keys (tenant_id, key_version), subject_keys (tenant_id, key_version)

CREATE OR REPLACE FUNCTION wrapped_keys_v1()
RETURNS TABLE (version smallint, tenant_keys bigint, subject_keys bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT w.key_version, count(*) FILTER (WHERE w.is_tenant),
           count(*) FILTER (WHERE NOT w.is_tenant)
    FROM (SELECT t.key_version, true AS is_tenant FROM public.tenant_keys t
          UNION ALL
          SELECT s.key_version, false FROM public.subject_keys s) w
    GROUP BY w.key_version ORDER BY w.key_version;
END
$$;

CREATE OR REPLACE FUNCTION tenants_to_rewrap_v1(p_version integer)
RETURNS TABLE (tenant_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT t.tenant_id FROM public.tenant_keys t WHERE t.key_version <> p_version
    UNION
    SELECT s.tenant_id FROM public.subject_keys s WHERE s.key_version <> p_version
    ORDER BY 1;
END
$$;
