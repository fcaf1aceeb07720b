-- What an interviewer may see: applications assigned to them, of jobs whose hiring team they are in, or
-- where they interview. The one definition of the grant `assigned` of the permission table.
-- It is called inside other functions, which have set the tenant.
CREATE OR REPLACE FUNCTION visible_applications_v1(p_tenant uuid, p_member uuid)
RETURNS TABLE (application_id uuid, candidate_id uuid)
LANGUAGE sql STABLE SECURITY INVOKER ROWS 200
SET search_path = pg_catalog, public
AS $$
    SELECT a.id, a.candidate_id
    FROM applications a
    WHERE a.tenant_id = p_tenant AND a.assignee_id = p_member
    UNION
    SELECT a.id, a.candidate_id
    FROM job_team t
    JOIN applications a ON a.tenant_id = t.tenant_id AND a.job_id = t.job_id
    WHERE t.tenant_id = p_tenant AND t.member_id = p_member
    UNION
    SELECT a.id, a.candidate_id
    FROM interviewers i
    JOIN applications a ON a.tenant_id = i.tenant_id AND a.id = i.application_id
    WHERE i.tenant_id = p_tenant AND i.member_id = p_member AND i.busy
$$;

-- Whether an application is one of those, without a look at the others: for what is asked at every
-- event. Whoever changes the grant changes both; `tests/integration/test_visibility.py` compares them.
CREATE OR REPLACE FUNCTION sees_application_v1(p_tenant uuid, p_member uuid, p_application uuid)
RETURNS boolean
LANGUAGE sql STABLE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
    SELECT EXISTS (
        SELECT 1 FROM applications a
        WHERE a.tenant_id = p_tenant AND a.id = p_application
          AND (a.assignee_id = p_member
               OR EXISTS (
                    SELECT 1 FROM job_team t
                    WHERE t.tenant_id = p_tenant AND t.job_id = a.job_id
                      AND t.member_id = p_member)
               OR EXISTS (
                    SELECT 1 FROM interviewers i
                    WHERE i.tenant_id = p_tenant AND i.application_id = a.id
                      AND i.member_id = p_member AND i.busy)))
$$;

-- Whether one of a candidate's applications is.
CREATE OR REPLACE FUNCTION sees_candidate_v1(p_tenant uuid, p_member uuid, p_candidate uuid)
RETURNS boolean
LANGUAGE sql STABLE SECURITY INVOKER
SET search_path = pg_catalog, public
AS $$
    SELECT EXISTS (
        SELECT 1 FROM applications a
        WHERE a.tenant_id = p_tenant AND a.candidate_id = p_candidate
          AND sees_application_v1(p_tenant, p_member, a.id))
$$;
