"""The server-rendered pages: what people see in a browser at their workspace's address."""
