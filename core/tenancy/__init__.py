"""Tenants, their plans, and what a plan allows."""
