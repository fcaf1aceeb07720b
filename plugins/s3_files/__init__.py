"""File contents in a bucket of S3, or of a storage that speaks its protocol, by configuration."""
