"""The storage plugin: maps aggregates to PostgreSQL tables and answers queries from rows."""
