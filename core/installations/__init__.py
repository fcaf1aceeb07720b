"""Which plugins a tenant has enabled, how it configured them and whether they may work."""
