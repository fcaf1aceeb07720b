"""A candidate's application to a job, from the first stage to its disposition."""
