"""The audit trail: who did what when, read by admins, sealed so that a change of it shows."""
