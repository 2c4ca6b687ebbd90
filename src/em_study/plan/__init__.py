"""The plan of a study: the files to make, the code and settings behind each, and what all jobs share."""
