"""What can be done about people and credentials; importing the modules registers the use cases."""
