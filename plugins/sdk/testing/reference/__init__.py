"""A reference adapter in memory for each port: the least that passes the port's suite."""
