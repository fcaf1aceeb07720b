"""The domain: rules, use cases, ports. Imports the standard library and msgspec, nothing else."""
