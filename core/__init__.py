"""The domain: rules, use cases and ports. Imports the standard library and msgspec, nothing else."""
