-- Which tenant lives at a host: the one question that is asked before the tenant is known.
-- grant execute to: app
-- definer reads: tenants, feature_flags

-- A slug has no dot, a custom domain has at least one, so one parameter serves both.
CREATE OR REPLACE FUNCTION tenant_by_host_v1(p_host text)
RETURNS TABLE (
    tenant_id uuid, slug text, tenant_name text, time_zone text, locale text, plan text,
    tenant_status text, granted text[], withheld text[]
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$
BEGIN
    RETURN QUERY
    SELECT t.id, t.slug, t.name, t.time_zone, t.locale, t.plan, t.status,
        ARRAY(SELECT f.feature FROM public.feature_flags f WHERE f.tenant_id = t.id AND f.enabled),
        ARRAY(SELECT f.feature FROM public.feature_flags f
              WHERE f.tenant_id = t.id AND NOT f.enabled)
    FROM public.tenants t
    WHERE CASE WHEN strpos(p_host, '.') = 0 THEN t.slug = p_host ELSE t.custom_domain = p_host END;
END
$$;
