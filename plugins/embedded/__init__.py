"""System plugin: PostgreSQL and Valkey from their wheels, started and stopped with the app."""
