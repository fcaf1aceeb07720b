"""Where things stand and what was done about it: history, activity, reports from outside."""
