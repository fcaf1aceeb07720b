"""What others may say to the résumés' slice: the structure, the readings of files, and the port of
parsers with the rule that nothing is invented."""
