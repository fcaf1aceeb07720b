"""What others may say to the résumés' slice: the structure, and the readings of files."""
