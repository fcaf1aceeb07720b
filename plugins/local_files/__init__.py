"""Adapters that keep things in the data folder of this machine."""
