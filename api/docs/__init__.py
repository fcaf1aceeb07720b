"""The interactive API reference: vendored Swagger UI, reading our own OpenAPI document."""
