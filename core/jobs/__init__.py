"""Positions to fill: what is sought, who hires, which stages an application passes."""
