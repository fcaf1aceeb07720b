"""System plugin: what the platform does with Redis or Valkey."""
